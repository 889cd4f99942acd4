#include "wire/body_limits.h"

#include <algorithm>

#include "wire/response_elements.h"

namespace cairn::wire {

namespace {

constexpr std::size_t small = 64 << 10, configuration = 256 << 10, document = 1 << 20, many_keys = 2 << 20;

bool is_named(const Classified& call, std::initializer_list<std::string_view> names) {
    return call.operation && std::ranges::find(names, call.operation.name()) != names.end();
}

/// The request is what somebody's function or model is given: nothing of it is recorded.
bool is_invocation(const Classified& call) {
    const auto service = call.service.name();
    if (service == "bedrock-runtime" || service == "sagemaker-runtime") return true;
    const auto members = call.operation.input().members();
    return std::ranges::any_of(members.begin(), members.end(), [](MemberFacts member) {
        return member.payload() && (member.streaming() || member.event_stream() || member.omitted() ||
                                    member.shape().kind() == FactKind::blob);
    });
}

std::size_t s3_request(const Classified& call) {
    if (is_named(call, {"DeleteObjects", "CompleteMultipartUpload"})) return many_keys;
    if (!call.operation || is_invocation(call)) return 0;
    return configuration;
}

std::size_t s3_answer(const Classified& call) {
    if (is_named(call, {"DeleteObjects", "CompleteMultipartUpload"})) return many_keys;
    const bool needed = is_named(call, {"CopyObject", "UploadPartCopy"}) || (call.operation && call.operation.learns());
    return needed ? small : 0;
}

}  // namespace

std::size_t request_bytes_kept(const Classified& call) {
    if (call.own_path != OwnPath::none) return 0;
    if (call.is_s3()) return s3_request(call);
    if (!call.operation) return small;
    if (call.operation.request_is_event_stream() || is_invocation(call)) return 0;
    return document;
}

std::size_t answer_bytes_kept(const Classified& call, int status) {
    if (call.own_path != OwnPath::none) return 0;
    if (status >= 300) return small;
    if (call.is_s3()) return s3_answer(call);
    if (!call.operation) return small;
    if (call.operation.response_streams() || call.operation.response_is_event_stream()) return 0;
    if (!shows_answer(call) && !call.operation.learns()) return 0;
    if (call.operation.output() || call.protocol == CallProtocol::ec2) return document;
    return call.protocol == CallProtocol::query ? small : 0;  // nothing but the request's id
}

}  // namespace cairn::wire
