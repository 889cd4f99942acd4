#include "sign/sigv4.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "sign/digest.h"
#include "sign/text.h"

namespace cairn::sign {

namespace {

constexpr const char* mismatch_message =
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details.";

std::unexpected<Refusal> refuse(Problem problem, std::string message) {
    return std::unexpected(Refusal{problem, std::move(message)});
}

std::string derive_key(const CredentialScope& scope, std::string_view secret_key) {
    auto key = hmac_sha256("AWS4" + std::string(secret_key), scope.date);
    key = hmac_sha256(key, scope.region);
    key = hmac_sha256(key, scope.service);
    return hmac_sha256(key, "aws4_request");
}

/// Signing keys change once a day; deriving one takes four of the five HMACs of a signature.
class KeyCache {
public:
    const std::string& key(const CredentialScope& scope, std::string_view secret_key) {
        const auto secret_hash = sha256(secret_key);
        const auto place = hash64(scope.access_key_id, hash64(scope.date, hash64(scope.region, hash64(scope.service))));
        auto& entry = entries_[place % entries_.size()];
        if (!entry.holds(scope, secret_hash)) entry = {scope, secret_hash, derive_key(scope, secret_key)};
        return entry.key;
    }

private:
    struct Entry {
        CredentialScope scope;
        std::string secret_hash, key;

        bool holds(const CredentialScope& other, std::string_view other_secret_hash) const {
            return !key.empty() && secret_hash == other_secret_hash && scope.access_key_id == other.access_key_id &&
                   scope.date == other.date && scope.region == other.region && scope.service == other.service;
        }
    };

    std::array<Entry, 64> entries_;
};

bool is_signed(const Presented& presented, std::string_view name) {
    return std::ranges::any_of(presented.signed_headers,
                               [&](const auto& header) { return equal_ignoring_case(header, name); });
}

std::expected<void, Refusal> check_signed_headers(const Presented& presented) {
    if (!is_signed(presented, "host"))
        return refuse(Problem::mismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    if (!presented.query_form && !is_signed(presented, "x-amz-date") && !is_signed(presented, "date"))
        return refuse(Problem::mismatch, "'X-Amz-Date' or 'Date' must be a 'SignedHeader' in the AWS Authorization.");
    return {};
}

std::expected<void, Refusal> check_time(const Presented& presented, Time now, std::chrono::seconds skew) {
    const auto date = parse_amz_date(presented.amz_date);
    if (!date)
        return refuse(Problem::incomplete,
                      fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'.", presented.amz_date));
    if (presented.scope.date != std::string_view(presented.amz_date).substr(0, 8))
        return refuse(Problem::mismatch,
                      fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from "
                                  "HTTP: '{}' != '{}', from '{}'.",
                                  presented.scope.date, presented.amz_date.substr(0, 8), presented.amz_date));

    const auto minutes = skew.count() / 60;
    now = std::chrono::floor<std::chrono::seconds>(now);
    if (*date > now + skew)
        return refuse(Problem::expired,
                      fmt::format("Signature not yet current: {} is still later than {} ({} + {} min.)",
                                  presented.amz_date, format_amz_date(now + skew), format_amz_date(now), minutes));
    if (presented.expires_seconds) {
        const auto end = *date + std::chrono::seconds(*presented.expires_seconds);
        if (end < now)
            return refuse(Problem::expired, fmt::format("Signature expired: {} is now earlier than {}",
                                                        format_amz_date(end), format_amz_date(now)));
    } else if (*date < now - skew) {
        return refuse(Problem::expired,
                      fmt::format("Signature expired: {} is now earlier than {} ({} - {} min.)", presented.amz_date,
                                  format_amz_date(now - skew), format_amz_date(now), minutes));
    }
    return {};
}

bool signature_fits(const SignedParts& request, const Presented& presented, std::string_view secret_key,
                    bool normalize_path) {
    const auto text = string_to_sign(presented, canonical_request(request, presented, normalize_path));
    return equal_in_constant_time(compute_signature(presented.scope, secret_key, text), presented.signature);
}

/// The host, the content type and everything of Amazon's; what proxies may change or add stays unsigned.
bool is_worth_signing(std::string_view lower_name) {
    return lower_name == "host" || lower_name == "content-type" || lower_name.starts_with("x-amz-");
}

std::vector<std::string> names_to_sign(const Headers& headers, bool all) {
    std::vector<std::string> names;
    for (const auto& [name, value] : headers) {
        auto lower = lower_case(name);
        if (all || is_worth_signing(lower)) names.push_back(std::move(lower));
    }
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

std::string joined(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ";")); }

Presented begin_presented(const Credentials& credentials, std::string_view region, std::string_view service, Time now) {
    Presented presented;
    presented.amz_date = format_amz_date(now);
    presented.scope = {credentials.access_key_id, presented.amz_date.substr(0, 8), std::string(region),
                       std::string(service)};
    return presented;
}

std::string credential_text(const CredentialScope& scope) {
    return fmt::format("{}/{}/{}/{}/aws4_request", scope.access_key_id, scope.date, scope.region, scope.service);
}

}  // namespace

std::string compute_signature(const CredentialScope& scope, std::string_view secret_key,
                              std::string_view string_to_sign) {
    thread_local KeyCache cache;
    return to_hex(hmac_sha256(cache.key(scope, secret_key), string_to_sign));
}

std::expected<void, Refusal> verify(const SignedParts& request, const Presented& presented, std::string_view secret_key,
                                    Time now, const VerifyOptions& options) {
    CAIRN_CHECK(request.headers != nullptr);
    if (auto ok = check_signed_headers(presented); !ok) return ok;
    if (auto ok = check_time(presented, now, options.skew); !ok) return ok;
    if (signature_fits(request, presented, secret_key, options.normalize_path)) return {};
    if (presented.query_form && !presented.security_token.empty()) {
        auto token_added_later = presented;
        token_added_later.token_signed = false;
        if (signature_fits(request, token_added_later, secret_key, options.normalize_path)) return {};
    }
    return refuse(Problem::mismatch, mismatch_message);
}

Headers sign(const SignedParts& request, const Credentials& credentials, std::string_view region,
             std::string_view service, Time now, bool normalize_path) {
    CAIRN_CHECK(request.headers != nullptr);
    auto presented = begin_presented(credentials, region, service, now);
    Headers added{{"X-Amz-Date", presented.amz_date}, {"X-Amz-Content-Sha256", std::string(request.body_sha256_hex)}};
    if (!credentials.session_token.empty()) added.emplace_back("X-Amz-Security-Token", credentials.session_token);

    Headers all = *request.headers;
    all.insert(all.end(), added.begin(), added.end());
    presented.signed_headers = names_to_sign(all, false);
    const SignedParts whole{request.method, request.target, &all, request.body_sha256_hex};
    const auto text = string_to_sign(presented, canonical_request(whole, presented, normalize_path));
    added.emplace_back("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}, SignedHeaders={}, Signature={}",
                                                    credential_text(presented.scope), joined(presented.signed_headers),
                                                    compute_signature(presented.scope, credentials.secret_key, text)));
    return added;
}

std::string sign_query(const SignedParts& request, const Credentials& credentials, std::string_view region,
                       std::string_view service, Time now, std::chrono::seconds expires, bool normalize_path) {
    CAIRN_CHECK(request.headers != nullptr);
    auto presented = begin_presented(credentials, region, service, now);
    presented.query_form = true;
    presented.signed_headers = names_to_sign(*request.headers, true);

    std::string target(request.target);
    const auto add = [&](std::string_view name, std::string_view value) {
        target.append(query_of(target).empty() ? (target.find('?') == std::string::npos ? "?" : "") : "&");
        target.append(name).append("=");
        append_encoded(target, value);
    };
    add("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    add("X-Amz-Credential", credential_text(presented.scope));
    add("X-Amz-Date", presented.amz_date);
    add("X-Amz-SignedHeaders", joined(presented.signed_headers));
    add("X-Amz-Expires", std::to_string(expires.count()));
    if (!credentials.session_token.empty()) add("X-Amz-Security-Token", credentials.session_token);

    const SignedParts whole{request.method, target, request.headers, request.body_sha256_hex};
    const auto text = string_to_sign(presented, canonical_request(whole, presented, normalize_path));
    add("X-Amz-Signature", compute_signature(presented.scope, credentials.secret_key, text));
    return target;
}

}  // namespace cairn::sign
