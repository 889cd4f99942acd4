#include "wire/credential.h"

#include <algorithm>
#include <optional>

#include "net/http.h"

namespace cairn::wire {

namespace {

constexpr std::string_view v4 = "AWS4-HMAC-SHA256", v4a = "AWS4-ECDSA-P256-SHA256", terminator = "aws4_request";

/// Takes what stands behind the last slash off the end of `text`.
std::string_view take_last(std::string_view& text) {
    const auto slash = text.rfind('/');
    const auto last = text.substr(slash == std::string_view::npos ? 0 : slash + 1);
    text = text.substr(0, slash == std::string_view::npos ? 0 : slash);
    return last;
}

/// KEY/DATE/[REGION/]SERVICE/aws4_request, from the right because a key id may hold slashes.
void read_scope(std::string_view scope, Credential& credential) {
    if (take_last(scope) != terminator) return;
    credential.service = take_last(scope);
    if (credential.scheme == Credential::Scheme::sigv4) credential.region = take_last(scope);
    credential.date = take_last(scope);
    credential.key_id = scope;
}

void read_region_set(std::string_view set, Credential& credential) {
    const auto first = set.substr(0, set.find(','));
    if (first != "*") credential.region = first;
}

/// The value of `name` in "Credential=..., SignedHeaders=..., Signature=...".
std::string_view parameter(std::string_view text, std::string_view name) {
    for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
        const auto end = at + name.size();
        const bool begins = at == 0 || std::string_view(", \t").find(text[at - 1]) != std::string_view::npos;
        if (!begins || end >= text.size() || text[end] != '=') continue;
        const auto value = text.substr(end + 1);
        return value.substr(0, value.find_first_of(", \t"));
    }
    return {};
}

std::optional<Credential> from_header(const CallHead& call) {
    const auto text = call.find("authorization");
    if (text.empty()) return std::nullopt;
    Credential credential;
    credential.place = Credential::Place::header;
    const auto scheme = text.substr(0, text.find_first_of(" \t,"));
    const auto rest = text.substr(std::min(text.find_first_not_of(" \t,", scheme.size()), text.size()));
    if (scheme == v4 || scheme == v4a) {
        credential.scheme = scheme == v4 ? Credential::Scheme::sigv4 : Credential::Scheme::sigv4a;
        read_scope(parameter(rest, "Credential"), credential);
        if (scheme == v4a) read_region_set(call.find("x-amz-region-set"), credential);
    } else if (scheme == "AWS") {
        credential.scheme = Credential::Scheme::sigv2;
        // Without a colon nobody knows which half it is.
        const auto colon = rest.rfind(':');
        credential.key_id = rest.substr(0, colon == std::string_view::npos ? 0 : colon);
    } else {
        credential.scheme =
            net::equal_names(scheme, "bearer") ? Credential::Scheme::bearer : Credential::Scheme::unknown;
    }
    return credential;
}

/// SigV4, SigV4a or SigV2 in the parameters of a query or form.
std::optional<Credential> from_parameters(const Parameters& parameters, Credential::Place place) {
    if (parameters.empty()) return std::nullopt;
    Credential credential;
    credential.place = place;
    if (const auto scope = parameters.text_any_case("X-Amz-Credential")) {
        const bool multi_region = parameters.text_any_case("X-Amz-Algorithm") == v4a;
        credential.scheme = multi_region ? Credential::Scheme::sigv4a : Credential::Scheme::sigv4;
        read_scope(*scope, credential);
        if (multi_region) read_region_set(parameters.text_any_case("X-Amz-Region-Set").value_or(""), credential);
        return credential;
    }
    auto key = parameters.text_any_case("AWSAccessKeyId");
    if (!key) return std::nullopt;
    credential.scheme = Credential::Scheme::sigv2;
    credential.key_id = *std::move(key);
    return credential;
}

bool has_token(const CallHead& call, const Parameters& query, const Parameters& form) {
    const auto given = [](const Parameters& parameters) {
        return parameters.text_any_case("X-Amz-Security-Token") || parameters.has("SecurityToken");
    };
    return !call.find("x-amz-security-token").empty() || !call.find("x-amz-s3session-token").empty() || given(query) ||
           given(form);
}

}  // namespace

std::string_view signature_version(Credential::Scheme scheme) {
    switch (scheme) {
        case Credential::Scheme::sigv2: return "SigV2";
        case Credential::Scheme::sigv4: return "SigV4";
        case Credential::Scheme::sigv4a: return "SigV4A";
        default: return {};
    }
}

std::string_view authentication_method(Credential::Place place) {
    switch (place) {
        case Credential::Place::header: return "AuthHeader";
        case Credential::Place::query: return "QueryString";
        default: return {};
    }
}

Credential read_credential(const CallHead& call, const Parameters& query, const Parameters& form) {
    auto credential = from_header(call);
    if (!credential) credential = from_parameters(query, Credential::Place::query);
    if (!credential) credential = from_parameters(form, Credential::Place::form);
    if (!credential) return {};
    credential->session_token = has_token(call, query, form);
    return *std::move(credential);
}

}  // namespace cairn::wire
