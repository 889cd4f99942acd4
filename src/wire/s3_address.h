#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cairn::wire {

/// How a request to S3 is addressed (Amazon S3 user guide, "Virtual hosting of general purpose buckets", "Access
/// points", "Regional and Zonal endpoint APIs for directory buckets").
enum class S3Endpoint : std::uint8_t {
    general,
    access_point,  ///< also a multi-Region one; the bucket is its alias
    object_lambda,
    outposts,
    express,          ///< of a zone: directory buckets
    express_control,  ///< of a Region: directory buckets are made and listed
    control,          ///< account level
};

/// What the name of a host says.
struct S3Host {
    std::string_view bucket;  ///< part of the host's name; empty: the bucket is in the path
    S3Endpoint endpoint = S3Endpoint::general;
    bool known = false;  ///< the name is one of S3
};

/// `host` as plain_host() gives it. `endpoint_names`, in lower case, are the names under which S3 is reached
/// (MINIO_DOMAIN, rgw_dns_name); with any given only these and AWS's own names are taken for endpoints. Otherwise so
/// are "localhost", IPv4 addresses behind a bucket, and names of which a label is "s3".
S3Host read_s3_host(std::string_view host, std::span<const std::string> endpoint_names);

/// What a request to S3 names, decoded.
struct S3Address {
    std::string bucket;  ///< empty: the service itself
    std::string key;     ///< empty: the bucket
    S3Endpoint endpoint = S3Endpoint::general;
};

/// `path`: raw, with its first slash.
S3Address read_s3_address(const S3Host& host, std::string_view path);

}  // namespace cairn::wire
