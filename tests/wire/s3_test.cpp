#include "wire/s3.h"

#include <gtest/gtest.h>

using namespace cairn;
using namespace cairn::wire;

TEST(S3Answers, AnErrorIsADocumentWithItsStatus) {
    const auto answer = s3_error({"NoSuchKey", "no <key>"}, {"logs", "a&b\xff", "/logs/a&b"}, "request-1");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(
        answer.body,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message>"
        "<BucketName>logs</BucketName><Key>a&amp;b\xef\xbf\xbd</Key><Resource>/logs/a&amp;b</Resource>"
        "<RequestId>request-1</RequestId><HostId>cmVxdWVzdC0x</HostId></Error>");
    EXPECT_EQ(answer.find("x-amz-request-id"), "request-1");
    EXPECT_EQ(answer.find("x-amz-id-2"), "cmVxdWVzdC0x");
    EXPECT_EQ(s3_error({"NoSuchThing", ""}, {}, "r").status, 500) << "a code that S3 does not have is our own mistake";
    EXPECT_TRUE(s3_error({"NoSuchKey", ""}, {}, "r", false).body.empty());
}

TEST(S3Answers, FaultsHaveTheWordsOfS3) {
    EXPECT_EQ(s3_fault("NoSuchBucket").message, "The specified bucket does not exist");
    EXPECT_EQ(find_s3_error("PreconditionFailed")->status, 412);
    EXPECT_EQ(find_s3_error("precondition"), nullptr);
}

TEST(S3Answers, TimesHaveMilliseconds) {
    EXPECT_EQ(s3_time(*parse_time("2026-01-02T03:04:05Z")), "2026-01-02T03:04:05.000Z");
    EXPECT_EQ(s3_time(*parse_time("2026-01-02T03:04:05.067Z")), "2026-01-02T03:04:05.067Z");
}

TEST(S3Answers, ElementsWithAttributes) {
    XmlWriter xml;
    xml.open_with("Grantee", {{"xsi:type", "a\"b"}, {"x", "1"}});
    xml.content("<");
    xml.close("Grantee");
    EXPECT_EQ(xml.take(), "<Grantee xsi:type=\"a&quot;b\" x=\"1\">&lt;</Grantee>");
}
