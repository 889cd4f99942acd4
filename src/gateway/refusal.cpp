#include "gateway/refusal.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/uuid.h"

namespace cairn::gateway {

namespace {

struct Words {
    std::string_view json, xml, ec2;
};

/// The error's name, by status: the SDKs repeat 502, 503 and 504.
Words words_of(int status) {
    if (status < 500) return {"ValidationException", "InvalidRequest", "InvalidRequest"};
    return {"ServiceUnavailableException", "ServiceUnavailable", "Unavailable"};
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

void append_cbor_text(std::string& out, std::string_view text) {
    if (text.size() < 24) {
        out.push_back(static_cast<char>(0x60 + text.size()));
    } else {
        out.push_back('\x78');  // texts of the gateway are shorter than 256 bytes
        out.push_back(static_cast<char>(text.size()));
    }
    out.append(text);
}

std::string cbor_body(std::string_view type, std::string_view message) {
    std::string body("\xa2");
    append_cbor_text(body, "__type");
    append_cbor_text(body, type);
    append_cbor_text(body, "message");
    append_cbor_text(body, message);
    return body;
}

struct Parts {
    std::string body, headers;
};

Parts parts_of(ErrorForm form, const Refusal& refusal, const std::string& id) {
    const auto words = words_of(refusal.status);
    switch (form) {
        case ErrorForm::plain: return {fmt::format("{}\n", refusal.message), "Content-Type: text/plain\r\n"};
        case ErrorForm::json:
            return {fmt::format(R"({{"__type":"{}","message":{}}})", words.json, quoted(refusal.message)),
                    fmt::format("Content-Type: application/x-amz-json-1.1\r\nx-amzn-errortype: {}\r\n"
                                "x-amzn-requestid: {}\r\n",
                                words.json, id)};
        case ErrorForm::rest_json:
            return {fmt::format(R"({{"message":{}}})", quoted(refusal.message)),
                    fmt::format("Content-Type: application/json\r\nx-amzn-errortype: {}\r\nx-amzn-requestid: {}\r\n",
                                words.json, id)};
        case ErrorForm::xml:
            return {fmt::format("<ErrorResponse><Error><Type>{}</Type><Code>{}</Code><Message>{}</Message></Error>"
                                "<RequestId>{}</RequestId></ErrorResponse>",
                                refusal.status < 500 ? "Sender" : "Receiver", words.xml, refusal.message, id),
                    fmt::format("Content-Type: text/xml\r\nx-amzn-requestid: {}\r\n", id)};
        case ErrorForm::ec2:
            return {fmt::format("<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors>"
                                "<RequestID>{}</RequestID></Response>",
                                words.ec2, refusal.message, id),
                    fmt::format("Content-Type: text/xml\r\nx-amzn-requestid: {}\r\n", id)};
        case ErrorForm::s3:
            return {fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code>"
                                "<Message>{}</Message><RequestId>{}</RequestId></Error>",
                                words.xml, refusal.message, id),
                    fmt::format("Content-Type: application/xml\r\nx-amz-request-id: {}\r\n", id)};
        case ErrorForm::cbor:
            return {cbor_body(words.json, refusal.message),
                    fmt::format("Content-Type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor\r\n"
                                "x-amzn-requestid: {}\r\n",
                                id)};
    }
    return {};
}

}  // namespace

ErrorForm error_form(const wire::Classified& call) {
    using wire::CallProtocol;
    if (call.own_path != wire::OwnPath::none) return ErrorForm::plain;
    switch (call.protocol) {
        case CallProtocol::json_1_0:
        case CallProtocol::json_1_1:
        case CallProtocol::rpc_json: return ErrorForm::json;
        case CallProtocol::rpc_cbor: return ErrorForm::cbor;
        case CallProtocol::query:
        case CallProtocol::rest_xml: return ErrorForm::xml;
        case CallProtocol::ec2: return ErrorForm::ec2;
        case CallProtocol::rest_json: return ErrorForm::rest_json;
        case CallProtocol::s3: return ErrorForm::s3;
        case CallProtocol::unknown: break;
    }
    using wire::WireProtocol;
    if (!call.service) return ErrorForm::rest_json;
    if (call.service.has(WireProtocol::ec2)) return ErrorForm::ec2;
    if (call.service.has(WireProtocol::query) || call.service.has(WireProtocol::rest_xml)) return ErrorForm::xml;
    return call.service.has(WireProtocol::json) ? ErrorForm::json : ErrorForm::rest_json;
}

std::string refusal_answer(ErrorForm form, const Refusal& refusal, bool head_only) {
    const auto parts = parts_of(form, refusal, format_uuid(random_uuid()));
    return fmt::format("HTTP/1.1 {} {}\r\n{}Content-Length: {}\r\nx-cairn-error: {}\r\nConnection: close\r\n\r\n{}",
                       refusal.status, net::reason_phrase(refusal.status), parts.headers, parts.body.size(),
                       refusal.reason, head_only ? "" : parts.body);
}

}  // namespace cairn::gateway
