#include "backend/s3/address.h"

#include <algorithm>

#include <fmt/format.h>

#include "sign/text.h"

namespace cairn::s3 {

namespace {

constexpr std::string_view aws_domains[] = {".amazonaws.com", ".amazonaws.com.cn"};

std::string_view without_port(std::string_view authority) { return authority.substr(0, authority.rfind(':')); }

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

Result<Address> Address::parse(std::string_view endpoint, BucketPlace place) {
    const auto scheme_end = endpoint.find("://");
    Address address;
    address.scheme_ = endpoint.substr(0, scheme_end == std::string_view::npos ? 0 : scheme_end);
    if (address.scheme_ != "http" && address.scheme_ != "https")
        return fail(Code::invalid, fmt::format("S3 endpoint {} does not begin with http:// or https://", endpoint));
    const auto rest = endpoint.substr(scheme_end + 3);
    const auto slash = std::min(rest.find('/'), rest.size());
    address.authority_ = rest.substr(0, slash);
    address.base_path_ = rest.substr(slash);
    while (address.base_path_.ends_with('/')) address.base_path_.pop_back();
    if (address.authority_.empty() || address.authority_.find_first_of("@?# ") != std::string::npos ||
        endpoint.find_first_of("?# ") != std::string_view::npos)
        return fail(Code::invalid, fmt::format("S3 endpoint {} is not of the form https://HOST:PORT", endpoint));
    address.place_ = place;
    address.aws_ = std::ranges::any_of(aws_domains,
                                       [&](auto domain) { return without_port(address.authority_).ends_with(domain); });
    return address;
}

bool Address::in_host(std::string_view bucket) const {
    if (bucket.empty() || place_ == BucketPlace::path) return false;
    if (place_ == BucketPlace::host) return true;
    // A certificate for *.s3... does not cover a name with another dot in it.
    return aws_ && is_bucket_name(bucket) && !(tls() && bucket.contains('.'));
}

std::string Address::authority_in(std::string_view region) const {
    if (!aws_ || region.empty()) return authority_;
    const bool plain = authority_ == "s3.amazonaws.com";
    const auto begin = authority_.find("s3.");
    if (!plain && begin != 0) return authority_;  // an access point or another special one is in one region
    const auto domain =
        std::ranges::find_if(aws_domains, [&](auto one) { return without_port(authority_).ends_with(one); });
    return fmt::format("s3.{}{}", region, *domain);
}

Destination Address::of(std::string_view bucket, std::string_view key, const Query& query,
                        std::string_view region) const {
    Destination made;
    const bool host = in_host(bucket);
    made.host = (host ? std::string(bucket) + "." : std::string()) + authority_in(region);
    made.endpoint = scheme_ + "://" + made.host;
    made.target = base_path_;
    if (!bucket.empty() && !host) {
        made.target += '/';
        sign::append_encoded(made.target, bucket);
    }
    if (!key.empty() || host || bucket.empty()) made.target += '/';
    sign::append_encoded(made.target, key, true);
    char separator = '?';
    for (const auto& [name, value] : query) {
        made.target += std::exchange(separator, '&');
        sign::append_encoded(made.target, name);
        made.target += '=';
        sign::append_encoded(made.target, value);
    }
    return made;
}

bool is_bucket_name(std::string_view name) {
    return name.size() >= 3 && name.size() <= 63 && is_lower_or_digit(name.front()) && is_lower_or_digit(name.back()) &&
           !name.contains("..") &&
           std::ranges::all_of(name, [](char c) { return is_lower_or_digit(c) || c == '.' || c == '-'; });
}

bool is_bucket_in_path(std::string_view name) {
    return !name.empty() && name.size() <= 255 && name != "." && name != ".." && std::ranges::all_of(name, [](char c) {
        return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
    });
}

}  // namespace cairn::s3
