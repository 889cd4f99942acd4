#include "backend/s3/address.h"

#include <gtest/gtest.h>

namespace cairn::s3 {
namespace {

TEST(S3Address, PutsTheBucketWhereItBelongs) {
    const struct {
        const char* endpoint;
        BucketPlace place;
        const char* region;
        const char* bucket;
        const char* key;
        const char* url;
    } cases[] = {
        {"http://127.0.0.1:9000", BucketPlace::automatic, "us-east-1", "logs", "a/b c+d",
         "http://127.0.0.1:9000/logs/a/b%20c%2Bd"},
        {"https://minio.example.com", BucketPlace::automatic, "x", "logs", "k", "https://minio.example.com/logs/k"},
        {"https://minio.example.com/", BucketPlace::host, "x", "logs", "k", "https://logs.minio.example.com/k"},
        {"https://gate.example.com/s3/", BucketPlace::path, "x", "logs", "k", "https://gate.example.com/s3/logs/k"},
        {"https://s3.amazonaws.com", BucketPlace::automatic, "eu-west-1", "logs", "k",
         "https://logs.s3.eu-west-1.amazonaws.com/k"},
        {"https://s3.us-east-1.amazonaws.com", BucketPlace::automatic, "eu-west-1", "logs", "k",
         "https://logs.s3.eu-west-1.amazonaws.com/k"},
        {"https://s3.us-east-1.amazonaws.com", BucketPlace::automatic, "us-east-1", "with.dot", "k",
         "https://s3.us-east-1.amazonaws.com/with.dot/k"},
        {"http://s3.us-east-1.amazonaws.com", BucketPlace::automatic, "us-east-1", "with.dot", "k",
         "http://with.dot.s3.us-east-1.amazonaws.com/k"},
        {"https://s3.cn-north-1.amazonaws.com.cn", BucketPlace::automatic, "cn-north-1", "logs", "k",
         "https://logs.s3.cn-north-1.amazonaws.com.cn/k"},
        {"https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com", BucketPlace::path, "eu-west-1", "logs", "k",
         "https://bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com/logs/k"},
        {"https://notamazonaws.com", BucketPlace::automatic, "x", "logs", "k", "https://notamazonaws.com/logs/k"},
        {"http://[::1]:9000", BucketPlace::automatic, "x", "logs", "", "http://[::1]:9000/logs"},
        {"http://h", BucketPlace::host, "x", "logs", "", "http://logs.h/"},
        {"http://h", BucketPlace::path, "x", "", "", "http://h/"},
        {"http://h", BucketPlace::path, "x", "logs", "/a//../b", "http://h/logs//a//../b"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.url);
        const auto address = Address::parse(row.endpoint, row.place);
        ASSERT_TRUE(address) << address.error().message;
        const auto destination = address->of(row.bucket, row.key, {}, row.region);
        EXPECT_EQ(destination.endpoint + destination.target, row.url);
        EXPECT_EQ("//" + destination.host, destination.endpoint.substr(destination.endpoint.find("//")));
    }
}

TEST(S3Address, QueriesAreEncoded) {
    const auto address = Address::parse("http://h", BucketPlace::path);
    EXPECT_EQ(address->of("b", "", {{"acl", ""}}, "r").target, "/b?acl=");
    EXPECT_EQ(address->of("b", "", {{"prefix", "a b&c/d"}, {"list-type", "2"}}, "r").target,
              "/b?prefix=a%20b%26c%2Fd&list-type=2");
}

TEST(S3Address, WhatIsNoEndpointIsRefused) {
    for (const char* endpoint :
         {"", "h:9000", "ftp://h", "http://", "http:///b", "http://user@h", "http://h?x", "http://h/#x", "http://a b"})
        EXPECT_FALSE(Address::parse(endpoint, BucketPlace::automatic)) << endpoint;
}

TEST(S3Address, Names) {
    for (const char* name : {"abc", "a.b-c", "0ab"}) EXPECT_TRUE(is_bucket_name(name)) << name;
    for (const char* name : {"", "ab", "Upper", "a/b", "-ab", "ab-", "a..b", "..", "a_b"})
        EXPECT_FALSE(is_bucket_name(name)) << name;
    for (const char* name : {"", "a/b", ".", "..", "a?b", "a b"}) EXPECT_FALSE(is_bucket_in_path(name)) << name;
    EXPECT_TRUE(is_bucket_in_path("Old_Bucket"));
}

}  // namespace
}  // namespace cairn::s3
