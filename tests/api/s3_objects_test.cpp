#include "api/s3_objects.h"

#include <thread>

#include <gtest/gtest.h>

#include "api/s3_fixture.h"
#include "sign/digest.h"
#include "sign/text.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

std::string encoded(const std::string& key) {
    std::string out;
    sign::append_encoded(out, key, true);
    return out;
}

class S3Objects : public S3Test {
protected:
    S3Objects() {
        make_bucket("logs");
        put("a/key", "0123456789", {"application/json", "gzip", "", {{"signature", "0a"}}, Encryption::aes256, "", ""});
    }
    Answer get(net::Headers headers, const std::string& method = "GET") {
        return call(method, "/logs/a/key", "root", "", std::move(headers));
    }
};

TEST_F(S3Objects, AnObjectComesWithItsHeaders) {
    const auto got = call("GET", "/logs/a/key");
    EXPECT_EQ(got.response.status, 200);
    EXPECT_EQ(got.response.body, "0123456789");
    const auto head = call("HEAD", "/logs/a/key");
    EXPECT_EQ(head.response.status, 200);
    EXPECT_TRUE(head.response.body.empty());
    EXPECT_EQ(head.response.content_length, 10u);
    for (const auto* answer : {&got, &head}) {
        EXPECT_EQ(answer->header("ETag"), "\"" + sign::md5_hex("0123456789") + "\"");
        EXPECT_EQ(answer->header("Last-Modified"), "Fri, 02 Jan 2026 04:00:00 GMT");
        EXPECT_EQ(answer->header("Content-Type"), "application/json");
        EXPECT_EQ(answer->header("Content-Encoding"), "gzip");
        EXPECT_EQ(answer->header("Accept-Ranges"), "bytes");
        EXPECT_EQ(answer->header("x-amz-meta-signature"), "0a");
        EXPECT_EQ(answer->header("x-amz-server-side-encryption"), "AES256");
    }
    put("plain", "x");
    EXPECT_EQ(call("GET", "/logs/plain").header("Content-Type"), "binary/octet-stream");
}

TEST_F(S3Objects, KeysComeAsTheyAreWritten) {
    for (const std::string key : {"a b", "a+b", "a%2Fb", "100%", "\xc3\xa4/\xf0\x9f\x98\x80", "a//b", "//", "/a", "a/",
                                  "a/../b", "./a", "a?b#c&d=e", "'\"<>&", "~", "a\tb"}) {
        put(key, "of " + key);
        const auto got = call("GET", "/logs/" + encoded(key));
        EXPECT_EQ(got.response.body, "of " + key) << key;
    }
    EXPECT_EQ(call("GET", "/logs/a+b").response.body, "of a+b") << "a plus in a path is no blank";
    EXPECT_EQ(error_of(call("GET", "/logs/a%2")), "400 InvalidURI");
}

TEST_F(S3Objects, VirtualHosts) {
    const auto at = [&](const std::string& host) {
        return call("GET", "/a/key", "root", "", {{"Host", host}}).response.status;
    };
    for (const char* host :
         {"logs.localhost", "logs.localhost:4610", "logs.127.0.0.1:4610", "LOGS.s3.amazonaws.com",
          "logs.s3.eu-west-1.amazonaws.com", "logs.s3-eu-west-1.amazonaws.com", "logs.s3.example.com"})
        EXPECT_EQ(at(host), 200) << host;
    for (const char* host : {"localhost", "s3.localhost:4610", "127.0.0.1", "[::1]:4610", "s3.eu-west-1.amazonaws.com",
                             "cairn.example.com"})
        EXPECT_EQ(at(host), 404) << host;
    make_bucket("my.logs");
    EXPECT_EQ(call("HEAD", "/", "root", "", {{"Host", "my.logs.s3.amazonaws.com"}}).response.status, 200);
    EXPECT_EQ(call("PUT", "/", "root", "", {{"Host", "made.localhost"}}).response.status, 200);
    EXPECT_TRUE(buckets_.find("made"));
}

TEST_F(S3Objects, Ranges) {
    const struct {
        const char* range;
        int status;
        const char* body;
        const char* content_range;
    } cases[] = {
        {"bytes=0-3", 206, "0123", "bytes 0-3/10"},
        {"bytes=4-", 206, "456789", "bytes 4-9/10"},
        {"bytes=-3", 206, "789", "bytes 7-9/10"},
        {"bytes=-99", 206, "0123456789", "bytes 0-9/10"},
        {"bytes=8-99", 206, "89", "bytes 8-9/10"},
        {"bytes=9-9", 206, "9", "bytes 9-9/10"},
        {"bytes=0-18446744073709551615", 206, "0123456789", "bytes 0-9/10"},
        {"bytes=3-2", 200, "0123456789", ""},
        {"bytes=0-1,3-4", 200, "0123456789", ""},
        {"lines=0-1", 200, "0123456789", ""},
        {"bytes=", 200, "0123456789", ""},
        {"bytes=-", 200, "0123456789", ""},
        {"bytes=x-y", 200, "0123456789", ""},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.range);
        const auto got = get({{"Range", row.range}});
        EXPECT_EQ(got.response.status, row.status);
        EXPECT_EQ(got.response.body, row.body);
        EXPECT_EQ(got.header("Content-Range"), row.content_range);
        const auto head = get({{"Range", row.range}}, "HEAD");
        EXPECT_EQ(head.response.status, row.status);
        EXPECT_EQ(head.response.content_length, std::string(row.body).size());
    }
    for (const char* range : {"bytes=10-", "bytes=10-11", "bytes=-0"}) {
        EXPECT_EQ(error_of(get({{"Range", range}})), "416 InvalidRange") << range;
        EXPECT_EQ(get({{"Range", range}}, "HEAD").response.status, 416) << range;
    }
    put("empty", "");
    EXPECT_EQ(call("GET", "/logs/empty").response.status, 200);
    EXPECT_EQ(error_of(call("GET", "/logs/empty", "root", "", {{"Range", "bytes=0-"}})), "416 InvalidRange");
    EXPECT_EQ(get({{"Range", "bytes=0-3"}, {"If-Range", "\"other\""}}).response.status, 200);
    EXPECT_EQ(get({{"Range", "bytes=0-3"}, {"If-Range", "Fri, 02 Jan 2026 04:00:00 GMT"}}).response.status, 206);
}

TEST_F(S3Objects, EveryObjectHasOnePart) {
    for (const char* method : {"GET", "HEAD"}) {
        const auto first = call(method, "/logs/a/key?partNumber=1");
        EXPECT_EQ(first.response.status, 206);
        EXPECT_EQ(first.header("Content-Range"), "bytes 0-9/10");
        EXPECT_EQ(first.response.content_length, 10u);
        EXPECT_EQ(call(method, "/logs/a/key?partNumber=2").response.status, 416);
    }
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?partNumber=2")), "416 InvalidPartNumber");
    for (const char* number : {"0", "10001", "x", "-1", ""})
        EXPECT_EQ(error_of(call("GET", std::string("/logs/a/key?partNumber=") + number)), "400 InvalidArgument");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?partNumber=1", "root", "", {{"Range", "bytes=0-1"}})),
              "400 InvalidRequest");
    put("empty", "");
    EXPECT_EQ(call("GET", "/logs/empty?partNumber=1").response.status, 200);
}

TEST_F(S3Objects, ALargeOneIsOneVersionFromItsFirstByteToItsLast) {
    std::string bytes(1'000'003, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
    put("large", bytes);
    EXPECT_EQ(call("GET", "/logs/large").response.body, bytes);
    const auto part = call("GET", "/logs/large", "root", "", {{"Range", "bytes=99999-899999"}});
    EXPECT_EQ(part.response.status, 206);
    EXPECT_EQ(part.response.content_length, 800'001u);
    EXPECT_EQ(part.header("Content-Range"), "bytes 99999-899999/1000003");
    EXPECT_EQ(part.response.body, bytes.substr(99'999, 800'001));

    for (const char* also : {"put", "removed"}) {
        const auto pending = engine_.begin(request("GET", "/logs/large"));
        while (!pending.answered()) std::this_thread::yield();
        if (also == std::string("put"))
            put("large", std::string(2'000'000, 'n'));
        else
            ASSERT_TRUE(objects_->remove("logs", "large"));
        const auto answer = pending.wait();
        EXPECT_EQ(answer.response.body.size(), answer.response.content_length);
        EXPECT_EQ(answer.header("ETag"), "\"" + sign::md5_hex(answer.response.body) + "\"");
    }
}

TEST_F(S3Objects, OneThatEndsTooEarlyIsBrokenOff) {
    put("large", std::string(1'000'000, 'x'));
    const auto pending = engine_.begin(request("GET", "/logs/large"));
    while (!pending.answered()) std::this_thread::yield();
    disk_.plan_failure(support::Call::read, 2, Code::unavailable);
    const auto answer = pending.wait();
    EXPECT_EQ(answer.response.status, 200);
    EXPECT_LT(answer.response.body.size(), 1'000'000u);
    EXPECT_GT(answer.response.body.size(), 100'000u);
    disk_.plan_failure(support::Call::read, 1, Code::unavailable);
    EXPECT_EQ(error_of(call("GET", "/logs/large")), "503 ServiceUnavailable") << "nothing was sent yet";
}

TEST_F(S3Objects, Conditions) {
    const auto etag = "\"" + sign::md5_hex("0123456789") + "\"";
    const std::string before = "Fri, 02 Jan 2026 03:59:59 GMT", same = "Fri, 02 Jan 2026 04:00:00 GMT";
    const struct {
        net::Headers headers;
        int status;
    } cases[] = {
        {{{"If-Match", etag}}, 200},
        {{{"If-Match", "*"}}, 200},
        {{{"If-Match", "\"other\""}}, 412},
        {{{"If-Match", "\"other\", " + etag}}, 200},
        {{{"If-None-Match", etag}}, 304},
        {{{"If-None-Match", "W/" + etag}}, 304},
        {{{"If-None-Match", "*"}}, 304},
        {{{"If-None-Match", "\"other\""}}, 200},
        {{{"If-Modified-Since", before}}, 200},
        {{{"If-Modified-Since", same}}, 304},
        {{{"If-Modified-Since", "yesterday"}}, 200},
        {{{"If-Unmodified-Since", before}}, 412},
        {{{"If-Unmodified-Since", same}}, 200},
        {{{"If-Match", etag}, {"If-Unmodified-Since", before}}, 200},
        {{{"If-None-Match", "\"other\""}, {"If-Modified-Since", same}}, 200},
        {{{"If-None-Match", etag}, {"If-Modified-Since", before}}, 304},
    };
    for (const auto& row : cases) {
        const auto got = get(row.headers);
        EXPECT_EQ(got.response.status, row.status) << row.headers[0].first << ": " << row.headers[0].second;
        EXPECT_EQ(get(row.headers, "HEAD").response.status, row.status);
        if (row.status == 304) {
            EXPECT_EQ(got.header("ETag"), etag);
            EXPECT_TRUE(got.response.body.empty());
        }
    }
}

TEST_F(S3Objects, HeadersCanBeAskedFor) {
    const auto got = call("GET",
                          "/logs/a/"
                          "key?response-content-type=text%2Fx&response-content-encoding=identity&response-content-"
                          "disposition=attachment%3B%20filename%3Da"
                          "&response-cache-control=no-cache&response-expires=0&response-content-language=de");
    EXPECT_EQ(got.header("Content-Type"), "text/x");
    EXPECT_EQ(got.header("Content-Encoding"), "identity");
    EXPECT_EQ(got.header("Content-Disposition"), "attachment; filename=a");
    EXPECT_EQ(got.header("Cache-Control"), "no-cache");
    EXPECT_EQ(got.header("Expires"), "0");
    EXPECT_EQ(got.header("Content-Language"), "de");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?response-content-type=a%0d%0aSet-Cookie:%20b")), "400 InvalidArgument");
}

TEST_F(S3Objects, WhatElseIsReadOfObjects) {
    EXPECT_NE(call("GET", "/logs/a/key?acl").response.body.find("FULL_CONTROL"), std::string::npos);
    EXPECT_NE(call("GET", "/logs/a/key?tagging").response.body.find("<TagSet></TagSet>"), std::string::npos);
    const auto attributes =
        call("GET", "/logs/a/key?attributes", "root", "", {{"x-amz-object-attributes", "ETag,ObjectSize"}});
    EXPECT_NE(attributes.response.body.find("<ObjectSize>10</ObjectSize>"), std::string::npos);
    EXPECT_EQ(attributes.response.body.find("StorageClass"), std::string::npos);
    for (const char* sub_resource : {"?acl", "?tagging", "?attributes", ""})
        EXPECT_EQ(error_of(call("GET", std::string("/logs/none") + sub_resource, "root", "",
                                {{"x-amz-object-attributes", "ETag"}})),
                  "404 NoSuchKey");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?attributes")), "400 InvalidRequest");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?attributes", "root", "", {{"x-amz-object-attributes", "ETag,Odd"}})),
              "400 InvalidArgument");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?retention")), "400 InvalidRequest");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?legal-hold")), "400 InvalidRequest");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?uploadId=x")), "404 NoSuchUpload");
    EXPECT_EQ(error_of(call("GET", "/logs/" + std::string(1024, 'k'))), "404 NoSuchKey");
    EXPECT_EQ(error_of(call("GET", "/logs/" + std::string(1025, 'k'))), "400 KeyTooLongError");
    EXPECT_EQ(call("GET", "/logs/a/key?versionId=null").response.status, 200);
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?versionId=3")), "400 InvalidArgument");
    EXPECT_EQ(error_of(call("GET", "/logs/a/key?torrent")), "501 NotImplemented");
}

TEST_F(S3Objects, UsersCannotWriteThem) {
    const struct {
        const char* method;
        const char* target;
    } cases[] = {
        {"PUT", "/logs/new"},
        {"DELETE", "/logs/a/key"},
        {"POST", "/logs?delete"},
        {"POST", "/logs/big?uploads"},
        {"PUT", "/logs/big?partNumber=1&uploadId=x"},
        {"DELETE", "/logs/big?uploadId=x"},
        {"PUT", "/logs/a/key?tagging"},
        {"POST", "/logs"},
    };
    for (const auto& row : cases) {
        const auto answer = call(row.method, row.target, "root", "body");
        EXPECT_EQ(error_of(answer), "403 AccessDenied") << row.method << row.target;
        EXPECT_NE(answer.response.body.find("written by trails only"), std::string::npos);
    }
    EXPECT_EQ(call("GET", "/logs/a/key").response.body, "0123456789");
    EXPECT_EQ(error_of(call("PUT", "/none/new", "root", "body")), "404 NoSuchBucket");
    const auto large = S3Test::request("PUT", "/logs/new");
    EXPECT_EQ(error_of(Answer{engine_.api->refusal(large, 413, "the body is too large"), {}}), "403 AccessDenied");
    EXPECT_EQ(error_of(Answer{
                  engine_.api->refusal(S3Test::request("PUT", "/logs?policy"), 413, "the body is too large"), {}}),
              "413 EntityTooLarge");
    EXPECT_EQ(error_of(Answer{engine_.api->refusal(large, 408, "too slow"), {}}), "408 RequestTimeout");
}

TEST_F(S3Objects, AnErrorSaysWhatItIsAbout) {
    const auto answer = call("GET", "/logs/a%26%3Cb");
    const auto document = xml_of(answer);
    const auto error = document.child("Error");
    EXPECT_EQ(answer.header("Content-Type"), "application/xml");
    EXPECT_EQ(std::string(error.child("Code").text().get()), "NoSuchKey");
    EXPECT_EQ(std::string(error.child("BucketName").text().get()), "logs");
    EXPECT_EQ(std::string(error.child("Key").text().get()), "a&<b");
    EXPECT_EQ(std::string(error.child("Resource").text().get()), "/logs/a%26%3Cb");
    EXPECT_EQ(std::string(error.child("RequestId").text().get()), answer.header("x-amz-request-id"));
    EXPECT_EQ(std::string(error.child("HostId").text().get()), answer.header("x-amz-id-2"));
    EXPECT_EQ(error_of(call("OPTIONS", "/logs/a/key")), "403 AccessForbidden");
}

}  // namespace
