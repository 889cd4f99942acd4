#include "gateway/credential.h"

#include <array>
#include <string_view>

namespace cairn::gateway {

namespace {

using Signature = Credential::Signature;

constexpr std::size_t key_id_bytes_max = 128;

/// Takes what stands behind the last slash off the end.
std::string_view take_last(std::string_view& scope) {
    const auto slash = scope.rfind('/');
    const auto part = slash == std::string_view::npos ? scope : scope.substr(slash + 1);
    scope = slash == std::string_view::npos ? std::string_view() : scope.substr(0, slash);
    return part;
}

/// KEY/DATE/REGION/SERVICE/aws4_request; from the right, since key ids may hold slashes. SigV4a has no Region.
bool read_scope(std::string_view scope, bool regional, Credential& found) {
    if (take_last(scope) != "aws4_request") return false;
    found.service = take_last(scope);
    if (regional) found.region = take_last(scope);
    take_last(scope);
    if (scope.empty() || scope.size() > key_id_bytes_max) return false;
    found.access_key_id = scope;
    return true;
}

std::string_view region_set(std::string_view value) {
    const auto first = value.substr(0, value.find(','));
    return first == "*" ? std::string_view() : first;
}

Credential read_header(std::string_view value, const net::Request& head) {
    Credential found;
    const auto blank = value.find(' ');
    const auto scheme = value.substr(0, blank);
    auto rest = blank == std::string_view::npos ? std::string_view() : value.substr(blank + 1);
    if (net::equal_names(scheme, "Bearer")) {
        found.signature = Signature::bearer;
    } else if (scheme == "AWS") {
        const auto key = rest.substr(0, rest.rfind(':'));
        if (key.empty() || key.size() > key_id_bytes_max) return {};
        found.signature = Signature::v2;
        found.access_key_id = key;
    } else if (scheme == "AWS4-HMAC-SHA256" || scheme == "AWS4-ECDSA-P256-SHA256") {
        const auto at = rest.find("Credential=");
        if (at == std::string_view::npos) return {};
        rest.remove_prefix(at + 11);
        const bool regional = scheme == "AWS4-HMAC-SHA256";
        if (!read_scope(rest.substr(0, rest.find_first_of(", ")), regional, found)) return {};
        found.signature = regional ? Signature::v4 : Signature::v4a;
        if (!regional) found.region = region_set(head.find("x-amz-region-set"));
    }
    return found;
}

Credential read_query(const net::Request& head) {
    Credential found;
    found.in_query = true;
    bool signed_in_query = false;
    std::string set;
    for (const auto& [name, value] : net::parse_query(head.query())) {
        if (name == "X-Amz-Credential") {
            const bool regional = head.query().find("AWS4-ECDSA") == std::string_view::npos;
            if (!read_scope(value, regional, found)) return {};
            found.signature = regional ? Signature::v4 : Signature::v4a;
            signed_in_query = true;
        } else if (name == "X-Amz-Region-Set") {
            set = region_set(value);
        } else if (name == "AWSAccessKeyId" && value.size() <= key_id_bytes_max) {
            found.signature = Signature::v2;
            found.access_key_id = value;
            signed_in_query = true;
        }
    }
    if (!signed_in_query) return {};
    if (found.signature == Signature::v4a) found.region = set;
    return found;
}

}  // namespace

Credential read_credential(const net::Request& head) {
    if (const auto value = head.find("authorization"); !value.empty()) return read_header(value, head);
    if (head.query().empty()) return {};
    return read_query(head);
}

}  // namespace cairn::gateway
