#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "gateway/peer.h"
#include "gateway/record_builder.h"
#include "gateway/recording.h"
#include "gateway/refusal.h"

namespace cairn::gateway {
namespace {

net::Request request(std::string method, std::string target, net::Headers headers = {}, std::string body = {}) {
    net::Request made;
    made.method = std::move(method);
    made.target = std::move(target);
    made.headers = std::move(headers);
    made.body = std::move(body);
    made.peer_address = "192.0.2.7";
    return made;
}

net::Headers signed_for(const std::string& service, net::Headers more = {}) {
    more.emplace_back("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/" + service +
                                           "/aws4_request, SignedHeaders=host, Signature=5e5e5e5e");
    return more;
}

// ---- who

TEST(Credential, IsReadWhereverASignatureStands) {
    using Signature = Credential::Signature;
    const struct {
        std::string target;
        net::Headers headers;
        Signature signature;
        std::string key, region, service;
    } cases[] = {
        {"/", signed_for("s3"), Signature::v4, "AKIAEXAMPLE", "eu-west-1", "s3"},
        {"/",
         {{"authorization",
           "AWS4-HMAC-SHA256 Credential=a/b/c/20260101/r/iam/aws4_request,SignedHeaders=h,Signature=0"}},
         Signature::v4,
         "a/b/c",
         "r",
         "iam"},
        {"/",
         {{"Authorization",
           "AWS4-ECDSA-P256-SHA256 Credential=K/20260101/s3/aws4_request, SignedHeaders=h, Signature=0"},
          {"X-Amz-Region-Set", "eu-west-2,us-east-1"}},
         Signature::v4a,
         "K",
         "eu-west-2",
         "s3"},
        {"/",
         {{"Authorization",
           "AWS4-ECDSA-P256-SHA256 Credential=K/20260101/s3/aws4_request, SignedHeaders=h, Signature=0"},
          {"X-Amz-Region-Set", "*"}},
         Signature::v4a,
         "K",
         "",
         "s3"},
        {"/", {{"Authorization", "AWS KEY:c2ln"}}, Signature::v2, "KEY", "", ""},
        {"/", {{"Authorization", "Bearer abc"}}, Signature::bearer, "", "", ""},
        {"/b/k?X-Amz-Credential=K%2F20260101%2Fus-east-2%2Fs3%2Faws4_request&X-Amz-Signature=0",
         {},
         Signature::v4,
         "K",
         "us-east-2",
         "s3"},
        {"/b/k?AWSAccessKeyId=K&Signature=0&Expires=1", {}, Signature::v2, "K", "", ""},
        {"/", {}, Signature::none, "", "", ""},
        {"/", {{"Authorization", "AWS4-HMAC-SHA256 Credential=garbage"}}, Signature::none, "", "", ""},
        {"/", {{"Authorization", "AWS4-HMAC-SHA256"}}, Signature::none, "", "", ""},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.headers.empty() ? row.target : row.headers.front().second);
        const auto found = read_credential(request("GET", row.target, row.headers));
        EXPECT_EQ(found.signature, row.signature);
        EXPECT_EQ(found.access_key_id, row.key);
        EXPECT_EQ(found.region, row.region);
        EXPECT_EQ(found.service, row.service);
    }
}

// ---- what

TEST(CallName, ComesFromWhatTheRequestSays) {
    const std::string form = "application/x-www-form-urlencoded; charset=utf-8";
    const struct {
        net::Request request;
        std::string source, name;
        bool read_only, data;
    } cases[] = {
        {request("POST", "/", signed_for("dynamodb", {{"X-Amz-Target", "DynamoDB_20120810.PutItem"}})),
         "dynamodb.amazonaws.com", "PutItem", false, false},
        {request("POST", "/",
                 signed_for("cloudtrail",
                            {{"X-Amz-Target", "com.amazonaws.cloudtrail.v1.CloudTrail_20131101.LookupEvents"}})),
         "cloudtrail.amazonaws.com", "LookupEvents", true, false},
        {request("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData",
                 signed_for("monitoring", {{"smithy-protocol", "rpc-v2-cbor"}})),
         "monitoring.amazonaws.com", "PutMetricData", false, false},
        {request("POST", "/", signed_for("iam", {{"Content-Type", form}}), "Action=CreateUser&UserName=a"),
         "iam.amazonaws.com", "CreateUser", false, false},
        {request("GET", "/?Action=GetCallerIdentity&Version=1", signed_for("sts")), "sts.amazonaws.com",
         "GetCallerIdentity", true, false},
        {request("GET", "/", signed_for("s3")), "s3.amazonaws.com", "ListBuckets", true, false},
        {request("PUT", "/bucket", signed_for("s3")), "s3.amazonaws.com", "CreateBucket", false, false},
        {request("GET", "/bucket/?list-type=2&prefix=a", {}), "s3.amazonaws.com", "ListObjects", true, true},
        {request("HEAD", "/bucket", {}), "s3.amazonaws.com", "HeadBucket", true, true},
        {request("GET", "/bucket?location", {}), "s3.amazonaws.com", "GetBucketLocation", true, false},
        {request("POST", "/bucket?delete", {}), "s3.amazonaws.com", "DeleteObjects", false, true},
        {request("PUT", "/bucket/a/b?x-id=PutObject", {}), "s3.amazonaws.com", "PutObject", false, true},
        {request("PUT", "/bucket/a", {{"x-amz-copy-source", "/b/c"}}), "s3.amazonaws.com", "CopyObject", false, true},
        {request("GET", "/bucket/a?versionId=1&partNumber=2", {}), "s3.amazonaws.com", "GetObject", true, true},
        {request("PUT", "/bucket/a?partNumber=2&uploadId=x", {}), "s3.amazonaws.com", "UploadPart", false, true},
        {request("POST", "/bucket/a?uploads", {}), "s3.amazonaws.com", "CreateMultipartUpload", false, true},
        {request("PUT", "/bucket?acl", {}), "s3.amazonaws.com", "PUT /bucket", false, false},
        {request("GET", "/2015-03-31/functions", signed_for("lambda")), "lambda.amazonaws.com",
         "GET /2015-03-31/functions", true, false},
        {request("POST", "/", signed_for("kms", {{"X-Amz-Target", "x.<script>"}})), "kms.amazonaws.com", "POST /",
         false, false},
        {request("OPTIONS", "*", {}), "s3.amazonaws.com", "OPTIONS *", true, false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.request.method + " " + row.request.target);
        const auto name = name_call(row.request, read_credential(row.request));
        EXPECT_EQ(name.event_source, row.source);
        EXPECT_EQ(name.event_name, row.name);
        EXPECT_EQ(name.read_only, row.read_only);
        EXPECT_EQ(name.data, row.data);
    }
}

Json record_of(const Call& call) {
    const auto text = build_record(call, {"111122223333", "us-west-2"}, name_call);
    auto json = parse_json(text);
    EXPECT_TRUE(json) << text;
    return json ? *json : Json();
}

Call call_of(net::Request made, int status, net::Headers headers = {}, std::string body = {}) {
    Call call;
    call.request = std::move(made);
    call.response.status = status;
    call.response.headers = std::move(headers);
    call.response.body = std::move(body);
    call.ended = *parse_time("2026-11-21T16:00:00.750Z");
    return call;
}

TEST(Record, SaysWhoWhatWhenAndFromWhere) {
    auto call = call_of(request("PUT", "/bucket/key?x-id=PutObject",
                                signed_for("s3", {{"User-Agent", "aws-cli/2"}, {"Host", "h:9000"}})),
                        200, {{"x-amz-request-id", "ABC"}, {"x-amz-id-2", "DEF"}});
    call.request_bytes = 7;
    call.response_bytes = 9;
    call.request.tls = true;
    call.request.tls_version = "TLSv1.3";
    call.request.tls_cipher = "TLS_AES_128_GCM_SHA256";
    const auto record = record_of(call);
    EXPECT_EQ(record.text("eventTime"), "2026-11-21T16:00:00Z");
    EXPECT_EQ(record.text("eventName"), "PutObject");
    EXPECT_EQ(record.text("awsRegion"), "eu-west-1");
    EXPECT_EQ(record.text("sourceIPAddress"), "192.0.2.7");
    EXPECT_EQ(record.text("userAgent"), "[aws-cli/2]");
    EXPECT_EQ(record.text("requestID"), "ABC");
    EXPECT_EQ(record.text("recipientAccountId"), "111122223333");
    EXPECT_EQ(record.text("eventCategory"), "Data");
    EXPECT_EQ(record.find("userIdentity")->text("accessKeyId"), "AKIAEXAMPLE");
    EXPECT_EQ(record.find("errorCode"), nullptr);
    const auto& data = *record.find("additionalEventData");
    EXPECT_EQ(data.text("SignatureVersion"), "SigV4");
    EXPECT_EQ(data.text("CipherSuite"), "TLS_AES_128_GCM_SHA256");
    EXPECT_EQ(data.find("bytesTransferredIn")->as_integer(), 7);
    EXPECT_EQ(data.find("bytesTransferredOut")->as_integer(), 9);
    EXPECT_EQ(record.find("tlsDetails")->text("clientProvidedHostHeader"), "h");
}

TEST(Record, HasTheErrorOfEachProtocol) {
    const struct {
        net::Headers headers;
        std::string body, code, message;
        int status;
    } cases[] = {
        {{{"x-amzn-errortype", "com.amazon#ThrottlingException:http://x"}}, "", "ThrottlingException", "", 400},
        {{}, R"({"__type":"a.b#ResourceNotFoundException","message":"no"})", "ResourceNotFoundException", "no", 400},
        {{},
         "<Error><Code>NoSuchKey</Code><Message>it is not there</Message></Error>",
         "NoSuchKey",
         "it is not there",
         404},
        {{}, "", "404", "", 404},
        {{}, "<html>", "502", "", 502},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.code);
        const auto record = record_of(call_of(request("GET", "/b/k"), row.status, row.headers, row.body));
        EXPECT_EQ(record.text("errorCode"), row.code);
        EXPECT_EQ(record.text("errorMessage"), row.message);
    }
    auto unanswered = call_of(request("GET", "/b/k"), 0);
    unanswered.outcome = Outcome::reset;
    EXPECT_EQ(record_of(unanswered).text("errorCode"), "ServiceUnavailable");
}

TEST(Record, HasNothingThatIsSecret) {
    const std::string canary = "canary";
    auto call = call_of(request("POST", "/b/k?X-Amz-Signature=canary&X-Amz-Security-Token=canary&token=canary",
                                signed_for("s3", {{"X-Amz-Security-Token", canary},
                                                  {"Cookie", canary},
                                                  {"x-amz-server-side-encryption-customer-key", canary},
                                                  {"x-amz-mfa", canary},
                                                  {"x-api-key", canary},
                                                  {"Proxy-Authorization", canary}}),
                                "Password=canary"),
                        200, {{"Set-Cookie", canary}}, "<SecretAccessKey>canary</SecretAccessKey>");
    const auto text = build_record(call, {"111122223333", "us-west-2"}, name_call);
    EXPECT_EQ(text.find(canary), std::string::npos) << text;
    EXPECT_EQ(text.find("5e5e5e5e"), std::string::npos) << text;
}

TEST(Record, IsJsonWhateverTheCallerSends) {
    const auto record =
        record_of(call_of(request("GET", "/\xff\"\\", {{"User-Agent", "\xc3\x28\"\\\t"}, {"Host", "\xff"}}), 200));
    EXPECT_FALSE(record.text("userAgent").empty());
}

// ---- from where

TEST(TrustedProxies, TheRightMostUntrustedAddressCounts) {
    const auto trusted = TrustedProxies::parse({"10.0.0.0/8", "2001:db8::/32", "127.0.0.1"});
    ASSERT_TRUE(trusted);
    const struct {
        std::string peer, name, value, origin;
    } cases[] = {
        {"192.0.2.1", "X-Forwarded-For", "203.0.113.5", "192.0.2.1"},
        {"10.1.2.3", "X-Forwarded-For", "203.0.113.5", "203.0.113.5"},
        {"10.1.2.3", "x-forwarded-for", "1.1.1.1, 203.0.113.5, 10.9.9.9", "203.0.113.5"},
        {"10.1.2.3", "X-Forwarded-For", "203.0.113.5:4711", "203.0.113.5"},
        {"10.1.2.3", "X-Forwarded-For", "[2001:dead::1]:80", "2001:dead::1"},
        {"10.1.2.3", "X-Forwarded-For", "unknown", "10.1.2.3"},
        {"10.1.2.3", "X-Forwarded-For", "1.1.1.1, junk, 10.0.0.1", "10.0.0.1"},
        {"10.1.2.3", "Forwarded", "for=203.0.113.6;proto=https, for=\"[2001:db8::5]:1\"", "203.0.113.6"},
        {"2001:db8::9", "X-Forwarded-For", "203.0.113.5", "203.0.113.5"},
        {"127.0.0.1", "X-Forwarded-For", "10.0.0.1", "10.0.0.1"},
        {"10.1.2.3", "X-Other", "1", "10.1.2.3"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.peer + " " + row.value);
        EXPECT_EQ(trusted->origin(row.peer, request("GET", "/", {{row.name, row.value}})), row.origin);
    }
    EXPECT_FALSE(TrustedProxies::parse({"10.0.0.0/99"}));
    EXPECT_FALSE(TrustedProxies::parse({"example.com"}));
}

TEST(ProxyHeader, IsReadWholeOrNotAtAll) {
    const std::string one = "PROXY TCP6 2001:db8::1 ::1 1 2\r\n", unknown = "PROXY UNKNOWN\r\n";
    const std::string two("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x0a\x7f\0\0\x01\x13\x88\0\x50", 28);
    const std::string local("\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
    for (const auto& [bytes, source] :
         {std::pair(one, "2001:db8::1"), {unknown, ""}, {two, "203.0.113.10"}, {local, ""}}) {
        for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
            const auto part = read_proxy_header(bytes.substr(0, cut));
            EXPECT_TRUE(part && !*part) << bytes << cut;
        }
        const auto whole = read_proxy_header(bytes + "GET / ");
        ASSERT_TRUE(whole && *whole) << bytes;
        EXPECT_EQ((*whole)->size, bytes.size());
        EXPECT_EQ((*whole)->source, source);
    }
    for (const char* wrong : {"GET / HTTP/1.1\r\n", "PROXY TCP4 a b 1 2\r\n", "PROXY TCP5 1.1.1.1 1.1.1.1 1 2\r\n"})
        EXPECT_FALSE(read_proxy_header(wrong)) << wrong;
    EXPECT_FALSE(read_proxy_header("PROXY " + std::string(200, 'x')));
}

// ---- bringing records to where they are kept

class FlakySink final : public RecordSink {
public:
    void submit(std::string record, std::uint64_t sequence, Done done) override {
        std::unique_lock lock(mutex_);
        const auto result = failing ? Result<void>(fail(Code::exhausted, "no")) : Result<void>();
        if (!failing) taken_.emplace_back(sequence, std::move(record));
        lock.unlock();
        done(result);
    }
    std::size_t taken() {
        std::lock_guard lock(mutex_);
        return taken_.size();
    }
    std::vector<std::pair<std::uint64_t, std::string>> all() {
        std::lock_guard lock(mutex_);
        return taken_;
    }

    std::atomic<bool> failing{false};

private:
    std::mutex mutex_;
    std::vector<std::pair<std::uint64_t, std::string>> taken_;
};

RecordingOptions quick() {
    RecordingOptions options;
    options.retry_interval = std::chrono::milliseconds(5);
    return options;
}

TEST(Recording, WhatIsNotTakenIsGivenAgainUntilItIs) {
    FlakySink sink;
    Metrics metrics;
    Recording recording(quick(), sink, metrics);
    EXPECT_TRUE(recording.accepting());
    sink.failing = true;
    int failed = 0;
    for (int i = 0; i < 3; ++i)
        recording.record(call_of(request("GET", "/b/" + std::to_string(i)), 200),
                         [&](Result<void> result) { failed += !result; });
    EXPECT_EQ(failed, 3);
    EXPECT_FALSE(recording.accepting());
    sink.failing = false;
    for (int i = 0; i < 500 && !recording.accepting(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_TRUE(recording.accepting());
    const auto taken = sink.all();
    ASSERT_EQ(taken.size(), 3u);
    EXPECT_LT(taken[0].first, taken[1].first);
    EXPECT_LT(taken[1].first, taken[2].first);
}

TEST(Recording, WhatWaitsAtTheEndIsGivenOnceMore) {
    FlakySink sink;
    Metrics metrics;
    {
        auto options = quick();
        options.retry_interval = std::chrono::hours(1);
        Recording recording(options, sink, metrics);
        sink.failing = true;
        recording.record(call_of(request("GET", "/b/k"), 200), [](Result<void>) {});
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        sink.failing = false;
    }
    EXPECT_EQ(sink.taken(), 1u);
}

TEST(Recording, OnlySoMuchWaits) {
    FlakySink sink;
    Metrics metrics;
    auto options = quick();
    options.waiting_bytes_max = 2'000;
    Recording recording(options, sink, metrics);
    sink.failing = true;
    for (int i = 0; i < 10; ++i) recording.record(call_of(request("GET", "/b/k"), 200), [](Result<void>) {});
    EXPECT_GT(metrics.counter("cairn_gateway_dropped_records_total", "").value(), 5u);
}

}  // namespace
}  // namespace cairn::gateway
