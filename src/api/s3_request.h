#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.h"
#include "wire/errors.h"

namespace cairn::api {

/// What a request to S3 names, decoded.
struct S3Request {
    std::string bucket;    ///< empty: the service itself
    std::string key;       ///< empty: the bucket
    bool in_host = false;  ///< the host names the bucket, not the path
    std::vector<std::pair<std::string, std::string>> query;

    /// Null when the query does not name it.
    const std::string* find(std::string_view name) const;
    std::string text(std::string_view name) const;  ///< empty when it is not there
};

/// Path style or virtual-host style (Amazon S3 user guide, "Virtual hosting of general purpose buckets"). Error:
/// InvalidURI.
std::expected<S3Request, wire::ApiError> read_s3_request(const net::Request& request);

/// A number of things; empty when `text` is none.
std::optional<std::size_t> read_count(std::string_view text);

}  // namespace cairn::api
