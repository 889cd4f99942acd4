#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::s3 {

/// Where the bucket of a request stands (Amazon S3 user guide, "Virtual hosting of general purpose buckets").
enum class BucketPlace : unsigned char {
    automatic,  ///< in the host name at amazonaws.com, in the path everywhere else
    path,
    host,
};

using Query = std::vector<std::pair<std::string, std::string>>;

/// What a request is sent to.
struct Destination {
    std::string endpoint;  ///< "https://bucket.s3.eu-west-1.amazonaws.com"
    std::string host;      ///< what the Host header says
    std::string target;    ///< path and query, encoded as a signature needs them
};

/// An S3 endpoint.
class Address {
public:
    /// `endpoint` is a URL; a path of it stays before every bucket. Error: invalid.
    static Result<Address> parse(std::string_view endpoint, BucketPlace place);

    /// `bucket` empty: the service itself; `key` empty: the bucket itself. At AWS the region of the bucket is part of
    /// the host.
    Destination of(std::string_view bucket, std::string_view key, const Query& query, std::string_view region) const;

    bool tls() const { return scheme_ == "https"; }

    /// AWS itself, not one of those who speak its language.
    bool aws() const { return aws_; }

private:
    bool in_host(std::string_view bucket) const;
    std::string authority_in(std::string_view region) const;

    std::string scheme_, authority_, base_path_;
    BucketPlace place_ = BucketPlace::automatic;
    bool aws_ = false;
};

/// What a new bucket may be called ("General purpose bucket naming rules"): 3 to 63 of a-z, 0-9, '.', '-'.
bool is_bucket_name(std::string_view name);

/// What can stand in a request as a bucket: also what very old ones are called.
bool is_bucket_in_path(std::string_view name);

}  // namespace cairn::s3
