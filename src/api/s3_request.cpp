#include "api/s3_request.h"

#include <algorithm>
#include <charconv>

#include "wire/host_name.h"
#include "wire/s3.h"
#include "wire/s3_address.h"

namespace cairn::api {

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

std::expected<S3Request, wire::ApiError> read_s3_request(const net::Request& request) {
    S3Request read;
    auto rest = request.path();
    if (rest.starts_with('/')) rest.remove_prefix(1);
    bool bucket_ok = true, key_ok = true;
    read.bucket = wire::read_s3_host(wire::plain_host(request.find("host")), {}).bucket;
    read.in_host = !read.bucket.empty();
    if (!read.in_host) {
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
