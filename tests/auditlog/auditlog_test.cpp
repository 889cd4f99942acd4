#include "auditlog/auditlog.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "event/record.h"

namespace cairn::auditlog {
namespace {

const Home home{"111122223333", "eu-west-1"};
const std::string_view canary = "c0ffee5ec2e7";

std::vector<Json> records(Format format, std::string_view entry) {
    const auto texts = records_of(format, entry, home);
    EXPECT_TRUE(texts.has_value()) << texts.error().message;
    std::vector<Json> out;
    for (auto text : texts.value_or(std::vector<std::string>())) {
        EXPECT_EQ(text.find(canary), std::string::npos) << text;
        out.push_back(parse_json(text).value_or(Json()));
        text.reserve(text.size() + RecordParser::padding);
        EXPECT_TRUE(RecordParser().parse(text).has_value()) << text;
    }
    return out;
}

Json only_record(Format format, std::string_view entry) {
    auto all = records(format, entry);
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Json() : all.front();
}

std::string minio_entry(std::string_view api, std::string_view more) {
    return R"({"version":"1","deploymentid":"d","time":"2026-11-21T16:00:00.123456789Z","event":"","trigger":"incoming","api":{)" +
           std::string(api) +
           R"(,"timeToResponse":"1ns"},"remotehost":"192.0.2.7","requestID":"17F0A1B2C3D4E5F6","userAgent":"MinIO (linux; amd64) minio-go/v7",)" +
           R"("requestHost":"minio.example.com:9000","requestClaims":{"accessKey":"svc"},"accessKey":"SVCKEY","parentUser":"mia",)" +
           std::string(more) + "}";
}

TEST(AuditLog, AnObjectThatMinioStoredIsAPutObject) {
    const auto record = only_record(
        Format::minio_audit,
        minio_entry(
            R"("name":"PutObject","bucket":"photos","object":"a b/ü.jpg","status":"OK","statusCode":200,"rx":1200,"tx":0)",
            R"("requestPath":"/photos/a b/ü.jpg","requestQuery":{"x-id":"PutObject"},"requestHeader":{"Authorization":"AWS4-HMAC-SHA256 )"
            R"(Credential=SVCKEY/20261121/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=c0ffee5ec2e7","X-Amz-Security-Token":"c0ffee5ec2e7",)"
            R"("X-Amz-Content-Sha256":"STREAMING-UNSIGNED-PAYLOAD-TRAILER","X-Amz-Decoded-Content-Length":"1000","Content-Length":"1200","User-Agent":"aws-cli/2","X-Amz-Server-Side-Encryption-Customer-Key":"c0ffee5ec2e7",)"
            R"("X-Amz-Storage-Class":"STANDARD"})"));
    EXPECT_EQ(record.text("eventSource"), "s3.amazonaws.com");
    EXPECT_EQ(record.text("eventName"), "PutObject");
    EXPECT_EQ(record.text("eventCategory"), "Data");
    EXPECT_EQ(record.text("eventTime"), "2026-11-21T16:00:00Z");
    EXPECT_EQ(record.text("awsRegion"), "eu-central-1");
    EXPECT_EQ(record.text("sourceIPAddress"), "192.0.2.7");
    EXPECT_EQ(record.text("requestID"), "17F0A1B2C3D4E5F6");
    EXPECT_EQ(record.text("userAgent"), "[aws-cli/2]");
    const auto& parameters = *record.find("requestParameters");
    EXPECT_EQ(parameters.text("bucketName"), "photos");
    EXPECT_EQ(parameters.text("key"), "a b/ü.jpg");
    EXPECT_EQ(parameters.text("Host"), "minio.example.com:9000");
    EXPECT_EQ(parameters.text("x-amz-storage-class"), "STANDARD");
    const auto& identity = *record.find("userIdentity");
    EXPECT_EQ(identity.text("type"), "IAMUser");
    EXPECT_EQ(identity.text("userName"), "mia");
    EXPECT_EQ(identity.text("accessKeyId"), "SVCKEY");
    EXPECT_EQ(identity.text("arn"), "arn:aws:iam::111122223333:user/mia");
    const auto& more = *record.find("additionalEventData");
    EXPECT_EQ(more.text("SignatureVersion"), "SigV4");
    EXPECT_EQ(more.find("bytesTransferredIn")->as_integer(), 1000);
    EXPECT_EQ(record.find("resources")->as_array().front().text("ARN"), "arn:aws:s3:::photos/a b/ü.jpg");
}

TEST(AuditLog, MinioNamesItsCallsDifferently) {
    const struct {
        const char *api, *query, *name;
        bool object = false, read_only = false;
    } rows[] = {
        {"PutBucket", "", "CreateBucket"},
        {"HeadBucket", "", "HeadBucket", false, true},
        {"DeleteBucket", "", "DeleteBucket"},
        {"ListObjectsV2", R"("list-type":"2","prefix":"a/")", "ListObjects", false, true},
        {"ListObjectsV1", "", "ListObjects", false, true},
        {"ListObjectVersions", R"("versions":"")", "ListObjectVersions", false, true},
        {"PutBucketPolicy", R"("policy":"")", "PutBucketPolicy"},
        {"GetBucketLifecycle", R"("lifecycle":"")", "GetBucketLifecycle", false, true},
        {"PutBucketObjectLockConfig", R"("object-lock":"")", "PutBucketObjectLockConfiguration"},
        {"NewMultipartUpload", R"("uploads":"")", "CreateMultipartUpload", true},
        {"PutObjectPart", R"("partNumber":"1","uploadId":"u")", "UploadPart", true},
        {"ListObjectParts", R"("uploadId":"u")", "ListParts", true, true},
        {"CompleteMultipartUpload", R"("uploadId":"u")", "CompleteMultipartUpload", true},
        {"AbortMultipartUpload", R"("uploadId":"u")", "AbortMultipartUpload", true},
        {"HeadObject", "", "HeadObject", true, true},
        {"DeleteObject", "", "DeleteObject", true},
        {"SelectObjectContent", R"("select":"","select-type":"2")", "SelectObjectContent", true, true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.api);
        const auto record =
            only_record(Format::minio_audit,
                        minio_entry(std::string(R"("name":")") + row.api + R"(","bucket":"photos",)" +
                                        (row.object ? R"("object":"k",)" : "") + R"("statusCode":200,"rx":0,"tx":0)",
                                    std::string(R"("requestPath":"/photos/","requestQuery":{)") + row.query +
                                        R"(},"requestHeader":{})"));
        EXPECT_EQ(record.text("eventName"), row.name);
        EXPECT_EQ(record.find("readOnly")->as_bool(), row.read_only);
    }
}

TEST(AuditLog, MinioDeletesSeveralObjectsInOneCall) {
    const auto entry = minio_entry(
        R"("name":"DeleteMultipleObjects","bucket":"photos","object":"b","objects":[{"objectName":"a"},{"objectName":"b"}],"statusCode":200,"rx":1,"tx":1)",
        R"("requestPath":"/photos/","requestQuery":{"delete":""},"requestHeader":{})");
    const auto all = records(Format::minio_audit, entry);
    ASSERT_EQ(all.size(), 3u);
    EXPECT_EQ(all[0].text("eventName"), "DeleteObjects");
    EXPECT_EQ(all[1].text("eventName"), "DeleteObject");
    EXPECT_EQ(all[2].find("resources")->as_array().front().text("ARN"), "arn:aws:s3:::photos/b");
    EXPECT_NE(all[1].text("eventID"), all[2].text("eventID"));
    EXPECT_EQ(records(Format::minio_audit, entry)[2].text("eventID"), all[2].text("eventID"))
        << "the same entry gives the same events";
}

TEST(AuditLog, MinioRefusesAndAdministers) {
    const auto denied = only_record(
        Format::minio_audit,
        minio_entry(
            R"("name":"GetObject","bucket":"photos","object":"k","status":"Forbidden","statusCode":403,"rx":0,"tx":300)",
            R"("requestPath":"/photos/k","requestQuery":{"X-Amz-Signature":"c0ffee5ec2e7"},"requestHeader":{})"));
    EXPECT_EQ(denied.text("errorCode"), "AccessDenied");
    const auto added = only_record(
        Format::minio_audit,
        minio_entry(
            R"("name":"AddUser","status":"OK","statusCode":200,"rx":10,"tx":0)",
            R"("requestPath":"/minio/admin/v3/add-user","requestQuery":{"accessKey":"tom"},"requestHeader":{})"));
    EXPECT_EQ(added.text("eventSource"), "admin.minio");
    const auto assumed = only_record(
        Format::minio_audit, minio_entry(R"("name":"AssumeRole","status":"OK","statusCode":200,"rx":10,"tx":400)",
                                         R"("requestPath":"/","requestQuery":{},"requestHeader":{})"));
    EXPECT_EQ(assumed.text("eventSource"), "sts.amazonaws.com");
    EXPECT_EQ(assumed.text("eventName"), "AssumeRole");
}

TEST(AuditLog, WhatIsNoCallOfMinio) {
    EXPECT_TRUE(records(Format::minio_audit, "{}").empty()) << "MinIO tries its webhook so";
    for (const char* entry : {R"({"version":"1","time":"2026-11-21T16:00:00Z","api":{"name":"ILMExpiry"}})",
                              R"({"time":"2026-11-21T16:00:00Z"})", R"({"api":{},"time":"today","requestPath":"/"})",
                              R"([])", R"({"api":)"}) {
        SCOPED_TRACE(entry);
        EXPECT_FALSE(records_of(Format::minio_audit, entry, home).has_value());
    }
}

std::string ceph_entry(std::string_view uri, std::string_view more) {
    return R"({"bucket":"photos","object":"k","time":"2026-11-21T16:00:00.500000Z","time_local":"2026-11-21T17:00:00.500000+0100","remote_addr":"192.0.2.9",)"
           R"("object_owner":"mia","user":"acme$mia","uri":")" +
           std::string(uri) + R"(","http_status":"200","error_code":"","bytes_sent":7,"bytes_received":1000,)" +
           R"("object_size":1000,"total_time":700,"user_agent":"s3cmd","referrer":"","trans_id":"tx0000000000000000000a1-0065","authentication_type":"Local",)" +
           R"("access_key_id":"CEPHKEY","temp_url":false)" + std::string(more) + "}";
}

TEST(AuditLog, AnObjectThatCephStoredIsAPutObject) {
    const auto record =
        only_record(Format::ceph_ops, ceph_entry("PUT /photos/k?X-Amz-Signature=c0ffee5ec2e7 HTTP/1.1",
                                                 R"(,"http_x_headers":[{"HTTP_X_AMZ_ACL":"private"}])"));
    EXPECT_EQ(record.text("eventName"), "PutObject");
    EXPECT_EQ(record.text("eventTime"), "2026-11-21T16:00:01Z") << "when it had ended";
    EXPECT_EQ(record.text("awsRegion"), "eu-west-1");
    EXPECT_EQ(record.text("requestID"), "tx0000000000000000000a1-0065");
    EXPECT_EQ(record.find("requestParameters")->text("x-amz-acl"), "private");
    EXPECT_EQ(record.find("userIdentity")->text("userName"), "acme$mia");
    EXPECT_EQ(record.find("userIdentity")->text("accessKeyId"), "CEPHKEY");
}

TEST(AuditLog, CephSaysItInManyWays) {
    const auto virtual_host = only_record(Format::ceph_ops, ceph_entry("GET /k HTTP/1.1", ""));
    EXPECT_EQ(virtual_host.text("eventName"), "GetObject");
    EXPECT_EQ(virtual_host.find("requestParameters")->text("key"), "k");
    const auto odd_name = only_record(
        Format::ceph_ops,
        R"({"bucket":"t/a?b","time":"2026-11-21T16:00:00Z","uri":"GET /k?X-Amz-Signature=c0ffee5ec2e7 HTTP/1.1","http_status":"200"})");
    EXPECT_EQ(odd_name.find("requestParameters")->text("bucketName"), "a?b");
    EXPECT_EQ(odd_name.find("requestParameters")->text("key"), "k");
    for (const char* path : {"/acme:photos/k", "/acme%3Aphotos/k"}) {
        const auto of_another_tenant = only_record(
            Format::ceph_ops, std::string(R"({"bucket":"acme/photos","time":"2026-11-21T16:00:00Z","uri":"GET )") +
                                  path + R"( HTTP/1.1","http_status":"200"})");
        EXPECT_EQ(of_another_tenant.find("requestParameters")->text("bucketName"), "acme:photos");
        EXPECT_EQ(of_another_tenant.find("requestParameters")->text("key"), "k");
    }
    const auto twice = only_record(Format::ceph_ops, ceph_entry("PUT /photos?policy?policy HTTP/1.1", ""));
    EXPECT_EQ(twice.text("eventName"), "PutBucketPolicy");
    const auto part = only_record(
        Format::ceph_ops, ceph_entry("PUT /photos/k?uploadId=2~0&partNumber=2?uploadId=2~0&partNumber=2 HTTP/1.1", ""));
    EXPECT_EQ(part.text("eventName"), "UploadPart");
    const auto policy = only_record(Format::ceph_ops, ceph_entry("PUT /photos?policy HTTP/1.1", ""));
    EXPECT_EQ(policy.text("eventName"), "PutBucketPolicy");
    const auto session = only_record(
        Format::ceph_ops,
        ceph_entry("GET /photos/k HTTP/1.1", R"(,"sts_info":{"role_name":"acme$ops","role_session":"s1"})"));
    EXPECT_EQ(session.find("userIdentity")->text("arn"), "arn:aws:sts::111122223333:assumed-role/ops/s1");

    const auto made = only_record(
        Format::ceph_ops,
        R"({"time":"2020-11-21 16:00:00.5Z","remote_addr":"192.0.2.9","user":"mia","operation":"create_role","uri":"POST / HTTP/1.1","http_status":"200"})");
    EXPECT_EQ(made.text("eventSource"), "iam.amazonaws.com");
    EXPECT_EQ(made.text("eventName"), "CreateRole");
    const auto failed = only_record(
        Format::ceph_ops,
        R"({"bucket":"photos","time":"2020-11-21T16:00:00Z","user":"anonymous","uri":"GET /photos/none HTTP/1.1","http_status":"404","error_code":"NoSuchKey"})");
    EXPECT_EQ(failed.text("errorCode"), "NoSuchKey");
    EXPECT_EQ(failed.find("userIdentity")->text("accountId"), "ANONYMOUS_PRINCIPAL");

    const auto all = records(
        Format::ceph_ops,
        ceph_entry(
            "POST /photos?delete HTTP/1.1",
            R"(,"op_data":{"num_ok":1,"num_err":1,"objects":[{"key":"a","error":false},{"key":"b","error":true}]})"));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[1].find("resources")->as_array().front().text("ARN"), "arn:aws:s3:::photos/a");
}

TEST(AuditLog, WhatIsNoEntryOfCeph) {
    for (const char* entry : {R"({"uri":"GET","time":"2026-11-21T16:00:00Z"})", R"({"uri":"GET / HTTP/1.1"})",
                              R"({"uri":"GET x HTTP/1.1","time":"2026-11-21T16:00:00Z"})"}) {
        SCOPED_TRACE(entry);
        EXPECT_FALSE(records_of(Format::ceph_ops, entry, home).has_value());
    }
}

TEST(AuditLog, TimesThatNoRecordCanHave) {
    for (const char* time : {"9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00"}) {
        SCOPED_TRACE(time);
        const auto text = std::string(R"("time":")") + time + "\"";
        EXPECT_FALSE(records_of(Format::ceph_ops, "{" + text + R"(,"uri":"GET /b/k HTTP/1.1"})", home).has_value());
        EXPECT_FALSE(
            records_of(Format::minio_audit, "{" + text + R"(,"api":{},"requestPath":"/b/k"})", home).has_value());
    }
    const auto endless = only_record(
        Format::ceph_ops,
        R"({"time":"2026-11-21T16:00:00Z","uri":"GET /b/k HTTP/1.1","http_status":"200","total_time":9223372036854775807})");
    EXPECT_EQ(endless.text("eventTime"), "2026-11-21T16:00:00Z") << "no call takes so long";
}

}  // namespace
}  // namespace cairn::auditlog
