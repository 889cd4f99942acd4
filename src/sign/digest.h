#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::sign {

/// SHA-256 as 32 bytes, and as 64 lower-case hex digits.
std::string sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

/// MD5 as 32 lower-case hex digits: what S3 calls the ETag of an object put whole. Proves nothing.
std::string md5_hex(std::string_view bytes);

/// HMAC-SHA256 as 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// HMAC-SHA1 as 20 bytes: only for signatures of version 2.
std::string hmac_sha1(std::string_view key, std::string_view bytes);

/// Compares without telling by time where the texts differ.
bool equal_in_constant_time(std::string_view one, std::string_view other);

}  // namespace cairn::sign
