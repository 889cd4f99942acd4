// Answers of a foreign S3 server, and endpoints of a configuration: read or refused, never a crash.
#include <cstdint>
#include <string>

#include "backend/s3/address.h"
#include "backend/s3/answers.h"
#include "backend/s3/error.h"

using namespace cairn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    (void)s3::read_listing(bytes);
    (void)s3::read_buckets(bytes);
    (void)s3::read_upload_id(bytes);
    net::Response response;
    response.status = 400;
    response.body = bytes;
    const std::string value(bytes.substr(0, bytes.find('\n')));
    for (const char* name :
         {"Content-Range", "Content-Length", "Last-Modified", "ETag", "x-amz-meta-a", "x-amz-bucket-region"})
        response.headers.emplace_back(name, value);
    (void)s3::read_completion(response);
    (void)s3::read_info(response);
    (void)s3::error_of(response.status, s3::read_refusal(response, true));
    if (const auto address = s3::Address::parse(value, s3::BucketPlace::automatic))
        (void)address->of("bucket", bytes, {{"q", value}}, "eu-west-1");
    return 0;
}
