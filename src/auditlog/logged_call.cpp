#include "auditlog/logged_call.h"

#include <fmt/format.h>

#include "base/uuid.h"
#include "sign/text.h"
#include "wire/call_record.h"
#include "wire/quoted_secrets.h"
#include "wire/record_text.h"
#include "wire/request_parameters.h"

namespace cairn::auditlog {

namespace {

std::string event_id(std::string_view entry, std::size_t number) {
    return format_uuid(named_uuid("cairn audit log entry", fmt::format("{}\n{}", number, entry)));
}

wire::CallFailure failure_of(const LoggedCall& call, const wire::Classified& classified, const wire::CallHead& head,
                             const wire::CallAnswer& answer) {
    auto failure = wire::call_failure(classified, answer);
    if (!failure) return failure;
    if (!call.error_code.empty())
        failure.code =
            classified.operation ? std::string(classified.operation.error_name(call.error_code)) : call.error_code;
    if (!call.error_message.empty()) failure.message = wire::without_secrets(call.error_message, head, {});
    return failure;
}

}  // namespace

std::string encode_path(std::string_view text) {
    std::string out;
    sign::append_encoded(out, text, true);
    return out;
}

std::string user_identity(std::string_view user, std::string_view key_id, const Home& home) {
    std::string out;
    wire::ObjectText identity(out);
    if (user.empty() && key_id.empty())
        identity.text("type", "AWSAccount").text("principalId", "").text("accountId", "ANONYMOUS_PRINCIPAL");
    else if (user.empty())
        identity.text("type", "AWSAccount")
            .text("principalId", key_id)
            .text("accountId", home.account)
            .text("accessKeyId", key_id);
    else {
        identity.text("type", "IAMUser")
            .text("principalId", key_id.empty() ? user : key_id)
            .text("arn", fmt::format("arn:aws:iam::{}:user/{}", home.account, user))
            .text("accountId", home.account);
        if (!key_id.empty()) identity.text("accessKeyId", key_id);
        identity.text("userName", user);
    }
    identity.end();
    return out;
}

std::string session_identity(std::string_view role, std::string_view session, std::string_view key_id,
                             const Home& home) {
    const auto role_arn = fmt::format("arn:aws:iam::{}:role/{}", home.account, role);
    std::string issuer, context, out;
    wire::ObjectText(issuer)
        .text("type", "Role")
        .text("arn", role_arn)
        .text("accountId", home.account)
        .text("userName", role)
        .end();
    wire::ObjectText(context).raw("sessionIssuer", issuer).end();
    wire::ObjectText identity(out);
    identity.text("type", "AssumedRole")
        .text("principalId", fmt::format("{}:{}", key_id, session))
        .text("arn", fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", home.account, role, session))
        .text("accountId", home.account);
    if (!key_id.empty()) identity.text("accessKeyId", key_id);
    identity.raw("sessionContext", context).end();
    return out;
}

std::vector<std::string> render(const LoggedCall& call, std::string_view entry, const Home& home) {
    std::vector<wire::HeaderView> headers;
    // An address for a host makes S3 calls path style, as `target` is.
    headers.emplace_back("Host", "127.0.0.1");
    for (const auto& [name, value] : call.headers)
        if (!sign::equal_ignoring_case(name, "host")) headers.emplace_back(name, value);
    const wire::CallHead head{.method = call.method, .target = call.target, .headers = headers, .body = {}};

    const auto classified = wire::classify(head, {.profile = call.server, .endpoint_names = {}, .default_service = {}});
    if (classified.own_path == wire::OwnPath::health) return {};
    const wire::HeaderView answer_headers[] = {{"x-amz-request-id", call.request_id}};
    const wire::CallAnswer answer{.status = call.status, .headers = answer_headers, .body = {}, .whole = true};

    auto parameters = wire::request_parameters(head, classified, {.bytes = {}, .whole = false});
    if (classified.is_s3() && !call.host.empty()) parameters.set("Host", call.host);
    const Json no_elements;
    const wire::ObservedCall seen{.head = head,
                                  .call = classified,
                                  .answer = answer,
                                  .request_parameters = parameters,
                                  .parameters_incomplete = false,
                                  .resources_of = parameters,
                                  .response_elements = no_elements,
                                  .failure = failure_of(call, classified, head, answer),
                                  .request_bytes = call.request_bytes,
                                  .response_bytes = call.response_bytes,
                                  .ended = call.ended,
                                  .peer_address = call.peer_address,
                                  .tls = false,
                                  .tls_version = {},
                                  .tls_cipher = {}};
    const wire::RecordedCaller caller{
        .user_identity = call.user_identity, .account = home.account, .region = home.region};

    std::vector<std::string> records{wire::call_record(seen, caller, event_id(entry, 0))};
    for (const auto& key : call.deleted_keys)
        records.push_back(wire::deleted_object_record(seen, caller, key, event_id(entry, records.size())));
    return records;
}

}  // namespace cairn::auditlog
