#pragma once

#include <string>

#include "base/result.h"
#include "net/http.h"

namespace cairn::s3 {

/// What an answer of S3 that is no success says (Amazon S3 API reference, "Error responses").
struct Refusal {
    std::string code;  ///< "SlowDown"; of an answer without a body what its status means
    std::string message;
    std::string region;  ///< where the bucket is, when the answer tells
};

/// `about_object`: what is missing is a key, else a bucket; only asked when there is no body.
Refusal read_refusal(const net::Response& response, bool about_object);

/// The same call may succeed in a moment: the server is busy, stumbled, or lost the connection.
bool may_be_tried_again(int status, const Refusal& refusal);

/// As seam/object_store.h wants errors; the message begins with the code.
Error error_of(int status, const Refusal& refusal);

}  // namespace cairn::s3
