#include "backend/credentials/web_identity.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "net/http_client.h"

namespace cairn {

namespace {

using std::chrono::seconds;

constexpr seconds fetch_before_end{300}, usable_before_end{10}, pause_after_failure{10};

std::string form_encoded(std::string_view text) {
    std::string out;
    for (const unsigned char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                           c == '_' || c == '.' || c == '~';
        out += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
    }
    return out;
}

Result<std::string> read_token(const std::string& path) {
    std::ifstream file(path);
    std::string token{std::istreambuf_iterator<char>(file), {}};
    while (!token.empty() && std::string_view(" \t\r\n").find(token.back()) != std::string_view::npos) token.pop_back();
    if (token.empty())
        return fail(Code::invalid, fmt::format("web identity token file {} cannot be read or is empty", path));
    return token;
}

/// What STS says that it is; it refuses with 4xx, also when it could not ask the provider of the identity.
Error refused(const std::string& endpoint, const net::Response& response) {
    pugi::xml_document document;
    document.load_buffer(response.body.data(), response.body.size());
    const auto error = document.child("ErrorResponse").child("Error");
    const std::string code = error.child_value("Code");
    const auto message = fmt::format("{}: AssumeRoleWithWebIdentity answered {} {} {}", endpoint, response.status, code,
                                     error.child_value("Message"));
    if (response.status / 100 != 4 || response.status == 429 || code == "IDPCommunicationError")
        return {Code::unavailable, message};
    const bool our_fault = code == "ValidationError" || code == "InvalidParameterValue" || code == "MissingParameter";
    return {our_fault ? Code::invalid : Code::denied, message};
}

}  // namespace

Result<void> WebIdentity::fetch() {
    const auto token = read_token(options_.token_file);
    if (!token) return fail(token.error());
    net::Request request;
    request.method = "POST";
    request.target = "/";
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/xml"}};
    request.body = fmt::format(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn={}&RoleSessionName={}&WebIdentityToken={}",
        form_encoded(options_.role_arn), form_encoded(options_.session_name), form_encoded(*token));
    net::ClientOptions client;
    client.ca_file = options_.ca_file;
    client.timeout = seconds(20);
    const auto response = net::send(options_.endpoint, request, client);
    if (!response) return fail(response.error());
    if (response->status != 200) return fail(refused(options_.endpoint, *response));

    pugi::xml_document document;
    document.load_buffer(response->body.data(), response->body.size());
    const auto given = document.child("AssumeRoleWithWebIdentityResponse")
                           .child("AssumeRoleWithWebIdentityResult")
                           .child("Credentials");
    const auto expires = parse_time(given.child_value("Expiration"));
    AccessCredentials credentials{given.child_value("AccessKeyId"), given.child_value("SecretAccessKey"),
                                  given.child_value("SessionToken")};
    if (!expires || credentials.access_key_id.empty() || credentials.secret_key.empty())
        return fail(Code::unavailable,
                    fmt::format("{}: AssumeRoleWithWebIdentity answered without credentials", options_.endpoint));
    current_ = std::move(credentials);
    expires_ = *expires;
    fetched_ = clock_.now();
    return {};
}

Result<AccessCredentials> WebIdentity::get() {
    const auto now = clock_.now();
    // A clock that was set back says nothing about how long they last.
    const bool usable = !current_.access_key_id.empty() && now >= fetched_ && now < expires_ - usable_before_end;
    if (usable && now < expires_ - fetch_before_end) return current_;
    if (usable && now >= tried_ && now < tried_ + pause_after_failure) return current_;
    const auto fetched = fetch();
    if (fetched) return current_;
    tried_ = now;
    if (usable) return current_;
    return fail(fetched.error());
}

}  // namespace cairn
