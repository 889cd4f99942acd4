#include "sign/sigv2.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "sign/digest.h"
#include "sign/text.h"

namespace cairn::sign {

namespace {

constexpr std::string_view own_header = "x-amz-";

std::unexpected<Refusal> refuse(Problem problem, std::string message) {
    return std::unexpected(Refusal{problem, std::move(message)});
}

using Query = std::vector<std::pair<std::string, std::optional<std::string>>>;

Query read_query(std::string_view target) {
    Query query;
    for (const auto part : split(query_of(target), '&')) {
        const auto equal = part.find('=');
        auto name = decoded(part.substr(0, equal), true);
        if (equal == std::string_view::npos)
            query.emplace_back(std::move(name), std::nullopt);
        else
            query.emplace_back(std::move(name), decoded(part.substr(equal + 1), true));
    }
    return query;
}

std::string text_of(const Query& query, std::string_view name) {
    const auto found =
        std::ranges::find_if(query, [&](const auto& parameter) { return equal_ignoring_case(parameter.first, name); });
    return found == query.end() ? std::string() : found->second.value_or("");
}

std::string header_or_parameter(const SignedParts& request, const Query& query, std::string_view name) {
    for (const auto& [key, value] : *request.headers)
        if (equal_ignoring_case(key, name)) return std::string(trimmed(value));
    return text_of(query, name);
}

/// Parameters that name a sub-resource or change an answer, sorted: the others are not signed.
constexpr std::array<std::string_view, 40> signed_parameters{
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};
static_assert(std::ranges::is_sorted(signed_parameters));

std::string canonical_resource(const SignedParts& request, std::string_view host_bucket, Query query) {
    std::string resource;
    if (!host_bucket.empty()) resource.append("/").append(host_bucket);
    resource += path_of(request.target);
    std::erase_if(query, [](const auto& parameter) {
        return !std::ranges::binary_search(signed_parameters, std::string_view(parameter.first));
    });
    std::ranges::stable_sort(query, {}, &Query::value_type::first);
    char separator = '?';
    for (const auto& [name, value] : query) {
        resource += std::exchange(separator, '&');
        resource += name;
        if (value) resource.append("=").append(*value);
    }
    return resource;
}

/// The headers of AWS, which a URL may hold as parameters, too.
std::string canonical_own_headers(const SignedParts& request, const Query& query) {
    std::map<std::string, std::string> own;
    const auto add = [&](std::string_view name, std::string_view value) {
        auto lower = lower_case(name);
        if (!lower.starts_with(own_header)) return;
        auto& joined = own[std::move(lower)];
        joined.append(joined.empty() ? "" : ",").append(trimmed(value));
    };
    for (const auto& [name, value] : *request.headers) add(name, value);
    for (const auto& [name, value] : query) add(name, value.value_or(""));
    std::string lines;
    for (const auto& [name, value] : own) lines.append(name).append(":").append(value).append("\n");
    return lines;
}

std::string signature_of(const SignedParts& request, std::string_view host_bucket, std::string_view expires,
                         std::string_view secret_key) {
    const auto query = read_query(request.target);
    const auto text =
        fmt::format("{}\n{}\n{}\n{}\n{}{}", request.method, header_or_parameter(request, query, "content-md5"),
                    header_or_parameter(request, query, "content-type"), expires, canonical_own_headers(request, query),
                    canonical_resource(request, host_bucket, query));
    return to_base64(hmac_sha1(secret_key, text));
}

std::int64_t seconds_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count(); }

}  // namespace

std::expected<std::optional<PresignedV2>, Refusal> read_presigned_v2(std::string_view target) {
    const auto query = read_query(target);
    PresignedV2 presented{text_of(query, "AWSAccessKeyId"), text_of(query, "Signature"),
                          text_of(query, "x-amz-security-token"), text_of(query, "Expires"), Time{}};
    if (presented.access_key_id.empty()) return std::nullopt;
    const auto& expires = presented.expires_text;
    if (presented.signature.empty() || expires.empty())
        return refuse(Problem::incomplete,
                      "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters");
    constexpr std::int64_t latest = 253'402'300'799;  // the end of the year 9999
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
    if (error != std::errc() || end != expires.data() + expires.size() || seconds < 0 || seconds > latest)
        return refuse(Problem::incomplete, fmt::format("Invalid date (should be seconds since epoch): {}", expires));
    presented.expires = Time(std::chrono::seconds(seconds));
    return presented;
}

std::expected<void, Refusal> verify_v2(const SignedParts& request, std::string_view host_bucket,
                                       const PresignedV2& presented, std::string_view secret_key, Time now) {
    const auto computed = signature_of(request, host_bucket, presented.expires_text, secret_key);
    if (!equal_in_constant_time(computed, presented.signature))
        return refuse(Problem::mismatch,
                      "The request signature we calculated does not match the signature you provided. Check your key "
                      "and signing method.");
    if (now >= presented.expires) return refuse(Problem::expired, "Request has expired");
    return {};
}

std::string presign_v2(const SignedParts& request, std::string_view host_bucket, const Credentials& credentials,
                       Time expires) {
    std::string target(request.target);
    const auto add = [&](std::string_view name, std::string_view value) {
        target.append(target.find('?') == std::string::npos ? "?" : "&").append(name).append("=");
        append_encoded(target, value);
    };
    if (!credentials.session_token.empty()) add("x-amz-security-token", credentials.session_token);
    const auto end = std::to_string(seconds_of(expires));
    auto signed_parts = request;
    signed_parts.target = target;
    const auto signature = signature_of(signed_parts, host_bucket, end, credentials.secret_key);
    add("AWSAccessKeyId", credentials.access_key_id);
    add("Expires", end);
    add("Signature", signature);
    return target;
}

}  // namespace cairn::sign
