// Any bytes as the body of every operation: read, checked and written without a crash, and what was read reads again.
// The same bytes in an error message leave an answer that a client can read.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/json.h"
#include "wire/answers.h"
#include "wire/model.h"

namespace {

using namespace cairn;

void check_error(std::string_view text) {
    const wire::ApiError error{"ValidationException", std::string(text)};
    for (const auto protocol : {wire::Protocol::json, wire::Protocol::rest_json})
        CAIRN_CHECK(parse_json(wire::error_answer(protocol, error, "id").body).has_value());
    (void)wire::error_answer(wire::Protocol::query, error, "id", &wire::model_of("sts"));
}

void check_body(const Json& document) {
    for (const auto* service : {"cloudtrail", "cloudtrail-data"}) {
        const auto& model = wire::model_of(service);
        for (const auto& [name, operation] : model.operations()) {
            if (!operation.input) continue;
            const auto read = model.read(*operation.input, document);
            if (!read) continue;
            (void)model.violations(*operation.input, *read);
            CAIRN_CHECK(model.read(*operation.input, model.write(*operation.input, *read)).has_value());
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)wire::parse_timestamp(text);
    (void)wire::target_operation(text, "CloudTrail_20131101");
    check_error(text);
    if (const auto document = parse_json(text)) check_body(*document);
    return 0;
}
