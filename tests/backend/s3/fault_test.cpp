#include <thread>

#include "backend/s3/fixture.h"
#include "sign/digest.h"

namespace cairn {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

template <class Work>
milliseconds time_of(Work&& work) {
    const auto begin = steady_clock::now();
    work();
    return std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
}

TEST_F(FaultyS3, WhatMayPassIsTriedAgain) {
    const struct {
        const char* name;
        std::function<void(Peer&)> fault;
    } cases[] = {
        {"internal error", [](Peer& peer) { peer.error(500, "InternalError"); }},
        {"bad gateway", [](Peer& peer) { peer.answer(502, "<html>not S3</html>"); }},
        {"slow down", [](Peer& peer) { peer.error(503, "SlowDown"); }},
        {"no word", [](Peer& peer) { peer.answer(503); }},
        {"body too slow", [](Peer& peer) { peer.error(400, "RequestTimeout"); }},
        {"busy", [](Peer& peer) { peer.error(409, "OperationAborted"); }},
        {"throttled", [](Peer& peer) { peer.answer(429); }},
        {"reset", [](Peer& peer) { peer.reset(); }},
        {"cut", [](Peer& peer) { peer.cut("half", 100); }},
        {"reset in the body",
         [](Peer& peer) {
             peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
             peer.reset();
         }},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name);
        serve([&](int number, const Request&, Peer& peer) {
            number == 0 ? row.fault(peer) : peer.answer(200, "whole", "ETag: \"" + sign::md5_hex("whole") + "\"\r\n");
        });
        const auto object = store_->get("logs", "key");
        ASSERT_TRUE(object) << object.error().message;
        EXPECT_EQ(object->bytes, "whole");
        EXPECT_EQ(requests().size(), 2u);
    }
}

TEST_F(FaultyS3, WhatStaysIsToldAtOnce) {
    const struct {
        int status;
        const char* code;
        Code kind;
    } cases[] = {{403, "AccessDenied", Code::denied},     {403, "SignatureDoesNotMatch", Code::denied},
                 {400, "ExpiredToken", Code::denied},     {403, "RequestTimeTooSkewed", Code::unavailable},
                 {404, "NoSuchBucket", Code::not_found},  {400, "InvalidRequest", Code::invalid},
                 {501, "NotImplemented", Code::invalid},  {507, "XMinioStorageFull", Code::exhausted},
                 {403, "QuotaExceeded", Code::exhausted}, {400, "KMS.DisabledException", Code::denied},
                 {409, "BucketNotEmpty", Code::conflict}, {412, "PreconditionFailed", Code::conflict}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.code);
        serve([&](int, const Request&, Peer& peer) { peer.error(row.status, row.code); });
        const auto refused = store_->put("logs", "key", "bytes", {});
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, row.kind);
        EXPECT_EQ(refused.error().message, std::string(row.code) + ": as told");
        EXPECT_EQ(requests().size(), 1u);
    }
}

TEST_F(FaultyS3, AnAnswerWithoutABodyHasTheCodeOfItsStatus) {
    const struct {
        int status;
        const char* begin;
    } cases[] = {
        {404, "NoSuchKey: "}, {403, "AccessDenied: "}, {412, "PreconditionFailed: "}, {400, "InvalidRequest: "}};
    for (const auto& row : cases) {
        serve([&](int, const Request&, Peer& peer) {
            peer.send("HTTP/1.1 " + std::to_string(row.status) + " No\r\nContent-Length: 0\r\n\r\n");
        });
        EXPECT_TRUE(store_->head("logs", "key").error().message.starts_with(row.begin)) << row.status;
    }
    serve([](int, const Request&, Peer& peer) { peer.answer(404); });
    EXPECT_TRUE(store_->head_bucket("logs").error().message.starts_with("NoSuchBucket: "));
}

TEST_F(FaultyS3, PatienceEnds) {
    options_.attempts_max = 3;
    serve([](int, const Request&, Peer& peer) { peer.error(503, "SlowDown"); });
    const auto refused = store_->put("logs", "key", "bytes", {});
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_EQ(refused.error().message, "SlowDown: as told");
    EXPECT_EQ(requests().size(), 3u);

    options_.attempts_max = 1000;
    options_.back_off_least = options_.back_off_most = milliseconds(50);
    options_.no_attempt_after = milliseconds(300);
    serve([](int, const Request&, Peer& peer) { peer.error(503, "SlowDown"); });
    EXPECT_LT(time_of([&] { EXPECT_FALSE(store_->put("logs", "key", "bytes", {})); }), seconds(5));
    EXPECT_LT(requests().size(), 1000u);
}

TEST_F(FaultyS3, NobodyThere) {
    options_.endpoint = "http://127.0.0.1:1";
    store_ = std::move(*open_s3_store(options_, credentials_, clock_));
    const auto refused = store_->put("logs", "key", "bytes", {});
    EXPECT_EQ(refused.error().code, Code::unavailable);
}

TEST_F(FaultyS3, AServerThatHangsIsLeft) {
    options_.attempts_max = 2;
    serve([](int, const Request&, Peer& peer) { peer.hang(); });
    const auto took = time_of([&] {
        const auto refused = store_->put("logs", "key", "bytes", {});
        EXPECT_EQ(refused.error().code, Code::unavailable);
    });
    EXPECT_GT(took, milliseconds(1900)) << "twice a second of silence";
    EXPECT_LT(took, seconds(15));
    EXPECT_EQ(requests().size(), 2u);
}

TEST_F(FaultyS3, GivingUpEndsWhatIsUnderWay) {
    options_.silence_timeout = seconds(60);
    serve([](int, const Request&, Peer& peer) { peer.hang(); });
    std::thread other([&] {
        while (requests().empty()) std::this_thread::sleep_for(milliseconds(1));
        store_->give_up();
    });
    EXPECT_LT(time_of([&] { EXPECT_EQ(store_->put("logs", "key", "bytes", {}).error().code, Code::unavailable); }),
              seconds(15));
    other.join();
    EXPECT_LT(time_of([&] { EXPECT_FALSE(store_->get("logs", "key")); }), seconds(1));
    EXPECT_EQ(requests().size(), 1u);
}

TEST_F(FaultyS3, WhateverAttemptIsLateWritesTheSame) {
    serve([](int number, const Request&, Peer& peer) {
        number == 0 ? peer.hang() : peer.answer(200, "", "ETag: \"e\"\r\n");
    });
    EXPECT_EQ(store_->put("logs", "a/key", "the bytes", {}).value(), "e");
    const auto asked = requests();
    ASSERT_EQ(asked.size(), 2u);
    for (const auto& one : asked) {
        EXPECT_EQ(one.method + " " + one.target, "PUT /logs/a/key");
        EXPECT_EQ(one.body, "the bytes");
    }
}

TEST_F(FaultyS3, ABucketIsAskedWhereItIs) {
    serve([](int number, const Request&, Peer& peer) {
        number == 0
            ? peer.answer(301, "<Error><Code>PermanentRedirect</Code></Error>", "x-amz-bucket-region: eu-west-1\r\n")
            : peer.answer(200, "", "ETag: \"e\"\r\n");
    });
    EXPECT_TRUE(store_->put("logs", "key", "bytes", {}));
    EXPECT_TRUE(store_->put("logs", "key", "bytes", {}));
    const auto asked = requests();
    ASSERT_EQ(asked.size(), 3u) << "the region is remembered";
    EXPECT_NE(asked[0].header("Authorization").find("/us-east-1/s3/"), std::string::npos);
    EXPECT_NE(asked[1].header("Authorization").find("/eu-west-1/s3/"), std::string::npos);
    EXPECT_NE(asked[2].header("Authorization").find("/eu-west-1/s3/"), std::string::npos);

    serve([](int number, const Request&, Peer& peer) {
        number == 0 ? peer.answer(400, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>there</Region></Error>")
                    : peer.answer(200, "");
    });
    EXPECT_TRUE(store_->get_bucket_acl("logs"));

    serve([](int, const Request&, Peer& peer) { peer.answer(301, "", "x-amz-bucket-region: nowhere\r\n"); });
    EXPECT_FALSE(store_->put("logs", "key", "bytes", {}));
    EXPECT_EQ(requests().size(), 2u) << "not in circles";
}

TEST_F(FaultyS3, ContentThatIsNotWhatTheServerSaysIsNoContent) {
    const auto etag = "ETag: \"" + sign::md5_hex("other") + "\"\r\n";
    serve([&](int, const Request&, Peer& peer) { peer.answer(200, "bytes", etag); });
    auto wrong = store_->get("logs", "key");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Code::unavailable);
    EXPECT_TRUE(wrong.error().message.starts_with("BadDigest: "));
    serve([&](int, const Request&, Peer& peer) {
        peer.answer(200, "bytes", etag + "x-amz-server-side-encryption: aws:kms\r\n");
    });
    EXPECT_TRUE(store_->get("logs", "key")) << "an encrypted object has an ETag of another kind";
    serve([](int, const Request&, Peer& peer) {
        peer.answer(200, "bytes", "ETag: \"x\"\r\nx-amz-checksum-sha256: AAAA\r\n");
    });
    EXPECT_FALSE(store_->get("logs", "key"));
    serve([](int, const Request&, Peer& peer) {
        peer.answer(200, "bytes", "ETag: \"x-2\"\r\nx-amz-checksum-sha256: AAAA-2\r\n");
    });
    EXPECT_TRUE(store_->get("logs", "key"));
}

TEST_F(FaultyS3, AServerThatKnowsNoRanges) {
    serve([](int, const Request&, Peer& peer) { peer.answer(200, "0123456789", "ETag: \"x\"\r\n"); });
    EXPECT_EQ(store_->get("logs", "key", {3, 2, false})->bytes, "34");
    EXPECT_EQ(store_->get("logs", "key", {0, 3, true})->bytes, "789");
    EXPECT_EQ(store_->get("logs", "key", {10, {}, false}).error().code, Code::invalid);
}

TEST_F(FaultyS3, ListsThatAreNone) {
    for (const char* body :
         {"", "{}", "<html/>", "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
          "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
        serve([&](int, const Request&, Peer& peer) { peer.answer(200, body); });
        const auto page = store_->list("logs", {});
        ASSERT_FALSE(page) << body;
        EXPECT_EQ(page.error().code, Code::unavailable);
    }
    serve([](int, const Request&, Peer& peer) { peer.answer(200, "nothing"); });
    EXPECT_FALSE(store_->list_buckets());
}

TEST_F(FaultyS3, EncodedNamesAreDecodedAndOthersKept) {
    serve([](int number, const Request&, Peer& peer) {
        const std::string encoded = number == 0 ? "<EncodingType>url</EncodingType>" : "";
        peer.answer(200, "<ListBucketResult>" + encoded +
                             "<IsTruncated>true</IsTruncated><NextContinuationToken>t &amp;</NextContinuationToken>"
                             "<Contents><Key>a+b%2B%0A</Key><ETag>\"e\"</ETag><Size>12</"
                             "Size><LastModified>2026-11-21T12:00:00.000Z</LastModified></Contents>"
                             "<CommonPrefixes><Prefix>p+/</Prefix></CommonPrefixes></ListBucketResult>");
    });
    const auto page = store_->list("logs", {"p q/", "/", "after", 7, ""});
    ASSERT_TRUE(page) << page.error().message;
    EXPECT_EQ(page->entries[0].key, "a b+\n");
    EXPECT_EQ(page->entries[0].etag, "e");
    EXPECT_EQ(page->entries[0].size, 12u);
    EXPECT_EQ(format_time(page->entries[0].modified), "2026-11-21T12:00:00Z");
    EXPECT_EQ(page->common_prefixes, std::vector<std::string>{"p /"});
    EXPECT_EQ(page->continuation, "t &");
    ListRequest next;
    next.continuation = page->continuation;
    EXPECT_EQ(store_->list("logs", next)->entries[0].key, "a+b%2B%0A");
    EXPECT_EQ(requests()[0].target,
              "/logs?list-type=2&encoding-type=url&max-keys=7&prefix=p%20q%2F&delimiter=%2F&start-after=after");
    EXPECT_EQ(requests()[1].target, "/logs?list-type=2&encoding-type=url&max-keys=1000&continuation-token=t%20%26");
}

TEST_F(FaultyS3, HeadersAsS3WantsThem) {
    serve([](int, const Request&, Peer& peer) { peer.answer(200, "", "ETag: \"e\"\r\n"); });
    ObjectHeaders headers{"application/json",    "gzip",          "bucket-owner-full-control",
                          {{"signature", "0a"}}, Encryption::kms, "key-1",
                          "{\"a\":\"b\"}"};
    EXPECT_TRUE(store_->put("logs", "key", "bytes", headers, sign::sha256("bytes")));
    headers.encryption = Encryption::aes256;
    EXPECT_TRUE(store_->put("logs", "key", "bytes", headers));
    const auto asked = requests();
    const struct {
        const char* name;
        const char* value;
    } kms[] = {{"Content-Type", "application/json"},
               {"Content-Encoding", "gzip"},
               {"x-amz-acl", "bucket-owner-full-control"},
               {"x-amz-meta-signature", "0a"},
               {"x-amz-server-side-encryption", "aws:kms"},
               {"x-amz-server-side-encryption-aws-kms-key-id", "key-1"},
               {"x-amz-server-side-encryption-context", "eyJhIjoiYiJ9"},
               {"X-Amz-Security-Token", "token"},
               {"Expect", ""}};
    for (const auto& row : kms) EXPECT_EQ(asked[0].header(row.name), row.value) << row.name;
    EXPECT_EQ(asked[0].header("X-Amz-Content-Sha256"), sign::sha256_hex("bytes"))
        << "over plain HTTP what is sent is signed";
    EXPECT_EQ(asked[1].header("X-Amz-Content-Sha256"), sign::sha256_hex("bytes"));
    EXPECT_EQ(asked[0].header("x-amz-checksum-sha256"), "J3CJ2RwL308uaGK6fkoHYFEZQx9dE/cm3TUrBvGyBqk=");
    EXPECT_EQ(asked[1].header("x-amz-server-side-encryption"), "AES256");
    EXPECT_EQ(asked[1].header("x-amz-server-side-encryption-aws-kms-key-id"), "");
    EXPECT_NE(asked[0].header("Authorization").find("x-amz-server-side-encryption-context"), std::string::npos)
        << "all of them are signed";
}

}  // namespace
}  // namespace cairn
