#include "api/s3_request.h"

#include <algorithm>
#include <charconv>

#include "policy/network.h"
#include "sign/text.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

bool is_endpoint(std::string_view name) {
    if (name == "localhost" || name == "s3" || name.starts_with("s3.")) return true;
    if (name.starts_with("s3-") && name.ends_with(".amazonaws.com")) return true;
    const auto address = policy::parse_network(name);
    return address && !address->v6 && name.find('/') == std::string_view::npos;
}

std::string_view without_port(std::string_view host) {
    const auto colon = host.rfind(':');
    return colon == std::string_view::npos || host.ends_with(']') ? host : host.substr(0, colon);
}

}  // namespace

const std::string* S3Request::find(std::string_view name) const {
    const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
    return found == query.end() ? nullptr : &found->second;
}

std::string S3Request::text(std::string_view name) const {
    const auto* found = find(name);
    return found ? *found : std::string();
}

std::optional<std::size_t> read_count(std::string_view text) {
    std::size_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

std::string bucket_of_host(std::string_view host) {
    const auto name = sign::lower_case(without_port(host));
    if (is_endpoint(name)) return {};
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
        if (is_endpoint(std::string_view(name).substr(dot + 1))) return name.substr(0, dot);
    return {};
}

std::expected<S3Request, wire::ApiError> read_s3_request(const net::Request& request) {
    S3Request read;
    auto rest = request.path();
    if (rest.starts_with('/')) rest.remove_prefix(1);
    bool bucket_ok = true, key_ok = true;
    read.bucket = bucket_of_host(request.find("host"));
    if (read.bucket.empty()) {
        const auto end = std::min(rest.find('/'), rest.size());
        read.bucket = net::percent_decode(rest.substr(0, end), &bucket_ok);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    read.key = net::percent_decode(rest, &key_ok);
    if (!bucket_ok || !key_ok) return std::unexpected(wire::s3_fault("InvalidURI"));
    read.query = net::parse_query(request.query());
    return read;
}

}  // namespace cairn::api
