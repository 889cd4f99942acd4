#include "wire/quoted_secrets.h"

#include <algorithm>
#include <array>

#include "net/http.h"

namespace cairn::wire {

namespace {

constexpr std::size_t secret_bytes_min = 16;

constexpr std::array<std::string_view, 11> secret_headers{"Cookie",
                                                          "Proxy-Authorization",
                                                          "X-Amz-Security-Token",
                                                          "x-amz-s3session-token",
                                                          "x-amz-sso_bearer_token",
                                                          "x-amz-mfa",
                                                          "x-api-key",
                                                          "x-amz-server-side-encryption-customer-key",
                                                          "x-amz-server-side-encryption-customer-key-MD5",
                                                          "x-amz-copy-source-server-side-encryption-customer-key",
                                                          "x-amz-copy-source-server-side-encryption-customer-key-MD5"};
constexpr std::array<std::string_view, 8> secret_parameters{
    "X-Amz-Signature", "X-Amz-Security-Token", "Signature",    "SecurityToken",
    "SAMLAssertion",   "WebIdentityToken",     "LDAPPassword", "Token"};

template <std::size_t Size>
bool is_one_of(const std::array<std::string_view, Size>& names, std::string_view name) {
    return std::ranges::any_of(names, [&](std::string_view one) { return net::equal_names(one, name); });
}

void hide(std::string& text, std::string_view secret) {
    static constexpr std::string_view hidden = "***";
    if (secret.size() < secret_bytes_min) return;
    const auto begin = secret.substr(0, secret_bytes_min);
    for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at + hidden.size())) {
        const auto there = std::string_view(text).substr(at);
        const auto end = std::ranges::mismatch(there, secret).in1;
        text.replace(at, static_cast<std::size_t>(end - there.begin()), hidden);
    }
}

/// The signature or bearer token in an Authorization header: the key id is none.
std::string_view secret_of(std::string_view authorization) {
    static constexpr std::string_view signature = "Signature=";
    if (const auto at = authorization.find(signature); at != std::string_view::npos) {
        authorization.remove_prefix(at + signature.size());
        return authorization.substr(0, authorization.find_first_of(", "));
    }
    if (authorization.starts_with("AWS ")) return authorization.substr(authorization.rfind(':') + 1);
    return authorization.substr(authorization.find(' ') + 1);
}

void hide_parameters(std::string& text, std::string_view query) {
    const auto parameters = Parameters::of_query(query);
    for (const auto& [name, value] : parameters.all()) {
        if (!is_one_of(secret_parameters, decode_lenient(name, true))) continue;
        hide(text, value);
        hide(text, decode_lenient(value, true));
    }
}

}  // namespace

std::string without_secrets(std::string text, const CallHead& call, std::string_view body) {
    if (text.size() < secret_bytes_min) return text;
    for (const auto& [name, value] : call.headers) {
        if (net::equal_names(name, "authorization")) hide(text, secret_of(value));
        if (is_one_of(secret_headers, name)) hide(text, value);
    }
    hide_parameters(text, call.query());
    if (net::equal_names(call.find("content-type").substr(0, 33), "application/x-www-form-urlencoded"))
        hide_parameters(text, body);
    return text;
}

}  // namespace cairn::wire
