// A LookupEvents call up to the search: parameters from any JSON, and page tokens whose checksum fits, which anybody
// can compute.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/lookup.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "wire/model.h"

namespace {

using namespace cairn;

void check_token(std::string_view bytes, const api::Lookup& lookup) {
    // version and binding of a real token, so that what follows is read
    constexpr std::size_t bound_bytes = sizeof(std::uint8_t) + sizeof(std::uint64_t);
    auto token =
        from_base64(api::encode_lookup_token({.history = "x", .window_start = {}}, lookup, "111122223333", "us-east-1"))
            ->substr(0, bound_bytes);
    token += bytes;
    append<std::uint32_t>(token, crc32c(token));
    const auto decoded = api::decode_lookup_token(to_base64(token), lookup, "111122223333", "us-east-1");
    if (!decoded) return;
    const auto again = api::encode_lookup_token(*decoded, lookup, "111122223333", "us-east-1");
    CAIRN_CHECK(api::decode_lookup_token(again, lookup, "111122223333", "us-east-1")->history == decoded->history);
}

void check_parameters(std::string_view text) {
    const auto document = parse_json(text);
    if (!document) return;
    const auto& model = wire::model_of("cloudtrail");
    const auto input = model.read(*model.find("LookupEvents")->input, *document);
    if (!input) return;
    const auto lookup = api::read_lookup(*input);
    if (!lookup) return CAIRN_CHECK(wire::known_error(lookup.error().code));
    CAIRN_CHECK(lookup->limit >= 1 && lookup->limit <= 50);
    (void)api::decode_lookup_token(lookup->token, *lookup, "111122223333", "us-east-1");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_parameters(bytes);
    check_token(bytes, {});
    return 0;
}
