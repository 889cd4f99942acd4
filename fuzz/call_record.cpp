// A call's record: method, target, status and headers of the request line by line up to an empty line, headers of the
// answer likewise, then the request's body up to a line "--", and the answer's. Signatures and a token are planted
// where a request has them. Whatever comes, the records are accepted by the parser that all records pass, the evidence
// is JSON, and neither holds what was planted.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "event/record.h"
#include "gateway/classified_call.h"
#include "gateway/known_callers.h"
#include "gateway/record_maker.h"

namespace {

using namespace cairn;
using namespace cairn::gateway;

constexpr std::string_view canary = "c0ffee5ec2e7";

void must(bool condition) {
    if (!condition) std::abort();
}

std::string take_line(std::string_view& rest) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return std::string(line);
}

net::Headers take_headers(std::string_view& rest) {
    net::Headers headers;
    for (auto line = take_line(rest); !line.empty(); line = take_line(rest)) {
        const auto colon = std::min(line.find(':'), line.size());
        headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    }
    return headers;
}

bool has_canary(std::string_view text) { return text.find(canary) != std::string_view::npos; }

/// Also where bytes that a name can not have part it.
bool comes_with_canary(std::string_view bytes) {
    std::string plain;
    for (const char c : bytes)
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')) plain += c;
    return has_canary(plain);
}

/// A first Authorization stays what it is up to its signature.
void plant_secrets(net::Request& request) {
    std::string authorization(request.find("authorization"));
    constexpr std::string_view marker = "Signature=";
    std::erase_if(request.headers, [](const auto& header) { return net::equal_names(header.first, "authorization"); });
    if (const auto at = authorization.find(marker); at != std::string::npos)
        authorization.replace(at + marker.size(), std::string::npos, canary);
    else if (authorization.starts_with("AWS "))
        authorization.append(" ").append(canary);
    if (!authorization.empty()) request.headers.emplace_back("Authorization", authorization);
    request.headers.emplace_back("X-Amz-Security-Token", canary);
    if (!request.target.starts_with('/')) return;
    request.target += request.target.find('?') == std::string::npos ? '?' : '&';
    request.target.append("X-Amz-Signature=").append(canary);
}

Call read_call(std::string_view rest) {
    Call call;
    call.request.method = take_line(rest);
    call.request.target = take_line(rest);
    call.response.status = 100 + static_cast<int>(take_line(rest).size() % 500);
    call.request.headers = take_headers(rest);
    call.response.headers = take_headers(rest);
    plant_secrets(call.request);
    const auto border = std::min(rest.find("\n--\n"), rest.size());
    call.request.body = rest.substr(0, border);
    call.response.body = rest.substr(std::min(border + 4, rest.size()));
    call.request_bytes = call.request.body.size();
    call.request_whole = call.response_whole = true;
    return call;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Metrics metrics;
    static RecordParser parser;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (comes_with_canary(bytes)) return 0;
    for (const auto profile :
         {wire::UpstreamProfile::generic, wire::UpstreamProfile::aws, wire::UpstreamProfile::minio}) {
        KnownCallers callers({{"", {"111122223333", profile}}});
        RecordMaker maker({.homes = {{"", {.account = "111122223333", .region = "us-east-1", .profile = profile}}}},
                          callers, metrics);
        auto call = read_call(bytes);
        call.classified = classify_request(call.request, call.request.body, {profile, {}, {}});
        for (auto& record : maker.make(call)) {
            record.text.reserve(record.text.size() + RecordParser::padding);
            must(parser.parse(record.text).has_value());
            must(record.text.find('\n') == std::string::npos);
            must(!has_canary(record.text) && !has_canary(record.evidence));
            must(record.evidence.empty() || parse_json(record.evidence).has_value());
        }
    }
    return 0;
}
