#include "api/s3_lifecycle.h"

#include <gtest/gtest.h>

#include "api/s3_fixture.h"
#include "base/bytes.h"
#include "sign/digest.h"

using namespace cairn;
using namespace cairn::api;
using namespace cairn::api::test;

namespace {

std::string document(const std::string& rules) {
    return R"(<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">)" + rules +
           "</LifecycleConfiguration>";
}

std::string rule(const std::string& inner) { return document("<Rule>" + inner + "</Rule>"); }

class S3Lifecycle : public S3Test {
protected:
    S3Lifecycle() { make_bucket("logs"); }
    Answer put_rules(const std::string& body) { return call("PUT", "/logs?lifecycle", "root", body); }
};

TEST_F(S3Lifecycle, ComesBackAsItWasPut) {
    EXPECT_EQ(error_of(call("GET", "/logs?lifecycle")), "404 NoSuchLifecycleConfiguration");
    const auto rules = document(
        "<Rule><Expiration><Days>365</Days></Expiration><ID>logs</ID><Filter><Prefix>AWSLogs/</Prefix></Filter>"
        "<Status>Enabled</Status></Rule>"
        "<Rule><Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration><ID>day</ID><Prefix></Prefix>"
        "<Status>Disabled</Status></Rule>"
        "<Rule><Expiration><Days>1</Days></Expiration><ID>all</ID><Filter></Filter><Status>Enabled</Status></Rule>");
    EXPECT_EQ(put_rules(rules).response.status, 200);
    const auto got = call("GET", "/logs?lifecycle");
    EXPECT_EQ(got.response.status, 200);
    EXPECT_TRUE(got.response.body.ends_with(rules)) << got.response.body;
    EXPECT_EQ(engine_.wait_for_events("PutBucketLifecycle", 1).at(0).find("readOnly")->as_bool(), false);
    EXPECT_EQ(call("DELETE", "/logs?lifecycle").response.status, 204);
    EXPECT_EQ(error_of(call("GET", "/logs?lifecycle")), "404 NoSuchLifecycleConfiguration");
    EXPECT_EQ(call("DELETE", "/logs?lifecycle").response.status, 204);
    EXPECT_EQ(error_of(call("PUT", "/logs?lifecycle", "nobody", rules)), "403 AccessDenied");
}

TEST_F(S3Lifecycle, AnIdIsMadeForARuleWithoutOne) {
    ASSERT_EQ(
        put_rules(rule("<Filter/><Status>Enabled</Status><Expiration><Days>9</Days></Expiration>")).response.status,
        200);
    EXPECT_EQ(buckets_.find("logs")->lifecycle.at(0).id.size(), 36u);
}

TEST_F(S3Lifecycle, WhatIsRefused) {
    const std::string enabled = "<Status>Enabled</Status>", all = "<Filter><Prefix/></Filter>",
                      days = "<Expiration><Days>1</Days></Expiration>";
    const struct {
        std::string body;
        const char* error;
    } cases[] = {
        {"", "400 MalformedXML"},
        {"<Life", "400 MalformedXML"},
        {document(""), "400 MalformedXML"},
        {rule(all + days), "400 MalformedXML"},
        {rule(all + "<Status>enabled</Status>" + days), "400 MalformedXML"},
        {rule(enabled + days), "400 MalformedXML"},
        {rule(all + "<Prefix/>" + enabled + days), "400 MalformedXML"},
        {rule(all + enabled), "400 InvalidRequest"},
        {rule(all + enabled + "<Expiration/>"), "400 MalformedXML"},
        {rule(all + enabled + "<Expiration><Days>x</Days></Expiration>"), "400 MalformedXML"},
        {rule(all + enabled + "<Expiration><Days>0</Days></Expiration>"), "400 InvalidArgument"},
        {rule(all + enabled + "<Expiration><Days>-1</Days></Expiration>"), "400 InvalidArgument"},
        {rule(all + enabled + "<Expiration><Days>99999999999</Days></Expiration>"), "400 InvalidArgument"},
        {rule(all + enabled + "<Expiration><Date>2030-01-01T12:00:00Z</Date></Expiration>"), "400 InvalidArgument"},
        {rule(all + enabled + "<Expiration><Date>soon</Date></Expiration>"), "400 MalformedXML"},
        {rule(all + enabled + "<Expiration><Days>1</Days><Date>2030-01-01</Date></Expiration>"), "400 MalformedXML"},
        {rule("<ID>" + std::string(256, 'i') + "</ID>" + all + enabled + days), "400 InvalidArgument"},
        {document("<Rule><ID>a</ID>" + all + enabled + days + "</Rule><Rule><ID>a</ID>" + all + enabled + days +
                  "</Rule>"),
         "400 InvalidArgument"},
        {rule("<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>" + enabled + days), "501 NotImplemented"},
        {rule("<Filter><And><Prefix>p</Prefix><ObjectSizeLessThan>1</ObjectSizeLessThan></And></Filter>" + enabled +
              days),
         "501 NotImplemented"},
        {rule(all + enabled + "<Transition><Days>1</Days><StorageClass>GLACIER</StorageClass></Transition>"),
         "501 NotImplemented"},
    };
    for (const auto& row : cases) EXPECT_EQ(error_of(put_rules(row.body)), row.error) << row.body;
    EXPECT_EQ(error_of(call("GET", "/logs?lifecycle")), "404 NoSuchLifecycleConfiguration");
}

TEST_F(S3Lifecycle, AnObjectSaysWhenItWillGo) {
    put("AWSLogs/key", "x");
    EXPECT_EQ(call("GET", "/logs/AWSLogs/key").header("x-amz-expiration"), "");
    ASSERT_EQ(put_rules(rule("<ID>a rule</ID><Filter><Prefix>AWSLogs/</Prefix></Filter><Status>Enabled</Status>"
                             "<Expiration><Days>30</Days></Expiration>"))
                  .response.status,
              200);
    put("other", "x");
    for (const char* method : {"GET", "HEAD"}) {
        EXPECT_EQ(call(method, "/logs/AWSLogs/key").header("x-amz-expiration"),
                  "expiry-date=\"Mon, 02 Feb 2026 00:00:00 GMT\", rule-id=\"a%20rule\"");
        EXPECT_EQ(call(method, "/logs/other").header("x-amz-expiration"), "");
    }
}

TEST_F(S3Lifecycle, WhatRetentionRemovedIsMissedInOtherWords) {
    put("key", "content");
    const auto put_at = clock_.now();
    clock_.advance(std::chrono::hours(24));
    ASSERT_TRUE(objects_->expire("logs", "key", put_at, "rule \"old\" of the bucket's lifecycle").value());
    const auto got = call("GET", "/logs/key");
    EXPECT_EQ(error_of(got), "404 NoSuchKey");
    const std::string message = xml_of(got).child("Error").child("Message").text().get();
    EXPECT_EQ(message,
              "The specified key does not exist. Retention removed it at 2026-01-03T04:00:00Z: rule \"old\" of "
              "the bucket's lifecycle. It had 7 bytes with the SHA-256 " +
                  sign::sha256_hex("content") + ".");
    EXPECT_EQ(got.header("x-cairn-removed-by-retention"), "2026-01-03T04:00:00Z");
    const auto head = call("HEAD", "/logs/key");
    EXPECT_EQ(head.response.status, 404);
    EXPECT_EQ(head.header("x-cairn-removed-by-retention"), "2026-01-03T04:00:00Z");
    EXPECT_EQ(call("GET", "/logs/never").header("x-cairn-removed-by-retention"), "");
    EXPECT_EQ(error_of(call("GET", "/logs/key", "getter")), "403 AccessDenied") << "who may not list is told nothing";
    EXPECT_TRUE(texts(call("GET", "/logs?list-type=2"), "Contents", "Key").empty());
    EXPECT_EQ(call("DELETE", "/logs").response.status, 204);
}

}  // namespace
