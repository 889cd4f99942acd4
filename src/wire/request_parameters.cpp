#include "wire/request_parameters.h"

#include "wire/cbor.h"
#include "wire/generic_parameters.h"
#include "wire/json_values.h"
#include "wire/parameters.h"
#include "wire/stack_parameters.h"

namespace cairn::wire {

namespace {

/// The parameters of the query protocols, wherever they stand.
FormNode form_of(const CallHead& call, const RequestBody& body) {
    auto form = Parameters::of_query(body.whole ? body.bytes : std::string_view());
    return read_form_tree(form.has("Action") ? form : Parameters::of_query(call.query()));
}

Json from_document(const Classified& classified, const RequestBody& body, const KeySchema& key_schema) {
    if (!body.whole || body.bytes.empty()) return nullptr;
    const bool cbor = classified.protocol == CallProtocol::rpc_cbor;
    const auto document = cbor ? parse_cbor(body.bytes) : parse_json(body.bytes);
    if (!document) return nullptr;
    const auto operation = classified.operation;
    if (operation.service().name() == "dynamodb" && !operation.data_type().empty())
        return dynamodb_parameters(operation, *document, key_schema);
    return Renderer(classified.service).json(operation.input(), *document);
}

Json parameters_of(const CallHead& call, const Classified& classified, const RequestBody& body,
                   const KeySchema& key_schema) {
    if (classified.is_s3()) return s3_parameters(call, classified, body);
    if (!classified.operation) return generic_parameters(call, classified, body);
    switch (classified.protocol) {
        case CallProtocol::json_1_0:
        case CallProtocol::json_1_1:
        case CallProtocol::rpc_cbor:
        case CallProtocol::rpc_json: return from_document(classified, body, key_schema);
        case CallProtocol::query:
            return Renderer(classified.service).form(classified.operation.input(), form_of(call, body));
        case CallProtocol::ec2: return ec2_parameters(classified.operation, form_of(call, body));
        case CallProtocol::rest_json:
        case CallProtocol::rest_xml: return rest_parameters(call, classified, body);
        default: return nullptr;
    }
}

}  // namespace

Json request_parameters(const CallHead& call, const Classified& classified, const RequestBody& body,
                        const KeySchema& key_schema) {
    auto out = parameters_of(call, classified, body, key_schema);
    if (!out.is_object() || (out.as_object().empty() && !classified.is_s3_control())) return nullptr;
    if (classified.service && classified.service.name() == "cloudformation") hide_stack_secrets(out);
    if (classified.is_s3_control()) out.set("Host", call.find("host"));
    make_valid(out);
    return out;
}

}  // namespace cairn::wire
