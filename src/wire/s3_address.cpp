#include "wire/s3_address.h"

#include <algorithm>
#include <optional>

#include "wire/call_head.h"
#include "wire/host_name.h"

namespace cairn::wire {

namespace {

constexpr std::string_view own_domains[] = {".amazonaws.com", ".amazonaws.com.cn", ".localhost.localstack.cloud",
                                            ".api.aws"};

/// What a label of a name in AWS's domain says about S3; empty if it is no label of S3.
std::optional<S3Endpoint> kind_of_label(std::string_view label) {
    if (!label.starts_with("s3")) return std::nullopt;
    if (label == "s3" || label == "s3-global") return label == "s3" ? S3Endpoint::general : S3Endpoint::access_point;
    if (label.starts_with("s3express-control")) return S3Endpoint::express_control;
    if (label.starts_with("s3express-")) return S3Endpoint::express;
    if (label.starts_with("s3-accesspoint")) return S3Endpoint::access_point;
    if (label.starts_with("s3-object-lambda")) return S3Endpoint::object_lambda;
    if (label.starts_with("s3-outposts")) return S3Endpoint::outposts;
    if (label.starts_with("s3-control")) return S3Endpoint::control;
    if (label.starts_with("s3-")) return S3Endpoint::general;  // s3-us-west-2, s3-fips, s3-accelerate, s3-website
    return std::nullopt;
}

/// The part of `name` before the label that begins at `at`.
std::string_view before(std::string_view name, std::size_t at) { return name.substr(0, at == 0 ? 0 : at - 1); }

/// Finds the right-most label of S3 in a name without its domain.
S3Host read_labels(std::string_view name) {
    for (auto end = name.size(); end != std::string_view::npos;) {
        const auto dot = end == 0 ? std::string_view::npos : name.rfind('.', end - 1);
        const auto begin = dot == std::string_view::npos ? 0 : dot + 1;
        if (const auto kind = kind_of_label(name.substr(begin, end - begin))) {
            auto bucket = before(name, begin);
            if (*kind == S3Endpoint::control || *kind == S3Endpoint::express_control) bucket = {};
            if (*kind == S3Endpoint::outposts) bucket = bucket.substr(0, bucket.find('.'));
            if (bucket.ends_with(".accesspoint")) bucket.remove_suffix(std::string_view(".accesspoint").size());
            return {bucket, *kind, true};
        }
        end = dot;
    }
    return {};
}

S3Host behind_bucket(std::string_view host, std::string_view endpoint) {
    return {host.substr(0, host.size() - endpoint.size() - 1), S3Endpoint::general, true};
}

bool is_usual_endpoint(std::string_view name) {
    return name == "localhost" || name == "s3" || name.starts_with("s3.") ||
           (is_ip_host(name) && !name.starts_with('['));
}

}  // namespace

S3Host read_s3_host(std::string_view host, std::span<const std::string> endpoint_names) {
    for (const auto& name : endpoint_names) {
        if (host == name) return {{}, S3Endpoint::general, true};
        if (host.size() > name.size() + 1 && host.ends_with(name) && host[host.size() - name.size() - 1] == '.')
            return behind_bucket(host, name);
    }
    if (is_ip_host(host)) return {};
    for (const auto domain : own_domains)
        if (host.ends_with(domain)) return read_labels(host.substr(0, host.size() - domain.size()));
    if (!endpoint_names.empty() || is_usual_endpoint(host)) return {};
    for (auto dot = host.find('.'); dot != std::string_view::npos; dot = host.find('.', dot + 1))
        if (is_usual_endpoint(host.substr(dot + 1))) return behind_bucket(host, host.substr(dot + 1));
    return {};
}

S3Address read_s3_address(const S3Host& host, std::string_view path) {
    S3Address address{std::string(host.bucket), {}, host.endpoint};
    if (!path.starts_with('/')) return address;  // "*" of OPTIONS
    path.remove_prefix(1);
    if (host.bucket.empty() && host.endpoint != S3Endpoint::control) {
        const auto end = std::min(path.find('/'), path.size());
        address.bucket = decode_lenient(path.substr(0, end), false);
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    address.key = decode_lenient(path, false);
    return address;
}

}  // namespace cairn::wire
