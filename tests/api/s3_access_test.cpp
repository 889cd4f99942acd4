#include "api/s3_access.h"

#include <gtest/gtest.h>

#include "api/s3_fixture.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

using std::chrono::minutes;

std::string statement(const std::string& effect, const std::string& principal, const std::string& action,
                      const std::string& resource, const std::string& condition = {}) {
    return R"({"Effect":")" + effect + R"(","Principal":)" + principal + R"(,"Action":")" + action +
           R"(","Resource":")" + resource + "\"" + (condition.empty() ? "" : R"(,"Condition":)" + condition) + "}";
}

class S3Access : public S3Test {
protected:
    S3Access() {
        make_bucket("logs");
        put("key", "bytes");
    }
    int get(const std::string& key, const std::string& target = "/logs/key") {
        return call("GET", target, key).response.status;
    }
};

const std::string reader_arn = R"({"AWS":"arn:aws:iam::111122223333:user/nobody"})";
const std::string objects = "arn:aws:s3:::logs/*";

TEST_F(S3Access, InTheOwnAccountEitherPolicyIsEnough) {
    EXPECT_EQ(get("root"), 200);
    EXPECT_EQ(get("reader"), 200);
    EXPECT_EQ(get("nobody"), 403);
    set_policy(statement("Allow", reader_arn, "s3:GetObject", objects));
    EXPECT_EQ(get("nobody"), 200);
    EXPECT_EQ(get("nobody", "/logs"), 403);
    set_policy(statement("Allow", R"({"AWS":"111122223333"})", "s3:GetObject", objects));
    EXPECT_EQ(get("nobody"), 403) << "to name an account leaves it to the account";
    set_policy(statement("Deny", "\"*\"", "s3:GetObject", objects));
    EXPECT_EQ(get("reader"), 403);
    EXPECT_EQ(get("root"), 403);
}

TEST_F(S3Access, AnotherAccountNeedsBoth) {
    EXPECT_EQ(get("other"), 403);
    set_policy(statement("Allow", R"({"AWS":"arn:aws:iam::444455556666:root"})", "s3:GetObject", objects));
    EXPECT_EQ(get("other"), 200);
    EXPECT_EQ(get("idle"), 403) << "its own policies allow nothing";
    EXPECT_EQ(error_of(call("GET", "/logs?policy", "other")), "403 AccessDenied");
    set_policy(statement("Allow", R"({"AWS":"444455556666"})", "s3:*", "arn:aws:s3:::logs"));
    EXPECT_EQ(error_of(call("GET", "/logs?policy", "other")), "405 MethodNotAllowed") << "a policy is its owner's";
}

TEST_F(S3Access, WithoutACallerOnlyWhatIsPublic) {
    EXPECT_EQ(error_of(call("GET", "/logs/key", "")), "403 AccessDenied");
    set_policy(statement("Allow", "\"*\"", "s3:GetObject", objects));
    EXPECT_EQ(get(""), 200);
    EXPECT_EQ(get("idle"), 403) << "of another account both must allow";
    EXPECT_EQ(error_of(call("GET", "/logs", "")), "403 AccessDenied");
    EXPECT_EQ(error_of(call("GET", "/logs/key?response-content-type=a", "")), "400 InvalidRequest");
    EXPECT_EQ(call("GET", "/nothing/here", "").response.status, 404);
    EXPECT_EQ(call("GET", "/nothing/here", "").json().find("error")->text("code"), "NotFound")
        << "nobody is told of S3";
    set_policy(statement("Allow", "\"*\"", "s3:GetObject", objects, R"({"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"));
    EXPECT_EQ(get(""), 403);
    set_policy(
        statement("Allow", "\"*\"", "s3:GetObject", objects, R"({"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}})"));
    EXPECT_EQ(get(""), 200);
}

TEST_F(S3Access, ConditionsOfAListing) {
    const auto list = "arn:aws:s3:::logs";
    set_policy(statement(
        "Allow", reader_arn, "s3:ListBucket", list,
        R"({"StringEquals":{"s3:prefix":"AWSLogs/","s3:delimiter":"/"},"NumericLessThanEquals":{"s3:max-keys":"10"}})"));
    EXPECT_EQ(get("nobody", "/logs?prefix=AWSLogs/&delimiter=/&max-keys=10"), 200);
    EXPECT_EQ(get("nobody", "/logs?prefix=AWSLogs/&delimiter=/&max-keys=11"), 403);
    EXPECT_EQ(get("nobody", "/logs?prefix=other/&delimiter=/&max-keys=10"), 403);
    EXPECT_EQ(get("nobody", "/logs?prefix=AWSLogs/&max-keys=10"), 403);
}

TEST_F(S3Access, WithoutTlsAPolicyMayRefuse) {
    set_policy(statement("Deny", "\"*\"", "s3:*", objects, R"({"Bool":{"aws:SecureTransport":"false"}})"));
    EXPECT_EQ(get("root"), 403);
    auto encrypted = request("GET", "/logs/key");
    encrypted.tls = true;
    EXPECT_EQ(engine_.call(std::move(encrypted)).response.status, 200);
}

TEST_F(S3Access, RootIsNeverLockedOutOfAPolicy) {
    set_policy(statement("Deny", "\"*\"", "s3:*", "arn:aws:s3:::logs"));
    EXPECT_EQ(call("GET", "/logs?location").response.status, 403);
    EXPECT_EQ(call("GET", "/logs?policy").response.status, 200);
    EXPECT_EQ(call("DELETE", "/logs?policy").response.status, 204);
    EXPECT_EQ(call("GET", "/logs?location").response.status, 200);
}

TEST_F(S3Access, OnlyWhoMayListIsToldThatAKeyIsMissing) {
    EXPECT_EQ(error_of(call("GET", "/logs/none", "reader")), "404 NoSuchKey");
    EXPECT_EQ(error_of(call("GET", "/logs/none", "getter")), "403 AccessDenied");
    EXPECT_EQ(call("HEAD", "/logs/none", "getter").response.status, 403);
}

TEST_F(S3Access, WhoCannotBeKnown) {
    EXPECT_EQ(error_of(call("GET", "/logs/key", "stranger")), "403 InvalidAccessKeyId");
    auto changed = request("GET", "/logs/key");
    changed.target = "/logs/other";
    EXPECT_EQ(error_of(engine_.call(std::move(changed))), "403 SignatureDoesNotMatch");
    auto late = request("GET", "/logs/key");
    clock_.advance(minutes(14));
    EXPECT_EQ(engine_.call(late).response.status, 200) << "S3 takes 15 minutes";
    clock_.advance(minutes(2));
    EXPECT_EQ(error_of(engine_.call(late)), "403 RequestTimeTooSkewed");
    EXPECT_EQ(error_of(call("GET", "/logs/key", "", "", {{"Authorization", "AWS AKIAHOMEROOT00000000:c2lnbmF0dXJl"}})),
              "400 InvalidRequest");
    EXPECT_EQ(error_of(call("PUT", "/logs?policy", "root", "{}", {{"x-amz-content-sha256", std::string(64, '0')}})),
              "400 XAmzContentSHA256Mismatch");
    EXPECT_EQ(error_of(call("GET", "/logs/key", "root", "", {{"x-amz-expected-bucket-owner", other}})),
              "403 AccessDenied");
    EXPECT_EQ(call("GET", "/logs/key", "root", "", {{"x-amz-expected-bucket-owner", home}}).response.status, 200);
}

TEST_F(S3Access, BodiesNeedNotBeSigned) {
    EXPECT_EQ(call("GET", "/logs/key", "root", "", {{"x-amz-content-sha256", "UNSIGNED-PAYLOAD"}}).response.status,
              200);
    EXPECT_EQ(call("GET", "/logs/key", "root", "", {{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}})
                  .response.status,
              200);
    EXPECT_EQ(error_of(call("PUT", "/logs?policy", "root", "0;chunk-signature=0",
                            {{"x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}})),
              "501 NotImplemented");
}

TEST_F(S3Access, PresignedUrls) {
    const auto open = [&](const std::string& target, const std::string& method = "GET") {
        return call(method, target, "");
    };
    EXPECT_EQ(open(presigned("GET", "/logs/key")).response.body, "bytes");
    EXPECT_EQ(open(presigned("GET", "/logs/key?response-content-type=text%2Fplain")).header("Content-Type"),
              "text/plain");
    EXPECT_EQ(error_of(open(presigned("GET", "/logs/key", "nobody"))), "403 AccessDenied");
    EXPECT_EQ(open(presigned("GET", "/logs/key"), "HEAD").response.status, 403) << "it is for one method";
    EXPECT_EQ(error_of(open(presigned("GET", "/logs/key") + "&versionId=null")), "403 SignatureDoesNotMatch");

    const auto url = presigned("GET", "/logs/key", "root", minutes(5));
    clock_.advance(minutes(5));
    EXPECT_EQ(open(url).response.status, 200);
    clock_.advance(minutes(1));
    const auto late = open(url);
    EXPECT_EQ(error_of(late), "403 AccessDenied");
    EXPECT_NE(late.response.body.find("Request has expired"), std::string::npos);
    EXPECT_EQ(open(presigned("GET", "/logs/key", "root", std::chrono::hours(7 * 24))).response.status, 200);
    EXPECT_EQ(error_of(open(presigned("GET", "/logs/key", "root", std::chrono::hours(7 * 24) + minutes(1)))),
              "400 AuthorizationQueryParametersError");
    auto endless = presigned("GET", "/logs/key");
    endless.erase(endless.find("&X-Amz-Expires=300"), 18);
    EXPECT_EQ(error_of(open(endless)), "400 AuthorizationQueryParametersError");
}

TEST_F(S3Access, UrlsSignedInVersion2) {
    const auto url = [&](const std::string& target, const std::string& bucket = "", const std::string& key = "root") {
        return presigned_v2(target, bucket, key);
    };
    const auto open = [&](const std::string& target, const std::string& method = "GET", const std::string& host = "") {
        return call(method, target, "", "", host.empty() ? net::Headers{} : net::Headers{{"Host", host}});
    };
    EXPECT_EQ(open(url("/logs/key")).response.body, "bytes");
    EXPECT_EQ(open(url("/key", "logs"), "GET", "logs.s3.localhost").response.body, "bytes");
    EXPECT_EQ(open(url("/logs/key?response-content-type=text%2Fplain")).header("Content-Type"), "text/plain");
    EXPECT_EQ(error_of(open(url("/logs/key", "", "nobody"))), "403 AccessDenied");
    EXPECT_EQ(open(url("/logs/key"), "HEAD").response.status, 403);
    EXPECT_EQ(error_of(open(url("/logs/other").replace(6, 5, "key"))), "403 SignatureDoesNotMatch");
    EXPECT_EQ(error_of(open("/logs/key?AWSAccessKeyId=AKIANOBODY0000000000&Signature=x&Expires=9999999999")),
              "403 InvalidAccessKeyId");
    EXPECT_EQ(error_of(open("/logs/key?AWSAccessKeyId=AKIANOBODY0000000000&Signature=x")), "403 AccessDenied");

    set_policy(R"({"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::logs/*",
                   "Condition":{"StringEquals":{"s3:signatureversion":"AWS"}}})");
    EXPECT_EQ(error_of(open(url("/logs/key"))), "403 AccessDenied");
    EXPECT_EQ(open(presigned("GET", "/logs/key")).response.status, 200);
    set_policy(R"({"Effect":"Allow","Principal":"*","Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs"})");

    const auto late = url("/logs/key");
    clock_.advance(minutes(5));
    EXPECT_EQ(error_of(open(late)), "403 AccessDenied");
    EXPECT_NE(open(late).response.body.find("Request has expired"), std::string::npos);
}

}  // namespace
