#include "gateway/classified_call.h"

#include "wire/decoded_body.h"

namespace cairn::gateway {

PlainBody::PlainBody(const wire::BodyForm& form, std::string_view sent) : bytes_(sent) {
    if (sent.empty() || !wire::is_encoded(form)) return;
    unwrapped_ = wire::decoded_body(form, sent);
    readable_ = unwrapped_.has_value();
    bytes_ = readable_ ? std::string_view(*unwrapped_) : std::string_view();
}

wire::Classified classify_request(const net::Request& head, std::string_view body,
                                  const wire::ClassifyOptions& options) {
    const auto headers = wire::header_views(head.headers);
    wire::CallHead call{head.method, head.target, headers, {}};
    if (body.empty()) return wire::classify(call, options);
    const PlainBody plain(wire::read_body_form(call), body);
    call.body = plain.bytes();
    return wire::classify(call, options);
}

bool needs_body(const net::Request& head) {
    if (head.method != "POST") return false;
    const auto headers = wire::header_views(head.headers);
    return wire::classification_needs_body({head.method, head.target, headers, {}});
}

std::string scope_service(const net::Request& head) {
    const auto headers = wire::header_views(head.headers);
    const wire::CallHead call{head.method, head.target, headers, {}};
    return wire::read_credential(call, wire::Parameters::of_query(call.query()), {}).service;
}

}  // namespace cairn::gateway
