#include <algorithm>

#include "sign/digest.h"
#include "sign/sigv4.h"
#include "sign/text.h"

namespace cairn::sign {

namespace {

/// Without empty and "." segments, ".." taking back the one before it (RFC 3986 section 5.2.4, and "//" as "/").
std::string resolved(std::string_view path) {
    std::vector<std::string_view> kept;
    bool ends_with_slash = false;
    for (const auto segment : split(path, '/')) {
        ends_with_slash = segment.empty() || segment == "." || segment == "..";
        if (segment == ".." && !kept.empty()) kept.pop_back();
        if (!ends_with_slash) kept.push_back(segment);
    }
    std::string out;
    for (const auto segment : kept) out.append("/").append(segment);
    if (ends_with_slash || out.empty()) out.push_back('/');
    return out;
}

void append_path(std::string& out, std::string_view path, bool normalize) {
    if (normalize)
        append_encoded(out, resolved(path), true);
    else if (path.empty())
        out.push_back('/');
    else
        append_encoded(out, decoded(path, false), true);
}

bool is_left_out(std::string_view name, const Presented& presented) {
    if (!presented.query_form) return false;
    return name == "X-Amz-Signature" || (!presented.token_signed && name == "X-Amz-Security-Token");
}

void append_query(std::string& out, std::string_view query, const Presented& presented) {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto part : split(query, '&')) {
        if (part.empty()) continue;
        const auto equal = std::min(part.find('='), part.size());
        const auto name = decoded(part.substr(0, equal), true);
        if (is_left_out(name, presented)) continue;
        auto& [encoded_name, encoded_value] = pairs.emplace_back();
        append_encoded(encoded_name, name);
        if (equal < part.size()) append_encoded(encoded_value, decoded(part.substr(equal + 1), true));
    }
    std::ranges::sort(pairs);
    bool first = true;
    for (const auto& [name, value] : pairs) {
        if (!std::exchange(first, false)) out.push_back('&');
        out.append(name).append("=").append(value);
    }
}

void append_header(std::string& out, const Headers& headers, std::string_view name) {
    out.append(lower_case(name)).push_back(':');
    bool first = true;
    for (const auto& [key, value] : headers) {
        if (!equal_ignoring_case(key, name)) continue;
        if (!std::exchange(first, false)) out.push_back(',');
        append_folded(out, value);
    }
    out.push_back('\n');
}

}  // namespace

std::string canonical_request(const SignedParts& request, const Presented& presented, bool normalize_path) {
    std::string out;
    out.reserve(512 + request.target.size());
    out.append(request.method).push_back('\n');
    append_path(out, path_of(request.target), normalize_path);
    out.push_back('\n');
    append_query(out, query_of(request.target), presented);
    out.push_back('\n');
    for (const auto& name : presented.signed_headers) append_header(out, *request.headers, name);
    out.push_back('\n');
    for (std::size_t i = 0; i < presented.signed_headers.size(); ++i)
        out.append(i == 0 ? "" : ";").append(presented.signed_headers[i]);
    return out.append("\n").append(request.body_sha256_hex);
}

std::string string_to_sign(const Presented& presented, std::string_view canonical_request) {
    const auto& scope = presented.scope;
    std::string out("AWS4-HMAC-SHA256\n");
    out.append(presented.amz_date).append("\n");
    out.append(scope.date).append("/").append(scope.region).append("/").append(scope.service).append("/aws4_request\n");
    return out.append(sha256_hex(canonical_request));
}

}  // namespace cairn::sign
