#include "wire/response_elements.h"

#include "wire/answer_content.h"
#include "wire/answer_parts.h"
#include "wire/call_failure.h"
#include "wire/cbor.h"
#include "wire/json_values.h"
#include "wire/renderer.h"

namespace cairn::wire {

namespace {

bool writes_object(const Classified& call) {
    return call.is_s3() && !call.read_only && call.data_type == "AWS::S3::Object";
}

/// Services whose records repeat the message of a failed write here.
bool repeats_message(const Classified& call) {
    const auto name = call.service.name();
    return name == "eks" || name == "guardduty" || name == "securityhub" || name == "appsync";
}

/// What is inside of <NAMEResponse><NAMEResult>.
Json query_members(const Classified& call, std::string_view content) {
    const auto root = parse_xml(content);
    if (!root) return nullptr;
    const auto* result = root->find(std::string(call.operation.name()) + "Result");
    return Renderer(call.service).xml(call.operation.output(), result ? *result : *root);
}

Json members_of(const Classified& call, const CallAnswer& answer) {
    if (writes_object(call)) return s3_write_members(answer);
    if (!call.operation || !answer.whole) return nullptr;
    if (call.is_s3() && !call.operation.learns()) return nullptr;
    const auto output = call.operation.output();
    if (!output && call.protocol != CallProtocol::ec2) return nullptr;

    const AnswerContent content(answer);
    switch (call.protocol) {
        case CallProtocol::json_1_0:
        case CallProtocol::json_1_1:
        case CallProtocol::rpc_json: {
            const auto document = parse_json(content.bytes());
            return document ? Renderer(call.service).json(output, *document) : Json();
        }
        case CallProtocol::rpc_cbor: {
            const auto document = parse_cbor(content.bytes());
            return document ? Renderer(call.service).json(output, *document) : Json();
        }
        case CallProtocol::query: return query_members(call, content.bytes());
        case CallProtocol::ec2: {
            const auto root = parse_xml(content.bytes());
            return root ? ec2_members(call.operation, *root) : Json();
        }
        case CallProtocol::rest_json:
        case CallProtocol::rest_xml:
        case CallProtocol::s3: return rest_members(call, answer, content.bytes());
        default: return nullptr;
    }
}

}  // namespace

Json answered_members(const Classified& call, const CallAnswer& answer) {
    if (answer.status < 200 || answer.status > 299 || call_failure(call, answer)) return nullptr;
    auto out = members_of(call, answer);
    if (!out.is_object() || out.as_object().empty()) return nullptr;
    make_valid(out);
    return out;
}

Json response_elements(const Classified& call, const CallAnswer& answer) {
    return shows_answer(call) ? answered_members(call, answer) : Json();
}

Json failure_elements(const Classified& call, const CallFailure& failure) {
    if (!shows_answer(call) || !repeats_message(call) || failure.message.empty()) return nullptr;
    return JsonObject{{"message", failure.message}};
}

bool shows_answer(const Classified& call) {
    if (call.is_s3()) return writes_object(call);
    if (!call.operation) return false;
    if (call.read_only) return call.operation.keeps_response();
    return call.data_type.empty() || call.operation.learns();
}

}  // namespace cairn::wire
