#include "gateway/record_builder.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/json.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/uuid.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t text_bytes_max = 1024;

/// One JSON object, member by member.
class ObjectText {
public:
    explicit ObjectText(std::string& out) : out_(out) { out_.push_back('{'); }

    ObjectText& raw(std::string_view name, std::string_view json) {
        if (!std::exchange(first_, false)) out_.push_back(',');
        out_.append("\"").append(name).append("\":").append(json);
        return *this;
    }
    ObjectText& text(std::string_view name, std::string_view value) {
        raw(name, "");
        append_json_string(out_, valid_utf8(value, text_bytes_max));
        return *this;
    }
    ObjectText& number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
    ObjectText& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
    void end() { out_.push_back('}'); }

private:
    std::string& out_;
    bool first_ = true;
};

std::string identity_of(const Credential& credential, const Home& home) {
    std::string out;
    ObjectText identity(out);
    if (!credential.access_key_id.empty())
        identity.text("type", "AWSAccount")
            .text("principalId", credential.access_key_id)
            .text("accountId", home.account)
            .text("accessKeyId", credential.access_key_id);
    else if (credential.signature == Credential::Signature::none)
        identity.text("type", "AWSAccount").text("principalId", "").text("accountId", "ANONYMOUS_PRINCIPAL");
    else
        identity.text("type", "Unknown").text("accountId", home.account);
    identity.end();
    return out;
}

/// "com.example#NoSuchThing:http://..." is NoSuchThing.
std::string_view bare_code(std::string_view code) {
    if (const auto hash = code.find('#'); hash != std::string_view::npos) code.remove_prefix(hash + 1);
    return code.substr(0, code.find(':'));
}

std::string_view between(std::string_view text, std::string_view begin, std::string_view end) {
    const auto from = text.find(begin);
    if (from == std::string_view::npos) return {};
    text.remove_prefix(from + begin.size());
    const auto to = text.find(end);
    return to == std::string_view::npos ? std::string_view() : text.substr(0, to);
}

struct Failure {
    std::string code, message;
};

Failure failure_of(const Call& call) {
    switch (call.outcome) {
        case Outcome::reset: return {"ServiceUnavailable", "upstream closed the connection"};
        case Outcome::timed_out: return {"ServiceUnavailable", "upstream gave no answer in time"};
        default: break;
    }
    if (call.response.status < 400) return {};
    Failure failure;
    failure.code = bare_code(call.response.find("x-amzn-errortype"));
    const std::string_view body = call.response.body;
    if (failure.code.empty() && body.starts_with('{')) {
        if (const auto json = parse_json(body); json && json->is_object()) {
            failure.code = bare_code(json->text("__type"));
            failure.message = json->text("message").empty() ? json->text("Message") : json->text("message");
        }
    } else if (failure.code.empty()) {
        failure.code = between(body, "<Code>", "</Code>");
        failure.message = between(body, "<Message>", "</Message>");
    }
    if (failure.code.empty()) failure.code = std::to_string(call.response.status);
    return failure;
}

std::string request_id_of(const net::Response& response) {
    for (const char* name : {"x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"})
        if (const auto id = response.find(name); !id.empty()) return std::string(id);
    return format_uuid(random_uuid());
}

std::string_view signature_version(Credential::Signature signature) {
    switch (signature) {
        case Credential::Signature::v4: return "SigV4";
        case Credential::Signature::v4a: return "SigV4A";
        case Credential::Signature::v2: return "SigV2";
        default: return {};
    }
}

std::string s3_data_of(const Call& call, const Credential& credential) {
    std::string out;
    ObjectText data(out);
    if (const auto version = signature_version(credential.signature); !version.empty()) {
        data.text("SignatureVersion", version)
            .text("AuthenticationMethod", credential.in_query ? "QueryString" : "AuthHeader");
    }
    if (call.request.tls) data.text("CipherSuite", call.request.tls_cipher);
    const auto decoded = call.request.find("x-amz-decoded-content-length");
    const bool is_number = !decoded.empty() && decoded.size() < 19 &&
                           std::ranges::all_of(decoded, [](char c) { return c >= '0' && c <= '9'; });
    data.raw("bytesTransferredIn",
             is_number ? std::to_string(std::stoll(std::string(decoded))) : std::to_string(call.request_bytes));
    data.number("bytesTransferredOut", call.response_bytes);
    if (const auto id = call.response.find("x-amz-id-2"); !id.empty()) data.text("x-amz-id-2", id);
    data.end();
    return out;
}

std::string tls_details_of(const net::Request& request) {
    std::string out;
    ObjectText details(out);
    const auto host = request.find("host");
    details.text("tlsVersion", request.tls_version)
        .text("cipherSuite", request.tls_cipher)
        .text("clientProvidedHostHeader", host.substr(0, host.rfind(':')));
    details.end();
    return out;
}

}  // namespace

std::string build_record(const Call& call, const Home& home, const NameCall& name) {
    const auto credential = read_credential(call.request);
    const auto named = name(call.request, credential);
    const bool s3 = named.event_source.starts_with("s3.");
    const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(call.ended);

    std::string out;
    out.reserve(1536);
    ObjectText record(out);
    record.text("eventVersion", "1.11")
        .raw("userIdentity", identity_of(credential, home))
        .text("eventTime", format_time(seconds))
        .text("eventSource", named.event_source)
        .text("eventName", named.event_name)
        .text("awsRegion", credential.region.empty() ? home.region : credential.region)
        .text("sourceIPAddress", call.request.peer_address);
    if (const auto agent = call.request.find("user-agent"); !agent.empty())
        record.text("userAgent", s3 ? fmt::format("[{}]", agent) : std::string(agent));
    if (const auto failure = failure_of(call); !failure.code.empty()) {
        record.text("errorCode", failure.code);
        if (!failure.message.empty()) record.text("errorMessage", failure.message);
    }
    record.raw("requestParameters", "null").raw("responseElements", "null");
    if (s3) record.raw("additionalEventData", s3_data_of(call, credential));
    record.text("requestID", request_id_of(call.response))
        .text("eventID", format_uuid(random_uuid()))
        .flag("readOnly", named.read_only)
        .text("eventType", "AwsApiCall")
        .flag("managementEvent", !named.data)
        .text("recipientAccountId", home.account)
        .text("eventCategory", named.data ? "Data" : "Management");
    if (call.request.tls) record.raw("tlsDetails", tls_details_of(call.request));
    record.end();
    return out;
}

}  // namespace cairn::gateway
