#include "wire/call_record.h"

#include <algorithm>

#include "base/utf8.h"
#include "wire/call_resources.h"
#include "wire/record_text.h"

namespace cairn::wire {

namespace {

constexpr std::string_view s3_service = "s3.amazonaws.com";
constexpr std::size_t user_agent_bytes_max = 1022;  // two brackets come around it
constexpr std::size_t region_bytes_max = 64;

bool is_region(std::string_view text) {
    return !text.empty() && text.size() <= region_bytes_max && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

/// A Region in a credential scope is what a client wrote: what cannot be one counts for nothing.
std::string_view region_of(const Classified& call, std::string_view otherwise) {
    if (call.service && !call.service.global_region().empty()) return call.service.global_region();
    return is_region(call.credential.region) ? std::string_view(call.credential.region) : otherwise;
}

/// "Default_SSE_S3" and so on: as the answer says, by default unless the request asked for it.
std::string sse_applied(const ObservedCall& seen) {
    if (!seen.answer.find("x-amz-server-side-encryption-customer-algorithm").empty()) return "SSE_C";
    const auto algorithm = seen.answer.find("x-amz-server-side-encryption");
    if (algorithm.empty()) return {};
    const std::string_view kind = algorithm == "AES256"         ? "SSE_S3"
                                  : algorithm == "aws:kms"      ? "SSE_KMS"
                                  : algorithm == "aws:kms:dsse" ? "DSSE_KMS"
                                                                : "";
    if (kind.empty()) return {};
    const bool asked = seen.call.read_only || !seen.head.find("x-amz-server-side-encryption").empty();
    return (asked ? "" : "Default_") + std::string(kind);
}

std::string additional_data(const ObservedCall& seen, const RecordedCaller& caller) {
    std::string out;
    ObjectText data(out);
    const auto text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) data.text(name, value);
    };
    const auto& call = seen.call;
    if (call.is_s3() || call.is_s3_control()) {
        text("SignatureVersion", signature_version(call.credential.scheme));
        if (seen.tls) text("CipherSuite", seen.tls_cipher);
        if (!seen.outcome_unknown) {
            const bool framed = call.body.framing != BodyForm::Framing::plain;
            data.number("bytesTransferredIn",
                        framed ? call.body.decoded_length.value_or(seen.request_bytes) : seen.request_bytes);
            text("SSEApplied", sse_applied(seen));
        }
        text("AuthenticationMethod", authentication_method(call.credential.place));
        text("x-amz-id-2", seen.answer.find("x-amz-id-2"));
        if (!seen.outcome_unknown) data.number("bytesTransferredOut", seen.response_bytes);
    }
    if (seen.outcome_unknown) data.text("outcome", "unknown");
    if (caller.refused) text("claimedAccessKeyId", call.credential.key_id);
    data.end();
    return out.size() > 2 ? out : std::string();
}

std::string tls_details(const ObservedCall& seen) {
    if (!seen.tls) return {};
    std::string out;
    ObjectText details(out);
    details.text("tlsVersion", seen.tls_version).text("cipherSuite", seen.tls_cipher);
    const auto host = seen.head.find("host");
    const auto colon = host.rfind(':');
    const bool port = colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
    if (!host.empty()) details.text("clientProvidedHostHeader", port ? host.substr(0, colon) : host);
    details.end();
    return out;
}

std::string parameters_text(const ObservedCall& seen) {
    auto text = to_text(seen.request_parameters);
    if (!seen.parameters_incomplete) return text;
    if (!seen.request_parameters.is_object() || seen.request_parameters.as_object().empty())
        return std::string(omitted_content);
    text.pop_back();
    return text.append(",").append(omitted_content.substr(1));
}

/// What a DeleteObject of `key` would list.
Json object_resources(const ObservedCall& seen, const RecordedCaller& caller, std::string_view key) {
    auto deleted = seen.call;
    deleted.operation = deleted.service.find("DeleteObject");
    deleted.event_name = "DeleteObject";
    deleted.s3.key = key;
    const Json parameters = JsonObject{{"bucketName", seen.call.s3.bucket}, {"key", valid_utf8(key)}};
    return call_resources(deleted, parameters, nullptr, {caller.account, region_of(seen.call, caller.region)});
}

}  // namespace

std::string call_record(const ObservedCall& seen, const RecordedCaller& caller, std::string_view event_id) {
    const auto& call = seen.call;
    const auto region = region_of(call, caller.region);
    const auto parameters = parameters_text(seen), elements = to_text(seen.response_elements);
    const auto additional = additional_data(seen, caller), tls = tls_details(seen);
    const auto resources_json =
        call_resources(call, seen.resources_of, seen.response_elements, {caller.account, region});
    const auto resources = resources_json.is_null() ? std::string() : to_text(resources_json);
    const auto request_id = seen.outcome_unknown ? std::string() : answered_request_id(call, seen.answer);
    const bool s3_refused = caller.refused && call.is_s3();
    const auto failed_name = s3_refused ? "Authenticate" + seen.failure.code : std::string();
    const auto agent = seen.head.find("user-agent");
    const auto bracketed = (call.is_s3() || call.is_s3_control()) && !agent.empty()
                               ? "[" + valid_utf8(agent, user_agent_bytes_max) + "]"
                               : std::string();

    RecordParts parts;
    parts.user_identity = caller.user_identity;
    parts.time = seen.ended;
    parts.event_source = s3_refused ? std::string_view("s3-authn-errors.amazonaws.com") : call.event_source;
    parts.event_name = s3_refused ? failed_name : call.event_name;
    parts.region = region;
    parts.source_address = seen.peer_address;
    parts.user_agent = bracketed.empty() ? agent : std::string_view(bracketed);
    parts.error_code = seen.failure.code;
    parts.error_message = seen.failure.message;
    parts.request_parameters = parameters;
    parts.response_elements = elements;
    parts.additional_event_data = additional;
    parts.request_id = request_id;
    parts.event_id = event_id;
    parts.read_only = call.read_only;
    parts.resources = resources;
    if (call.service && call.own_path == OwnPath::none) parts.api_version = call.service.shown_version();
    parts.data_event = s3_refused || !call.data_type.empty();
    parts.account = caller.account;
    parts.tls_details = tls;
    if (seen.outcome_unknown) parts.addendum = R"({"reason":"SERVICE_OUTAGE"})";
    return record_text(parts);
}

std::string deleted_object_record(const ObservedCall& seen, const RecordedCaller& caller, std::string_view key,
                                  std::string_view event_id) {
    std::string identity;
    ObjectText(identity).text("accountId", caller.account).text("invokedBy", s3_service).end();
    const auto resources = to_text(object_resources(seen, caller, key));
    const auto request_id = answered_request_id(seen.call, seen.answer);
    RecordParts parts;
    parts.user_identity = identity;
    parts.time = seen.ended;
    parts.event_source = s3_service;
    parts.event_name = "DeleteObject";
    parts.region = region_of(seen.call, caller.region);
    parts.source_address = parts.user_agent = s3_service;
    parts.request_id = request_id;
    parts.event_id = event_id;
    parts.resources = resources;
    parts.event_type = "AwsServiceEvent";
    parts.data_event = true;
    parts.account = caller.account;
    return record_text(parts);
}

}  // namespace cairn::wire
