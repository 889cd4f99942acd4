#include "backend/s3/fixture.h"

#include <atomic>
#include <string>

namespace cairn {
namespace {

/// A server that takes uploads in parts, but for what a test does to it.
class Multipart : public FaultyS3 {
protected:
    void SetUp() override {
        FaultyS3::SetUp();
        options_.multipart_bytes = 10;
        options_.part_bytes = 4;
    }

    static std::string step_of(const Request& request) {
        if (request.method == "POST" && request.target.ends_with("?uploads=")) return "begin";
        if (request.method == "POST") return "complete";
        if (request.method == "PUT") return "part";
        return request.method == "DELETE" ? "abort" : "head";
    }

    /// `fault` answers true when it has dealt with a request.
    void take_parts(std::function<bool(const std::string& step, const Request&, Peer&)> fault = {}) {
        serve([fault](int, const Request& request, Peer& peer) {
            const auto step = step_of(request);
            if (fault && fault(step, request, peer)) return;
            if (step == "begin")
                return peer.answer(
                    200, "<InitiateMultipartUploadResult><UploadId>up 1</UploadId></InitiateMultipartUploadResult>");
            if (step == "part") return peer.answer(200, "", "ETag: \"of " + request.body + "\"\r\n");
            if (step == "complete")
                return peer.answer(
                    200,
                    "<CompleteMultipartUploadResult><ETag>&quot;all-3&quot;</ETag></CompleteMultipartUploadResult>");
            peer.answer(204);
        });
    }

    std::string steps() {
        std::string all;
        for (const auto& request : requests()) all += (all.empty() ? "" : " ") + step_of(request);
        return all;
    }
};

TEST_F(Multipart, InOrderAndWithTheHeadersOfTheObject) {
    take_parts();
    ObjectHeaders headers;
    headers.content_type = "text/x";
    headers.encryption = Encryption::aes256;
    EXPECT_EQ(store_->put("logs", "a b", "0123456789ab", headers).value(), "all-3");
    const auto asked = requests();
    ASSERT_EQ(steps(), "begin part part part complete");
    EXPECT_EQ(asked[0].header("Content-Type"), "text/x");
    EXPECT_EQ(asked[0].header("x-amz-server-side-encryption"), "AES256");
    EXPECT_EQ(asked[1].target, "/logs/a%20b?partNumber=1&uploadId=up%201");
    EXPECT_EQ(asked[1].body + "|" + asked[2].body + "|" + asked[3].body, "0123|4567|89ab");
    EXPECT_NE(asked[4].body.find("<Part><PartNumber>3</PartNumber><ETag>&quot;of 89ab&quot;</ETag></Part>"),
              std::string::npos)
        << asked[4].body;
    EXPECT_TRUE(store_->put("logs", "small", "0123456789", headers));
    EXPECT_EQ(requests().back().target, "/logs/small") << "at the bound it goes whole";
}

TEST_F(Multipart, APartThatFailsOnceIsSentAgain) {
    std::atomic<bool> failed = false;  // each connection has a thread
    take_parts([&](const std::string& step, const Request&, Peer& peer) {
        if (step != "part" || failed.exchange(true)) return false;
        peer.reset();
        return true;
    });
    EXPECT_TRUE(store_->put("logs", "key", "0123456789ab", {}));
    EXPECT_EQ(steps(), "begin part part part part complete");
}

TEST_F(Multipart, WhatFailsIsTakenAway) {
    take_parts([](const std::string& step, const Request& request, Peer& peer) {
        if (step != "part" || request.body != "4567") return false;
        peer.error(403, "AccessDenied");
        return true;
    });
    EXPECT_EQ(store_->put("logs", "key", "0123456789ab", {}).error().code, Code::denied);
    EXPECT_EQ(steps(), "begin part part abort");
    EXPECT_EQ(requests().back().target, "/logs/key?uploadId=up%201");
}

TEST_F(Multipart, AnErrorUnderAStatusOf200) {
    take_parts([](const std::string& step, const Request&, Peer& peer) {
        if (step != "complete") return false;
        peer.error(200, "InternalError");
        return true;
    });
    const auto refused = store_->put("logs", "key", "0123456789ab", {});
    EXPECT_EQ(refused.error().code, Code::unavailable);
    EXPECT_TRUE(refused.error().message.starts_with("InternalError: "));
    EXPECT_EQ(steps(), "begin part part part complete abort");
}

TEST_F(Multipart, ACompletionWhoseAnswerWasLost) {
    std::atomic<int> completions = 0, length = 12;  // each connection has a thread
    take_parts([&](const std::string& step, const Request&, Peer& peer) {
        if (step == "head") {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\nETag: \"all-3\"\r\n\r\n");
            return true;
        }
        if (step != "complete") return false;
        ++completions == 1 ? peer.reset() : peer.error(404, "NoSuchUpload");
        return true;
    });
    EXPECT_EQ(store_->put("logs", "key", "0123456789ab", {}).value(), "all-3");
    completions = 0;
    length = 99;
    EXPECT_EQ(store_->put("logs", "key", "0123456789ab", {}).error().code, Code::not_found) << "that is another object";
}

}  // namespace
}  // namespace cairn
