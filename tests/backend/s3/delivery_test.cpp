#include "backend/s3/s3_delivery.h"

#include "backend/s3/fixture.h"

namespace cairn {
namespace {

class S3DeliveryTest : public FaultyS3 {
protected:
    Result<void> put(std::optional<std::string> key_arn = {}) {
        if (!delivery_) delivery_ = std::make_unique<S3Delivery>(*store_);
        return delivery_->put({"arn:trail", "123456789012"}, "logs", "a/b.json.gz",
                              {"bytes", {{"signature", "0a"}}, key_arn});
    }
    std::unique_ptr<S3Delivery> delivery_;
};

TEST_F(S3DeliveryTest, SendsWhatCloudTrailSends) {
    serve([](int, const Request&, Peer& peer) { peer.answer(200, "", "ETag: \"e\"\r\n"); });
    EXPECT_TRUE(put());
    EXPECT_TRUE(put("arn:aws:kms:us-east-1:123456789012:key/k1"));
    const auto asked = requests();
    for (const auto& request : asked) {
        EXPECT_EQ(request.target, "/logs/a/b.json.gz");
        EXPECT_EQ(request.header("Content-Type"), "application/json");
        EXPECT_EQ(request.header("Content-Encoding"), "gzip");
        EXPECT_EQ(request.header("x-amz-acl"), "bucket-owner-full-control");
        EXPECT_EQ(request.header("x-amz-meta-signature"), "0a");
    }
    EXPECT_EQ(asked[0].header("x-amz-server-side-encryption"), "AES256");
    EXPECT_EQ(asked[1].header("x-amz-server-side-encryption"), "aws:kms");
    EXPECT_EQ(asked[1].header("x-amz-server-side-encryption-aws-kms-key-id"), "k1") << "who is not AWS knows no ARNs";
    EXPECT_EQ(
        asked[1].header("x-amz-server-side-encryption-context"),
        "eyJhd3M6Y2xvdWR0cmFpbDphcm4iOiJhcm46dHJhaWwiLCJhd3M6czM6YXJuIjoiYXJuOmF3czpzMzo6OmxvZ3MvYS9iLmpzb24uZ3oifQ==");
}

TEST_F(S3DeliveryTest, AHeaderThatABucketRefusesIsLeftOutFromThenOn) {
    const struct {
        const char* header;
        int status;
        const char* code;
    } cases[] = {{"x-amz-acl", 400, "AccessControlListNotSupported"},
                 {"x-amz-acl", 501, "NotImplemented"},
                 {"x-amz-server-side-encryption", 501, "NotImplemented"},
                 {"x-amz-server-side-encryption", 400, "InvalidEncryptionAlgorithmError"}};
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.header) + " " + row.code);
        delivery_.reset();
        serve([&](int, const Request& request, Peer& peer) {
            request.header(row.header).empty() ? peer.answer(200, "", "ETag: \"e\"\r\n")
                                               : peer.error(row.status, row.code);
        });
        ASSERT_TRUE(put());
        const auto needed = requests().size();
        EXPECT_LE(needed, 3u);
        ASSERT_TRUE(put());
        EXPECT_EQ(requests().size(), needed + 1);
    }
}

TEST_F(S3DeliveryTest, WhatATrailAsksForIsNeverLeftOut) {
    serve([](int, const Request& request, Peer& peer) {
        request.header("x-amz-server-side-encryption") == "aws:kms" ? peer.error(501, "NotImplemented")
                                                                    : peer.answer(200, "", "ETag: \"e\"\r\n");
    });
    EXPECT_FALSE(put("arn:aws:kms:us-east-1:123456789012:key/k1"));
    for (const auto& request : requests()) EXPECT_EQ(request.header("x-amz-server-side-encryption"), "aws:kms");
}

TEST_F(S3DeliveryTest, RefusalsAreTheServers) {
    serve([](int, const Request&, Peer& peer) { peer.error(403, "AccessDenied"); });
    const auto refused = put();
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_EQ(refused.error().message, "AccessDenied: as told");
    EXPECT_EQ(delivery_->check({}, "logs").error().code, Code::denied);
    EXPECT_EQ(requests().back().target, "/logs?acl=");
}

TEST_F(S3DeliveryTest, AServerWithoutACLsIsAskedForTheBucket) {
    serve([](int, const Request& request, Peer& peer) {
        request.method == "HEAD" ? peer.answer(200) : peer.error(501, "NotImplemented");
    });
    delivery_ = std::make_unique<S3Delivery>(*store_);
    EXPECT_TRUE(delivery_->check({}, "logs"));
}

}  // namespace
}  // namespace cairn
