// What a record takes from an answer: a first byte that says which call it is and how its status is, then headers line
// by line up to an empty one, then the body. Whatever comes, errors and ids are short and valid UTF-8, and members are
// JSON.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "wire/body_limits.h"
#include "wire/call_failure.h"
#include "wire/call_resources.h"
#include "wire/response_elements.h"

namespace {

using namespace cairn;
using namespace cairn::wire;

struct Called {
    CallProtocol protocol;
    std::string_view service, operation;
};

constexpr std::array<Called, 14> calls{{
    {CallProtocol::json_1_1, "kms", "CreateKey"},
    {CallProtocol::json_1_0, "dynamodb", "BatchWriteItem"},
    {CallProtocol::rpc_cbor, "cloudwatch", "PutDashboard"},
    {CallProtocol::query, "iam", "CreateRole"},
    {CallProtocol::query, "sts", "AssumeRole"},
    {CallProtocol::ec2, "ec2", "RunInstances"},
    {CallProtocol::ec2, "ec2", "CreateNatGateway"},
    {CallProtocol::rest_json, "lambda", "CreateFunction"},
    {CallProtocol::rest_xml, "cloudfront", "CreateDistribution"},
    {CallProtocol::s3, "s3", "CopyObject"},
    {CallProtocol::s3, "s3", "CreateSession"},
    {CallProtocol::s3, "s3", "HeadBucket"},
    {CallProtocol::json_1_0, "sqs", "CreateQueue"},
    {CallProtocol::unknown, "", ""},
}};

constexpr std::array<int, 8> statuses{0, 200, 201, 301, 304, 400, 404, 503};

std::string_view take_line(std::string_view& rest) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

void must(bool condition) {
    if (!condition) std::abort();
}

bool is_short_text(std::string_view text) { return text.size() <= 1032 && valid_utf8(text) == text; }

Classified classified(const Called& called) {
    Classified call;
    call.protocol = called.protocol;
    call.service = find_service(called.service);
    if (call.service) call.operation = call.service.find(called.operation);
    if (!call.operation) return call;
    call.event_source = call.service.event_source();
    call.event_name = call.operation.event_name();
    call.read_only = call.operation.read_only();
    call.data_type = call.operation.data_type();
    if (call.is_s3()) call.s3.bucket = "b";
    return call;
}

void check(const Classified& call, const CallAnswer& answer) {
    const auto failure = call_failure(call, answer);
    must(is_short_text(failure.code) && is_short_text(failure.message));
    must(is_short_text(answered_request_id(call, answer)));
    const auto members = answered_members(call, answer), elements = response_elements(call, answer);
    must(elements.is_null() || elements == members);
    must(!failure || members.is_null());
    must(members.is_null() || (members.is_object() && parse_json(to_text(members)).has_value()));
    const auto document = parse_json(answer.body);
    const auto resources = call_resources(call, document ? *document : Json(), elements, {"123456789012", "eu-west-1"});
    must(resources.is_null() || !resources.as_array().empty());
    must(request_bytes_kept(call) <= 2 << 20 && answer_bytes_kept(call, answer.status) <= 2 << 20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 8192) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
    std::vector<HeaderView> headers;
    while (!rest.empty() && headers.size() < 64) {
        const auto line = take_line(rest);
        if (line.empty()) break;
        const auto colon = std::min(line.find(':'), line.size());
        headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
    }
    auto call = classified(calls[data[0] % calls.size()]);
    if (call.is_s3() && data[1] & 0x80) call.s3.key = "k";
    check(call, {statuses[data[1] % statuses.size()], headers, rest, (data[1] & 0x40) == 0});
    return 0;
}
