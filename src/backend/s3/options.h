#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "backend/s3/address.h"

namespace cairn {

/// A real S3 and how patient one is with it.
struct S3Options {
    std::string endpoint;              ///< URL
    std::string region = "us-east-1";  ///< for signatures; that of a bucket is learned when the server tells it
    s3::BucketPlace bucket_place = s3::BucketPlace::automatic;
    std::string ca_file;  ///< PEM to trust besides the system's

    int attempts_max = 4;  ///< of one call, the first included
    /// Before attempt n a random time up to `back_off_least` doubled n-1 times, at most `back_off_most` ("Exponential
    /// backoff and jitter", AWS architecture blog: full jitter).
    std::chrono::milliseconds back_off_least{100}, back_off_most{5'000};
    std::chrono::milliseconds no_attempt_after{60'000};  ///< since the first one began
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds silence_timeout{20'000};  ///< no byte for that long ends an attempt

    std::size_t multipart_bytes = 64 << 20;  ///< objects above go in parts
    std::size_t part_bytes = 16 << 20;       ///< of these at least; S3 takes 10,000 of 5 MB or more
};

}  // namespace cairn
