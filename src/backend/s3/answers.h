#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/http.h"
#include "seam/object_store.h"

namespace cairn::s3 {

/// What S3 answers, read (Amazon S3 API reference). Error of all: unavailable, when an answer is not what it must be.

Result<ListPage> read_listing(std::string_view xml);
Result<std::vector<BucketInfo>> read_buckets(std::string_view xml);
Result<std::string> read_upload_id(std::string_view xml);

/// The ETag of a finished upload. Errors besides: what the answer says, which can be an error under a status of 200.
Result<std::string> read_completion(const net::Response& response);

/// Size, times and headers of a whole object, from the answer to GET (of a range, too) or HEAD.
Result<ObjectInfo> read_info(const net::Response& response);

/// Without the quotes around it.
std::string unquoted(std::string_view etag);

/// The body of CompleteMultipartUpload; parts count from one.
std::string completion_xml(const std::vector<std::string>& etags);

}  // namespace cairn::s3
