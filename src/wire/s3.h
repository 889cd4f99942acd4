#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "net/http.h"
#include "wire/errors.h"
#include "wire/xml.h"

namespace cairn::wire {

/// Answers of S3 (Amazon S3 API reference, "REST error responses" and "Common response headers").

inline constexpr std::string_view s3_namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

/// One row of the table of S3's error codes.
struct S3Error {
    std::string_view code;
    int status;
    std::string_view text;  ///< what S3 says of it; empty: it depends
};

/// Null when the table has no row of that name.
const S3Error* find_s3_error(std::string_view code);

/// The error `code` of the table in the words of S3.
ApiError s3_fault(std::string_view code);

/// What a request was about; empty parts are left out of the answer.
struct S3Place {
    std::string bucket, key, resource;
};

/// "2026-11-21T16:00:00.000Z": always with milliseconds.
std::string s3_time(Time time);

/// The finished document as an answer.
net::Response s3_document(XmlWriter xml, int status = 200);

/// An error; `with_body` is false for HEAD. Codes that the table does not have are answered with 500.
net::Response s3_error(const ApiError& error, const S3Place& place, std::string_view request_id, bool with_body = true);

/// Adds what every answer of S3 has: the ids of the request and who answers.
void add_s3_headers(net::Response& response, std::string_view request_id);

}  // namespace cairn::wire
