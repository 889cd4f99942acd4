// Classification of a request and its parameters: method, target and host on the first lines, then headers line by line
// up to an empty one, then the body. Whatever comes, a call has a name and a source that are printable, and its
// parameters are JSON.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "wire/classify.h"
#include "wire/post_form.h"
#include "wire/request_parameters.h"

namespace {

using namespace cairn;
using namespace cairn::wire;

std::string_view take_line(std::string_view& rest) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

void must(bool condition) {
    if (!condition) std::abort();
}

bool is_printable(std::string_view text) {
    for (const char c : text)
        if (c < 0x20 || c > 0x7e) return false;
    return true;
}

void check(const CallHead& call, const ClassifyOptions& options) {
    const auto found = classify(call, options);
    must(!found.event_source.empty() && is_printable(found.event_source));
    must(is_printable(found.event_name) && found.event_name.size() <= 1024);
    must(!found.operation || found.service);
    must(!found.is_s3() || found.service.name() == "s3");
    must(found.own_path == OwnPath::none || options.profile != UpstreamProfile::generic);
    must(found.credential.key_id.size() <= call.target.size() + call.body.size() + 4096);
    const auto parameters = request_parameters(call, found, {call.body, true});
    must(parameters.is_null() || parse_json(to_text(parameters)).has_value());
    must(found.s3.key.size() <= call.target.size() + call.body.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size > 4096) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    CallHead call{take_line(rest), take_line(rest), {}, {}};
    std::vector<HeaderView> headers{{"Host", take_line(rest)}};
    while (!rest.empty() && headers.size() < 64) {
        const auto line = take_line(rest);
        if (line.empty()) break;
        const auto colon = std::min(line.find(':'), line.size());
        headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    }
    call.headers = headers;
    call.body = rest;
    ClassifyOptions options;
    options.profile = static_cast<UpstreamProfile>(data[0] % 6);
    if (data[0] & 0x80) options.endpoint_names = {"minio.example.com"};
    if (data[0] & 0x40) options.default_service = "lambda";
    check(call, options);
    read_post_form(call.find("content-type"), call.body).key();
    return 0;
}
