// Reads requests, one JSON object a line (method, target, headers, body), and writes for each a line of JSON with what
// classify() makes of it.

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "base/json.h"
#include "wire/classify.h"
#include "wire/request_parameters.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

/// The only table of the given calls, as the gateway learns it from CreateTable.
std::optional<std::vector<std::string>> key_schema(std::string_view table) {
    return table == "gwt" ? std::optional(std::vector<std::string>{"id"}) : std::nullopt;
}

Json describe(const CallHead& head, const Classified& call) {
    const auto& credential = call.credential;
    return JsonObject{
        {"service", call.service ? Json(std::string(call.service.name())) : Json()},
        {"operation", call.operation ? Json(std::string(call.operation.name())) : Json()},
        {"protocol", std::string(protocol_name(call.protocol))},
        {"eventSource", call.event_source},
        {"eventName", call.event_name},
        {"readOnly", call.read_only},
        {"dataType", std::string(call.data_type)},
        {"keyId", credential.key_id},
        {"region", credential.region},
        {"scope", credential.service},
        {"date", credential.date},
        {"signatureVersion", std::string(signature_version(credential.scheme))},
        {"sessionToken", credential.session_token},
        {"bucket", call.s3.bucket},
        {"key", call.s3.key},
        {"requestParameters", request_parameters(head, call, {head.body, true}, key_schema)},
    };
}

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    const ClassifyOptions options;
    for (std::string line; std::getline(std::cin, line);) {
        const auto request = parse_json(line);
        if (!request) {
            std::cerr << request.error().message << '\n';
            return 1;
        }
        std::vector<HeaderView> headers;
        for (const auto& header : request->find("headers")->as_array())
            headers.emplace_back(header.as_array().at(0).as_string(), header.as_array().at(1).as_string());
        const CallHead call{request->text("method"), request->text("target"), headers, request->text("body")};
        std::cout << to_text(describe(call, classify(call, options))) << '\n';
    }
}
