#include "wire/answers.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "wire/xml.h"

namespace cairn::wire {

namespace {

constexpr std::string_view json_type = "application/x-amz-json-1.1", rest_type = "application/json",
                           xml_type = "text/xml";
constexpr std::size_t message_bytes_max = 8 * 1024;

net::Response answer(int status, std::string_view type, std::string body, std::string_view request_id) {
    return {.status = status,
            .headers = {{"x-amzn-RequestId", std::string(request_id)}, {"Content-Type", std::string(type)}},
            .body = std::move(body)};
}

std::string message_object(std::string_view code, std::string_view message) {
    std::string body = "{";
    if (!code.empty()) {
        body += "\"__type\":";
        append_json_string(body, code);
        body += ',';
    }
    body += "\"message\":";
    append_json_string(body, message);
    return body + '}';
}

std::string xml_error(const ApiError& error, int status, std::string_view request_id, const Model* model) {
    XmlWriter xml;
    xml.open("ErrorResponse", model ? model->xml_namespace() : std::string_view());
    xml.open("Error");
    xml.text("Type", status >= 500 ? "Receiver" : "Sender");
    xml.text("Code", known_error(error.code) ? error_kind(error.code).query_code : std::string_view(error.code));
    xml.text("Message", error.message);
    xml.close("Error");
    xml.text("RequestId", request_id);
    xml.close("ErrorResponse");
    return xml.take();
}

}  // namespace

net::Response json_answer(Protocol protocol, std::string body, std::string_view request_id) {
    return answer(200, protocol == Protocol::json ? json_type : rest_type, std::move(body), request_id);
}

net::Response query_answer(const Model& model, const Operation& operation, const Json& output,
                           std::string_view request_id) {
    XmlWriter xml;
    xml.open(operation.name + "Response", model.xml_namespace());
    const auto wrapper = operation.result_wrapper.empty() ? operation.name + "Result" : operation.result_wrapper;
    if (operation.output) write_element(xml, model, *operation.output, wrapper, output);
    xml.open("ResponseMetadata");
    xml.text("RequestId", request_id);
    xml.close("ResponseMetadata");
    xml.close(operation.name + "Response");
    return answer(operation.status, xml_type, xml.take(), request_id);
}

net::Response error_answer(Protocol protocol, const ApiError& given, std::string_view request_id, const Model* model) {
    const ApiError error{given.code, valid_utf8(given.message, message_bytes_max)};
    const auto status = error_status(protocol, error.code);
    switch (protocol) {
        case Protocol::json: return answer(status, json_type, message_object(error.code, error.message), request_id);
        case Protocol::rest_json: {
            auto response = answer(status, rest_type, message_object({}, error.message), request_id);
            response.headers.emplace_back("x-amzn-ErrorType", error.code);
            return response;
        }
        case Protocol::query: break;
    }
    return answer(status, xml_type, xml_error(error, status, request_id, model), request_id);
}

std::string_view target_operation(std::string_view target, std::string_view target_prefix) {
    const auto dot = target.rfind('.');
    if (dot == std::string_view::npos) return {};
    const auto prefix = target.substr(0, dot);
    const bool whole = prefix == target_prefix;
    const bool after_namespace = prefix.size() > target_prefix.size() && prefix.ends_with(target_prefix) &&
                                 prefix[prefix.size() - target_prefix.size() - 1] == '.';
    return whole || after_namespace ? target.substr(dot + 1) : std::string_view();
}

}  // namespace cairn::wire
