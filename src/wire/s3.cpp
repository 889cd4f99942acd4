#include "wire/s3.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/utf8.h"

namespace cairn::wire {

namespace {

constexpr std::size_t message_bytes_max = 8 * 1024;

constexpr S3Error table[] = {
    {"AccessDenied", 403, "Access Denied"},
    {"AccessForbidden", 403, "CORSResponse: CORS is not enabled for this bucket."},
    {"AuthorizationHeaderMalformed", 400, ""},
    {"AuthorizationQueryParametersError", 400, ""},
    {"BucketAlreadyExists", 409,
     "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please "
     "select a different name and try again."},
    {"BucketAlreadyOwnedByYou", 409,
     "Your previous request to create the named bucket succeeded and you already own it."},
    {"BucketNotEmpty", 409, "The bucket you tried to delete is not empty"},
    {"EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size"},
    {"ExpiredToken", 400, "The provided token has expired."},
    {"InternalError", 500, "We encountered an internal error. Please try again."},
    {"InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."},
    {"InvalidArgument", 400, ""},
    {"InvalidBucketAclWithObjectOwnership", 400,
     "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"},
    {"InvalidBucketName", 400, "The specified bucket is not valid."},
    {"InvalidLocationConstraint", 400, "The specified location-constraint is not valid"},
    {"InvalidPartNumber", 416, "The requested partnumber is not satisfiable"},
    {"InvalidRange", 416, "The requested range is not satisfiable"},
    {"InvalidRequest", 400, ""},
    {"InvalidURI", 400, "Couldn't parse the specified URI."},
    {"KeyTooLongError", 400, "Your key is too long"},
    {"MalformedPolicy", 400, ""},
    {"MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema"},
    {"MethodNotAllowed", 405, "The specified method is not allowed against this resource."},
    {"NoSuchBucket", 404, "The specified bucket does not exist"},
    {"NoSuchBucketPolicy", 404, "The bucket policy does not exist"},
    {"NoSuchCORSConfiguration", 404, "The CORS configuration does not exist"},
    {"NoSuchKey", 404, "The specified key does not exist."},
    {"NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist"},
    {"NoSuchTagSet", 404, "The TagSet does not exist"},
    {"NoSuchUpload", 404,
     "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted "
     "or completed."},
    {"NoSuchVersion", 404, "The specified version does not exist."},
    {"NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration"},
    {"NotImplemented", 501, "A header or query you provided requested a function that is not implemented."},
    {"ObjectLockConfigurationNotFoundError", 404, "Object Lock configuration does not exist for this bucket"},
    {"PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold"},
    {"ReplicationConfigurationNotFoundError", 404, "The replication configuration was not found"},
    {"RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."},
    {"RequestTimeout", 400,
     "Your socket connection to the server was not read from or written to within the timeout period."},
    {"ServiceUnavailable", 503, "Service is unable to handle request."},
    {"SignatureDoesNotMatch", 403,
     "The request signature we calculated does not match the signature you provided. Check your key and signing "
     "method."},
    {"SlowDown", 503, "Please reduce your request rate."},
    {"XAmzContentSHA256Mismatch", 400, "The provided 'x-amz-content-sha256' header does not match what was computed."},
};

}  // namespace

const S3Error* find_s3_error(std::string_view code) {
    const auto* row = std::ranges::find(table, code, &S3Error::code);
    return row == std::end(table) ? nullptr : row;
}

ApiError s3_fault(std::string_view code) {
    const auto* row = find_s3_error(code);
    return {std::string(code), row ? std::string(row->text) : std::string()};
}

std::string s3_time(Time time) {
    auto text = format_time(time);
    if (text.find('.') == std::string::npos) text.insert(text.size() - 1, ".000");
    return text;
}

net::Response s3_document(XmlWriter xml, int status) {
    return {.status = status,
            .headers = {{"Content-Type", "application/xml"}},
            .body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + xml.take()};
}

net::Response s3_error(const ApiError& error, const S3Place& place, std::string_view request_id, bool with_body) {
    const auto* row = find_s3_error(error.code);
    const auto status = row ? row->status : 500;
    if (!with_body) {
        net::Response response{.status = status, .headers = {{"Content-Type", "application/xml"}}, .body = {}};
        add_s3_headers(response, request_id);
        return response;
    }
    XmlWriter xml;
    xml.open("Error");
    xml.text("Code", valid_utf8(error.code));
    xml.text("Message", valid_utf8(error.message, message_bytes_max));
    if (!place.bucket.empty()) xml.text("BucketName", valid_utf8(place.bucket));
    if (!place.key.empty()) xml.text("Key", valid_utf8(place.key));
    if (!place.resource.empty()) xml.text("Resource", valid_utf8(place.resource, message_bytes_max));
    xml.text("RequestId", request_id);
    xml.text("HostId", to_base64(request_id));
    xml.close("Error");
    auto response = s3_document(std::move(xml), status);
    add_s3_headers(response, request_id);
    return response;
}

void add_s3_headers(net::Response& response, std::string_view request_id) {
    response.headers.emplace_back("x-amz-request-id", request_id);
    response.headers.emplace_back("x-amz-id-2", to_base64(request_id));
    response.headers.emplace_back("Server", "cairn");
}

}  // namespace cairn::wire
