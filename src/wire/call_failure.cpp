#include "wire/call_failure.h"

#include <initializer_list>

#include "base/utf8.h"
#include "base/uuid.h"
#include "wire/answer_content.h"
#include "wire/cbor.h"
#include "wire/xml_tree.h"

namespace cairn::wire {

namespace {

constexpr std::size_t text_bytes_max = 1024;

/// The name in "com.amazonaws.sqs#QueueDoesNotExist:http://internal.amazon.com/coral/...".
std::string_view plain_code(std::string_view code) {
    code = code.substr(0, code.find(':'));
    return code.substr(code.rfind('#') + 1);
}

std::string_view first_text(const Json& document, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        if (const auto text = document.text(name); !text.empty()) return text;
    return {};
}

CallFailure document_error(const CallAnswer& answer, const Json& document) {
    auto code = plain_code(answer.find("x-amzn-errortype"));
    if (code.empty()) code = plain_code(first_text(document, {"__type", "code", "Code"}));
    if (code.empty()) {
        code = answer.find("x-amzn-query-error");
        code = code.substr(0, code.find(';'));
    }
    return {std::string(code), std::string(first_text(document, {"message", "Message", "errorMessage"}))};
}

/// <Error> itself, inside of <ErrorResponse>, or EC2's <Response><Errors>.
const XmlElement* error_element(const XmlElement& root) {
    if (root.name == "Error") return &root;
    if (const auto* errors = root.find("Errors")) return errors->find("Error");
    return root.find("Error");
}

CallFailure xml_error(std::string_view body) {
    const auto root = parse_xml(body);
    const auto* error = root ? error_element(*root) : nullptr;
    if (!error) return {};
    const auto text = [&](std::string_view name) {
        const auto* element = error->find(name);
        return element ? element->text : std::string();
    };
    return {text("Code"), text("Message")};
}

bool is_xml(std::string_view body) {
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '<';
}

CallFailure stated_error(const Classified& call, const CallAnswer& answer, std::string_view body) {
    if (is_xml(body))
        if (auto error = xml_error(body); error) return error;
    const bool cbor = call.protocol == CallProtocol::rpc_cbor;
    const auto document = cbor ? parse_cbor(body) : parse_json(body);
    return document_error(answer, document ? *document : Json());
}

/// S3 says what is wrong by the status alone when there can be no body.
std::string_view s3_code(const Classified& call, int status) {
    switch (status) {
        case 301:
        case 308: return "PermanentRedirect";
        case 307: return "TemporaryRedirect";
        case 403: return "AccessDenied";
        case 404: return call.s3.key.empty() ? "NoSuchBucket" : "NoSuchKey";
        case 412: return "PreconditionFailed";
        default: return {};
    }
}

/// Operations that S3 begins to answer before it knows how they end.
bool may_fail_late(const Classified& call) {
    if (!call.is_s3() || !call.operation) return false;
    const auto name = call.operation.name();
    return name == "CompleteMultipartUpload" || name == "CopyObject" || name == "UploadPartCopy";
}

/// What records call an error that is `code` on the wire.
std::string shown_code(const Classified& call, int status, std::string_view code) {
    if (call.operation) code = call.operation.error_name(code);
    if (code == "AccessDeniedException") code = "AccessDenied";
    const auto* const side = call.protocol != CallProtocol::ec2 ? "" : status >= 500 ? "Server." : "Client.";
    return side + valid_utf8(code, text_bytes_max);
}

/// The id in a body of XML. EC2's come first in it, those of the query protocol last.
std::string_view id_in(std::string_view body, bool first) {
    for (const std::string_view tag : {"<RequestId>", "<requestId>", "<RequestID>"}) {
        const auto at = first ? body.find(tag) : body.rfind(tag);
        if (at == std::string_view::npos) continue;
        const auto text = body.substr(at + tag.size());
        return text.substr(0, text.find('<'));
    }
    return {};
}

/// 16 characters of those that S3's ids have.
std::string new_s3_id() {
    std::string id;
    for (const auto byte : random_uuid().bytes)
        id.push_back("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[static_cast<unsigned char>(byte) % 32]);
    return id;
}

}  // namespace

CallFailure call_failure(const Classified& call, const CallAnswer& answer) {
    if (answer.status == 0) return {"ServiceUnavailable", "upstream closed the connection"};
    const bool failed = answer.status >= 400, redirected = call.is_s3() && answer.status >= 300 && answer.status != 304;
    const bool late =
        answer.status == 200 && may_fail_late(call) &&
        (answer.body.find("Error>") != std::string_view::npos || !answer.find("content-encoding").empty());
    if (!failed && !redirected && !late) return {};

    const AnswerContent content(answer);
    auto error = stated_error(call, answer, content.bytes());
    if (!error && call.is_s3()) error.code = s3_code(call, answer.status);
    if (!error && !failed) return {};
    const bool stated = static_cast<bool>(error);
    if (!stated) error.code = std::to_string(answer.status);
    if (!stated && error.message.empty() && answer.find("content-type").starts_with("text/"))
        error.message = content.bytes();
    return {stated ? shown_code(call, answer.status, error.code) : error.code,
            valid_utf8(error.message, text_bytes_max)};
}

std::string answered_request_id(const Classified& call, const CallAnswer& answer) {
    for (const auto name : {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"})
        if (const auto id = answer.find(name); !id.empty()) return valid_utf8(id, text_bytes_max);
    const AnswerContent content(answer);
    if (is_xml(content.bytes()))
        if (const auto id = id_in(content.bytes(), call.protocol == CallProtocol::ec2); !id.empty())
            return valid_utf8(id, text_bytes_max);
    return call.is_s3() ? new_s3_id() : format_uuid(random_uuid());
}

}  // namespace cairn::wire
