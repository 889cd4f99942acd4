// Reading and checking signatures: target, then headers line by line, from the input. What verifies must have been
// signed with the key, which the input does not know.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sign/sigv4.h"

namespace {

using namespace cairn;
using namespace cairn::sign;

std::string_view take_line(std::string_view& rest) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

void must(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto target = take_line(rest);
    Headers headers;
    while (!rest.empty() && headers.size() < 64) {
        const auto line = take_line(rest);
        const auto colon = std::min(line.find(':'), line.size());
        headers.emplace_back(line.substr(0, colon), colon < line.size() ? line.substr(colon + 1) : std::string_view());
    }
    const std::string hash(64, '0');
    const SignedParts parts{"POST", target, &headers, hash};
    const auto presented = read_signature(parts);
    if (!presented) {
        must(!presented.error().message.empty());
    } else {
        const auto time = parse_amz_date(presented->amz_date);
        must(time.has_value());
        for (const bool normalize : {true, false})
            must(!verify(parts, *presented, "a secret", *time, {.normalize_path = normalize}));
    }

    // what we sign ourselves verifies, however odd target and headers are
    std::erase_if(headers,
                  [](const auto& header) { return header.first.find_first_not_of("abcdefgh") != std::string::npos; });
    headers.emplace_back("Host", "a");
    const Credentials credentials{"AKID", "a secret", ""};
    const auto now = *parse_amz_date("20150830T123600Z");
    for (auto& header : sign::sign(parts, credentials, "r", "s", now)) headers.push_back(std::move(header));
    const auto again = read_signature(parts);
    must(again && verify(parts, *again, credentials.secret_key, now).has_value());
    return 0;
}
