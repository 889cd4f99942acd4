#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/bytes.h"
#include "sign/digest.h"
#include "sign/sigv4.h"
#include "sign/text.h"

namespace cairn::sign {

namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t signed_headers_max = 256;
constexpr long expires_seconds_max = 604'800;

std::unexpected<Refusal> refuse(Problem problem, std::string message) {
    return std::unexpected(Refusal{problem, std::move(message)});
}

const std::string* find_header(const Headers& headers, std::string_view name) {
    for (const auto& [key, value] : headers)
        if (equal_ignoring_case(key, name)) return &value;
    return nullptr;
}

/// The Date header as an HTTP date ("Sun, 30 Aug 2015 12:36:00 GMT") in the form of X-Amz-Date; other text as it is.
std::string basic_date(std::string_view text) {
    static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    text = trimmed(text);
    if (text.size() != 29 || !text.ends_with(" GMT")) return std::string(text);
    for (std::size_t month = 0; month < months.size(); ++month) {
        if (text.substr(8, 3) != months[month]) continue;
        return fmt::format("{}{:02}{}T{}{}{}Z", text.substr(12, 4), month + 1, text.substr(5, 2), text.substr(17, 2),
                           text.substr(20, 2), text.substr(23, 2));
    }
    return std::string(text);
}

/// The named parts of an Authorization header or a query, before they are understood.
struct Parts {
    std::optional<std::string> credential, signed_headers, signature, date;
};

std::expected<void, Refusal> read_scope(std::string_view credential, CredentialScope& scope) {
    const auto parts = split(credential, '/');
    if (parts.size() != 5 || std::ranges::any_of(parts, [](std::string_view part) { return part.empty(); }))
        return refuse(Problem::incomplete, fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                                                       "keyid/date/region/service/term, got '{}'.",
                                                       credential));
    if (parts[4] != "aws4_request")
        return refuse(
            Problem::mismatch,
            fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'.", parts[4]));
    scope = {std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), std::string(parts[3])};
    return {};
}

std::expected<Presented, Refusal> understand(const Parts& parts) {
    Presented presented;
    if (auto ok = read_scope(*parts.credential, presented.scope); !ok) return std::unexpected(ok.error());
    presented.amz_date = *parts.date;
    if (!parse_amz_date(presented.amz_date))
        return refuse(Problem::incomplete, fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                                       "http://en.wikipedia.org/wiki/ISO_8601",
                                                       presented.amz_date));
    for (const auto name : split(*parts.signed_headers, ';'))
        if (!name.empty()) presented.signed_headers.emplace_back(name);
    if (presented.signed_headers.size() > signed_headers_max)
        return refuse(Problem::incomplete, "Authorization names too many signed headers.");
    presented.signature = *parts.signature;
    return presented;
}

std::string hashed(std::string_view authorization) { return to_base64(sha256(authorization)); }

/// What of "Credential=..., SignedHeaders=..., Signature=..." there is. Commas, blanks or both stand between.
std::expected<Parts, Refusal> read_parameters(std::string_view text, std::string_view authorization) {
    Parts parts;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(", \t"), text.size()));
        if (text.empty()) return parts;
        const auto item = text.substr(0, text.find_first_of(", \t"));
        text.remove_prefix(item.size());
        const auto equal = item.find('=');
        if (equal == std::string_view::npos)
            return refuse(
                Problem::incomplete,
                fmt::format("Invalid key=value pair (missing equal-sign) in Authorization header (hashed with "
                            "SHA-256 and encoded with Base64): '{}'.",
                            hashed(authorization)));
        const auto name = item.substr(0, equal);
        auto* const part = name == "Credential"      ? &parts.credential
                           : name == "SignedHeaders" ? &parts.signed_headers
                           : name == "Signature"     ? &parts.signature
                                                     : nullptr;
        if (part == nullptr) continue;
        if (*part)
            return refuse(Problem::incomplete,
                          fmt::format("Authorization header has more than one '{}' parameter.", name));
        *part = std::string(item.substr(equal + 1));
    }
}

std::expected<Presented, Refusal> read_header_form(const Headers& headers, std::string_view authorization) {
    authorization = trimmed(authorization);
    const auto scheme = authorization.substr(0, authorization.find_first_of(" \t,"));
    if (scheme != algorithm)
        return refuse(Problem::incomplete, fmt::format("Unsupported AWS 'algorithm': '{}'.", scheme.substr(0, 64)));
    auto parts = read_parameters(authorization.substr(scheme.size()), authorization);
    if (!parts) return std::unexpected(parts.error());
    if (const auto* date = find_header(headers, "x-amz-date"))
        parts->date = std::string(trimmed(*date));
    else if (const auto* other = find_header(headers, "date"))
        parts->date = basic_date(*other);

    std::string lacking;
    const auto need = [&](const auto& part, std::string_view text) {
        if (!part || part->empty()) lacking.append(text).append(" ");
    };
    need(parts->credential, "Authorization header requires 'Credential' parameter.");
    need(parts->signature, "Authorization header requires 'Signature' parameter.");
    need(parts->signed_headers, "Authorization header requires 'SignedHeaders' parameter.");
    need(parts->date, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    if (!lacking.empty())
        return refuse(Problem::incomplete,
                      fmt::format("{}(Hashed with SHA-256 and encoded with Base64) Authorization={}", lacking,
                                  hashed(authorization)));
    auto presented = understand(*parts);
    if (const auto* token = find_header(headers, "x-amz-security-token"); presented && token)
        presented->security_token = std::string(trimmed(*token));
    return presented;
}

/// The parameters of a query that belong to the signature, decoded.
struct SignedQuery {
    std::optional<std::string> algorithm, expires, token;
    Parts parts;

    bool any() const { return algorithm || parts.credential || parts.signature; }
};

SignedQuery read_query(std::string_view query) {
    SignedQuery found;
    for (const auto part : split(query, '&')) {
        const auto equal = std::min(part.find('='), part.size());
        const auto name = decoded(part.substr(0, equal), true);
        auto* const place = name == "X-Amz-Algorithm"        ? &found.algorithm
                            : name == "X-Amz-Credential"     ? &found.parts.credential
                            : name == "X-Amz-Date"           ? &found.parts.date
                            : name == "X-Amz-SignedHeaders"  ? &found.parts.signed_headers
                            : name == "X-Amz-Expires"        ? &found.expires
                            : name == "X-Amz-Security-Token" ? &found.token
                            : name == "X-Amz-Signature"      ? &found.parts.signature
                                                             : nullptr;
        if (place != nullptr && !*place)
            *place = decoded(equal < part.size() ? part.substr(equal + 1) : std::string_view(), true);
    }
    return found;
}

std::expected<long, Refusal> read_expires(const std::string& text) {
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size())
        return refuse(Problem::incomplete, "X-Amz-Expires should be a number");
    if (value < 0) return refuse(Problem::incomplete, "X-Amz-Expires must be non-negative");
    if (value > expires_seconds_max)
        return refuse(Problem::incomplete,
                      "X-Amz-Expires must be less than a week (in seconds); that is, the given "
                      "X-Amz-Expires must be less than 604800 seconds");
    return value;
}

std::expected<Presented, Refusal> read_query_form(SignedQuery query) {
    std::string lacking;
    const auto need = [&](const auto& part, std::string_view name) {
        if (!part || part->empty()) lacking += fmt::format("AWS query-string parameters must include '{}'. ", name);
    };
    need(query.algorithm, "X-Amz-Algorithm");
    need(query.parts.credential, "X-Amz-Credential");
    need(query.parts.signature, "X-Amz-Signature");
    need(query.parts.signed_headers, "X-Amz-SignedHeaders");
    need(query.parts.date, "X-Amz-Date");
    if (!lacking.empty()) return refuse(Problem::incomplete, lacking + "Re-examine the query-string parameters.");
    if (*query.algorithm != algorithm)
        return refuse(Problem::incomplete,
                      fmt::format("Unsupported AWS 'algorithm': '{}'.", query.algorithm->substr(0, 64)));

    auto presented = understand(query.parts);
    if (!presented) return presented;
    presented->query_form = true;
    presented->security_token = query.token.value_or("");
    if (query.expires) {
        const auto expires = read_expires(*query.expires);
        if (!expires) return std::unexpected(expires.error());
        presented->expires_seconds = *expires;
    }
    return presented;
}

}  // namespace

std::expected<Presented, Refusal> read_signature(const SignedParts& request) {
    if (const auto* authorization = find_header(*request.headers, "authorization"))
        return read_header_form(*request.headers, *authorization);
    auto query = read_query(query_of(request.target));
    if (query.any()) return read_query_form(std::move(query));
    return refuse(Problem::missing, "Missing Authentication Token");
}

}  // namespace cairn::sign
