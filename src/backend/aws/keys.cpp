#include "backend/aws/keys.h"

#include <fmt/format.h>

namespace cairn::aws {

Result<KeyFacts> Keys::describe(const std::string& key_arn) {
    const auto answer = client_.json_call(key_arn, "TrentService.DescribeKey", JsonObject{{"KeyId", key_arn}});
    if (!answer) return fail(answer.error());
    const auto* facts = answer->find("KeyMetadata");
    if (!facts || facts->text("Arn").empty())
        return fail(Code::unavailable, fmt::format("the key service did not say what {} is", key_arn));
    const auto* enabled = facts->find("Enabled");
    const auto spec = facts->text("KeySpec"), usage = facts->text("KeyUsage");
    return KeyFacts{std::string(facts->text("Arn")), enabled && enabled->as_bool(),
                    (spec.empty() || spec == "SYMMETRIC_DEFAULT") && (usage.empty() || usage == "ENCRYPT_DECRYPT")};
}

Result<void> Keys::prove_use(const std::string& key_arn, const std::string& trail_arn) {
    const auto made =
        client_.json_call(key_arn, "TrentService.GenerateDataKeyWithoutPlaintext",
                          JsonObject{{"KeyId", key_arn},
                                     {"KeySpec", "AES_256"},
                                     {"EncryptionContext", JsonObject{{"aws:cloudtrail:arn", trail_arn}}}});
    return made ? Result<void>() : fail(made.error());
}

}  // namespace cairn::aws
