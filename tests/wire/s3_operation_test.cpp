#include "wire/s3_operation.h"

#include <gtest/gtest.h>

#include "wire/body_form.h"
#include "wire/post_form.h"

using namespace cairn;
using namespace cairn::wire;

TEST(S3Address, BucketAndKeyOfHostAndPath) {
    const std::vector<std::string> none, minio{"minio.example.com", "s3.local"};
    const struct {
        const char *host, *path;
        const std::vector<std::string>& names;
        const char *bucket, *key;
        S3Endpoint endpoint;
    } rows[] = {
        {"s3.amazonaws.com", "/b/k", none, "b", "k", S3Endpoint::general},
        {"s3.eu-west-1.amazonaws.com", "/b/a//b/", none, "b", "a//b/", S3Endpoint::general},
        {"b.s3.eu-west-1.amazonaws.com", "/a%20b%2Bc", none, "b", "a b+c", S3Endpoint::general},
        {"b.s3-eu-west-1.amazonaws.com", "/k", none, "b", "k", S3Endpoint::general},
        {"b.with.dots.s3.dualstack.us-east-1.amazonaws.com", "/k", none, "b.with.dots", "k", S3Endpoint::general},
        {"b.s3-accelerate.amazonaws.com", "/k", none, "b", "k", S3Endpoint::general},
        {"b.s3-website-us-east-1.amazonaws.com", "/k", none, "b", "k", S3Endpoint::general},
        {"b.s3.cn-north-1.amazonaws.com.cn", "/k", none, "b", "k", S3Endpoint::general},
        {"my.s3.bucket.s3.us-east-1.amazonaws.com", "/k", none, "my.s3.bucket", "k", S3Endpoint::general},
        {"ap-123456789012.s3-accesspoint.us-east-1.amazonaws.com", "/k", none, "ap-123456789012", "k",
         S3Endpoint::access_point},
        {"mrap.accesspoint.s3-global.amazonaws.com", "/k", none, "mrap", "k", S3Endpoint::access_point},
        {"ap-123456789012.s3-object-lambda.us-east-1.amazonaws.com", "/k", none, "ap-123456789012", "k",
         S3Endpoint::object_lambda},
        {"ap-1.op-01ac.s3-outposts.us-east-1.amazonaws.com", "/k", none, "ap-1", "k", S3Endpoint::outposts},
        {"b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "/k", none, "b--use1-az4--x-s3", "k",
         S3Endpoint::express},
        {"s3express-control.us-east-1.amazonaws.com", "/b", none, "b", "", S3Endpoint::express_control},
        {"b.s3.localhost.localstack.cloud", "/k", none, "b", "k", S3Endpoint::general},
        {"127.0.0.1", "/b/k", none, "b", "k", S3Endpoint::general},
        {"[::1]", "/b/k", none, "b", "k", S3Endpoint::general},
        {"localhost", "/b/k", none, "b", "k", S3Endpoint::general},
        {"b.localhost", "/k", none, "b", "k", S3Endpoint::general},
        {"gateway.example.com", "/b/k", none, "b", "k", S3Endpoint::general},
        {"minio.example.com", "/b/k", minio, "b", "k", S3Endpoint::general},
        {"b.minio.example.com", "/k", minio, "b", "k", S3Endpoint::general},
        {"b.minio.example.com", "/", minio, "b", "", S3Endpoint::general},
        {"b.s3.local", "/k", minio, "b", "k", S3Endpoint::general},
        {"b.localhost", "/c/k", minio, "c", "k", S3Endpoint::general},  // not one of the names that are configured
        {"b.s3.us-east-1.amazonaws.com", "/k", minio, "b", "k", S3Endpoint::general},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.host) + row.path);
        const auto address = read_s3_address(read_s3_host(row.host, row.names), row.path);
        EXPECT_EQ(address.bucket, row.bucket);
        EXPECT_EQ(address.key, row.key);
        EXPECT_EQ(address.endpoint, row.endpoint);
    }
}

TEST(S3Operation, IsFoundByMethodAddressAndSubResource) {
    const struct {
        const char *method, *target, *operation;
        std::vector<HeaderView> headers = {};
    } rows[] = {
        {"GET", "/", "ListBuckets"},
        {"HEAD", "/b", "HeadBucket"},
        {"GET", "/b", "ListObjects"},
        {"GET", "/b/?list-type=2&prefix=acl", "ListObjectsV2"},
        {"GET", "/b?versions&prefix=x", "ListObjectVersions"},
        {"GET", "/b?location=", "GetBucketLocation"},
        {"GET", "/b?inventory&id=1", "GetBucketInventoryConfiguration"},
        {"GET", "/b?inventory", "ListBucketInventoryConfigurations"},
        {"GET", "/b?%61cl", "GetBucketAcl"},
        {"PUT", "/b?lifecycle", "PutBucketLifecycleConfiguration"},
        {"PUT", "/b", "CreateBucket"},
        {"DELETE", "/b?policy", "DeleteBucketPolicy"},
        {"DELETE", "/b", "DeleteBucket"},
        {"POST", "/b?delete", "DeleteObjects"},
        {"POST", "/b", "PostObject", {{"Content-Type", "multipart/form-data; boundary=x"}}},
        {"POST", "/b", ""},
        {"OPTIONS", "/b/k", "PreflightRequest"},
        {"GET", "/b/k?partNumber=3&versionId=null&response-content-type=x&x-id=GetObject", "GetObject"},
        {"GET", "/b/k?uploadId=1", "ListParts"},
        {"GET", "/b/k?acl", "GetObjectAcl"},
        {"GET", "/b/k?tagging=", "GetObjectTagging"},
        {"GET", "/b/k?attributes", "GetObjectAttributes"},
        {"HEAD", "/b/k?acl", "HeadObject"},
        {"PUT", "/b/k", "PutObject"},
        {"PUT", "/b/k", "CopyObject", {{"X-Amz-Copy-Source", "/b/other"}}},
        {"PUT", "/b/k?uploadId=1&partNumber=1", "UploadPart"},
        {"PUT", "/b/k?partNumber=1&uploadId=1", "UploadPartCopy", {{"x-amz-copy-source", "b/other"}}},
        {"PUT", "/b/k?legal-hold", "PutObjectLegalHold"},
        {"PUT", "/b/k?renameObject", "RenameObject"},
        {"POST", "/b/k?uploads", "CreateMultipartUpload"},
        {"POST", "/b/k?uploadId=1", "CompleteMultipartUpload"},
        {"POST", "/b/k?select&select-type=2", "SelectObjectContent"},
        {"POST", "/b/k?restore", "RestoreObject"},
        {"DELETE", "/b/k?uploadId=1", "AbortMultipartUpload"},
        {"DELETE", "/b/k?tagging", "DeleteObjectTagging"},
        {"DELETE", "/b/k?versionId=1", "DeleteObject"},
        {"PATCH", "/b/k", ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.method) + " " + row.target);
        const CallHead call{row.method, row.target, row.headers, {}};
        EXPECT_EQ(s3_operation(call, Parameters::of_query(call.query()), read_s3_address({}, call.path())),
                  row.operation);
    }
}

TEST(PostForm, FieldsBeforeTheFileAreRead) {
    const std::string body =
        "--x\r\nContent-Disposition: form-data; name=\"Key\"\r\n\r\nuploads/${filename}\r\n"
        "--x\r\nContent-Disposition: form-data; "
        "name=\"x-amz-credential\"\r\n\r\nAKID/20260102/us-east-1/s3/aws4_request\r\n"
        "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\nContent-Type: "
        "text/plain\r\n\r\n";
    const auto form = read_post_form("multipart/form-data; boundary=\"x\"", body + "content\r\n--x--\r\n");
    EXPECT_TRUE(form.complete);
    EXPECT_EQ(form.key(), "uploads/a b.txt");
    EXPECT_EQ(form.find("x-amz-credential"), "AKID/20260102/us-east-1/s3/aws4_request");
    EXPECT_EQ(form.find("policy"), "");
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {  // the first bytes of a body end anywhere
        SCOPED_TRACE(cut);
        const auto part = read_post_form("multipart/form-data; boundary=x", std::string_view(body).substr(0, cut));
        EXPECT_EQ(part.complete, cut >= body.size());
        EXPECT_LE(part.fields.size(), 2u);
    }
    EXPECT_TRUE(read_post_form("multipart/form-data", body).fields.empty());
    EXPECT_TRUE(read_post_form("multipart/form-data; boundary=y", body).fields.empty());
}

TEST(BodyForm, IsWhatTheHeadersSay) {
    using Framing = BodyForm::Framing;
    const std::string hash(64, 'a');
    const struct {
        std::vector<HeaderView> headers;
        Framing framing;
        bool hash_signed, trailer, ecdsa, gzip;
        std::optional<std::uint64_t> length;
    } rows[] = {
        {{{"x-amz-content-sha256", hash}, {"content-length", "12"}}, Framing::plain, true, false, false, false, 12},
        {{{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}}, Framing::plain, false, false, false, false, {}},
        {{{"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"},
          {"x-amz-decoded-content-length", "5"},
          {"content-length", "99"}},
         Framing::aws_chunked_signed,
         false,
         false,
         false,
         false,
         5},
        {{{"x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"},
          {"content-encoding", "aws-chunked,gzip"}},
         Framing::aws_chunked_signed,
         false,
         true,
         true,
         true,
         {}},
        {{{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}, {"x-amz-decoded-content-length", "x"}},
         Framing::aws_chunked_unsigned,
         false,
         true,
         false,
         false,
         {}},
        {{}, Framing::plain, false, false, false, false, {}},
    };
    for (const auto& row : rows) {
        const auto form = read_body_form({"PUT", "/b/k", row.headers, {}});
        EXPECT_EQ(form.framing, row.framing);
        EXPECT_EQ(form.hash_signed, row.hash_signed);
        EXPECT_EQ(form.trailer, row.trailer);
        EXPECT_EQ(form.ecdsa, row.ecdsa);
        EXPECT_EQ(form.gzip, row.gzip);
        EXPECT_EQ(form.decoded_length, row.length);
    }
}
