#pragma once

#include <string>
#include <string_view>

#include "backend/s3/client.h"
#include "net/http.h"

namespace cairn::s3 {

/// Writes an object in parts (Amazon S3 user guide, "Uploading and copying objects using multipart upload") and returns
/// its ETag. `headers` are those of the object. When it fails the parts are taken away again, as far as the server
/// still answers.
Result<std::string> put_in_parts(Client& client, const std::string& bucket, const std::string& key,
                                 std::string_view bytes, net::Headers headers);

}  // namespace cairn::s3
