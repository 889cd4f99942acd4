#include "wire/record_text.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "wire/decoded_body.h"
#include "wire/deleted_objects.h"

namespace cairn::wire {
namespace {

RecordParts parts() {
    RecordParts parts;
    parts.event_source = "s3.amazonaws.com";
    parts.event_name = "GetObject";
    parts.region = "eu-west-1";
    parts.source_address = "192.0.2.7";
    parts.event_id = "1";
    parts.account = "111122223333";
    return parts;
}

TEST(RecordText, HasItsMembersInCloudTrailsOrder) {
    auto all = parts();
    all.user_identity = R"({"type":"Root"})";
    all.time = from_milliseconds(1'999);
    all.user_agent = "a";
    all.error_code = "E";
    all.error_message = "m";
    all.request_parameters = R"({"a":1})";
    all.response_elements = R"({"b":1})";
    all.additional_event_data = R"({"c":1})";
    all.request_id = "r";
    all.read_only = true;
    all.resources = "[]";
    all.api_version = "v";
    all.data_event = true;
    all.tls_details = R"({"d":1})";
    EXPECT_EQ(record_text(all),
              R"({"eventVersion":"1.11","userIdentity":{"type":"Root"},"eventTime":"1970-01-01T00:00:01Z",)"
              R"("eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1",)"
              R"("sourceIPAddress":"192.0.2.7","userAgent":"a","errorCode":"E","errorMessage":"m",)"
              R"("requestParameters":{"a":1},"responseElements":{"b":1},"additionalEventData":{"c":1},"requestID":"r",)"
              R"("eventID":"1","readOnly":true,"resources":[],"eventType":"AwsApiCall","apiVersion":"v",)"
              R"("managementEvent":false,"recipientAccountId":"111122223333","eventCategory":"Data",)"
              R"("tlsDetails":{"d":1}})");
    EXPECT_EQ(record_text(parts()),
              R"({"eventVersion":"1.11","userIdentity":{},"eventTime":"1970-01-01T00:00:00Z",)"
              R"("eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"eu-west-1",)"
              R"("sourceIPAddress":"192.0.2.7","requestParameters":null,"responseElements":null,"eventID":"1",)"
              R"("readOnly":false,"eventType":"AwsApiCall","managementEvent":true,)"
              R"("recipientAccountId":"111122223333","eventCategory":"Management"})");
}

TEST(RecordText, LeavesOutContentThatIsTooLong) {
    const auto content = [](std::size_t bytes) { return R"({"a":")" + std::string(bytes - 8, 'x') + R"("})"; };
    const auto fits = content(record_parameters_bytes_max), too_long = content(record_parameters_bytes_max + 1);
    const auto additional = content(record_additional_bytes_max + 1);
    auto large = parts();
    large.request_parameters = fits;
    large.response_elements = too_long;
    large.additional_event_data = additional;
    const auto record = parse_json(record_text(large));
    ASSERT_TRUE(record);
    EXPECT_EQ(to_text(*record->find("requestParameters")), fits);
    EXPECT_EQ(to_text(*record->find("responseElements")), omitted_content);
    EXPECT_EQ(to_text(*record->find("additionalEventData")), omitted_content);

    const auto resources = "[" + content(200'000) + "]";
    large.resources = resources;
    EXPECT_LT(record_text(large).size(), 256u * 1024);
}

TEST(RecordText, CutsTextsBetweenCharacters) {
    const auto agent = std::string(1023, 'a') + "\xc3\xa9" + "b", broken = std::string("\xff") + "c";
    auto odd = parts();
    odd.user_agent = agent;
    odd.error_code = broken;
    const auto record = parse_json(record_text(odd));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->text("userAgent"), std::string(1023, 'a'));
    EXPECT_EQ(record->text("errorCode"),
              "\xef\xbf\xbd"
              "c");
}

// ---- bodies

BodyForm chunked(bool gzip = false) {
    BodyForm form;
    form.framing = BodyForm::Framing::aws_chunked_signed;
    form.gzip = gzip;
    return form;
}

TEST(DecodedBody, HasWhatStandsInItsChunks) {
    EXPECT_EQ(decoded_body(chunked(),
                           "3;chunk-signature=ab\r\nabc\r\nA\r\n0123456789\r\n0;chunk-signature=c\r\nx-amz-checksum-"
                           "crc32:AA==\r\n\r\n"),
              "abc0123456789");
    EXPECT_EQ(decoded_body(chunked(), "0\r\n\r\n"), "");
    EXPECT_EQ(decoded_body({}, "as it is"), "as it is");
    for (const char* wrong : {"", "3", "3\r\nab", "3\r\nabcd", "x\r\nabc\r\n0\r\n\r\n", "-1\r\n",
                              "ffffffffffffffff\r\nabc\r\n", ";a\r\n", "3\r\nabc\r\n"})
        EXPECT_FALSE(decoded_body(chunked(), wrong)) << wrong;
}

TEST(DecodedBody, IsDecompressedWithinBounds) {
    // printf abc | gzip -n
    const std::string abc("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\x03\0\0\0", 23);
    BodyForm gzip;
    gzip.gzip = true;
    EXPECT_EQ(decoded_body(gzip, abc), "abc");
    EXPECT_EQ(decoded_body(chunked(true), "17\r\n" + abc + "\r\n0\r\n\r\n"), "abc");
    for (std::size_t cut = 0; cut < abc.size(); ++cut) EXPECT_FALSE(decoded_body(gzip, abc.substr(0, cut))) << cut;
}

TEST(DeletedKeys, AreThoseOfTheAnswerOrOfAQuietRequestWithoutErrors) {
    const std::string loud = "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
    const std::string quiet =
        "<Delete><Quiet>true</Quiet><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>";
    const std::string answered =
        "<DeleteResult><Deleted><Key>a&amp;</Key></Deleted><Error><Key>b</Key></Error></DeleteResult>";
    const std::string errors = "<DeleteResult><Error><Key>b</Key></Error></DeleteResult>";
    using Keys = std::vector<std::string>;
    EXPECT_EQ(deleted_keys(loud, answered), Keys{"a&"});
    EXPECT_EQ(deleted_keys(quiet, errors), Keys{"a"});
    EXPECT_EQ(deleted_keys(loud, errors), Keys{});
    EXPECT_EQ(deleted_keys(quiet, "<Error/>"), Keys{});
    EXPECT_EQ(deleted_keys("", ""), Keys{});
}

}  // namespace
}  // namespace cairn::wire
