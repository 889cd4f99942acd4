#include "wire/call_failure.h"

#include <zlib.h>

#include "exchange.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

std::string failure(const Exchange& exchange) {
    return exchange.with([](const auto& call, const auto& answer, const auto&) {
        const auto found = call_failure(call, answer);
        EXPECT_EQ(static_cast<bool>(found), !found.code.empty());
        return found.code + "|" + found.message;
    });
}

std::string request_id(const Exchange& exchange) {
    return exchange.with(
        [](const auto& call, const auto& answer, const auto&) { return answered_request_id(call, answer); });
}

std::string gzip(const std::string& text) {
    std::string out(text.size() + 64, 0);
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

const auto get_user = form_call("iam", "Action=GetUser&Version=2010-05-08&UserName=nobody");
const auto describe_table = json_call("dynamodb", "DynamoDB_20120810.DescribeTable");
const auto describe_instances = form_call("ec2", "Action=DescribeInstances&Version=2016-11-15");
const Exchange get_function{"GET", "/2015-03-31/functions/f", "lambda"};

constexpr auto no_user =
    "<ErrorResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type>"
    "<Code>NoSuchEntity</Code><Message>User nobody not found &amp; gone</Message></Error>"
    "<RequestId>7a62c49f</RequestId></ErrorResponse>";
constexpr auto no_instance =
    "<?xml version=\"1.0\"?><Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>gone</Message>"
    "</Error></Errors><RequestID>ea966190</RequestID></Response>";

}  // namespace

TEST(CallFailure, SuccessIsNone) {
    EXPECT_EQ(failure(answered(get_user, 200, no_user)), "|");
    EXPECT_EQ(failure(answered(get_function, 304, {})), "|");
    EXPECT_EQ(failure(answered(s3_call("GET", "/b/k"), 206, "<Error><Code>X</Code></Error>")), "|");
    EXPECT_EQ(failure(answered(s3_call("GET", "/b/k"), 200, "<Error><Code>X</Code></Error>")), "|");
}

TEST(CallFailure, EachProtocolSaysItInItsPlace) {
    EXPECT_EQ(failure(answered(get_user, 404, no_user)), "NoSuchEntityException|User nobody not found & gone");
    EXPECT_EQ(failure(answered(describe_instances, 400, no_instance)), "Client.InvalidInstanceID.NotFound|gone");
    EXPECT_EQ(failure(answered(describe_instances, 503, no_instance)), "Server.InvalidInstanceID.NotFound|gone");
    EXPECT_EQ(
        failure(answered(describe_table, 400,
                         R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"m"})")),
        "ResourceNotFoundException|m");
    EXPECT_EQ(failure(answered(describe_table, 400, R"({"code":"X:http://a#b/","Message":"m"})")), "X|m");
    EXPECT_EQ(failure(answered(get_function, 404, R"({"Type":"User","Message":"no f"})",
                               {{"x-amzn-ErrorType", "ResourceNotFoundException:http://internal/"}})),
              "ResourceNotFoundException|no f");
    EXPECT_EQ(
        failure(answered(get_function, 403, R"({"message":"no"})", {{"x-amzn-errortype", "AccessDeniedException"}})),
        "AccessDenied|no");
    const Exchange zone{"GET", "/2013-04-01/hostedzone/Z1", "route53"};
    EXPECT_EQ(failure(answered(zone, 404,
                               "<ErrorResponse><Error><Code>NoSuchHostedZone</Code><Message>m</Message>"
                               "</Error></ErrorResponse>")),
              "NoSuchHostedZone|m");
}

TEST(CallFailure, CborIsAMap) {
    const Exchange put{"POST",
                       "/service/GraniteServiceVersion20100801/operation/GetDashboard",
                       "monitoring",
                       {{"Smithy-Protocol", "rpc-v2-cbor"}}};
    const std::string body = std::string("\xa2\x66__type\x70") + "ResourceNotFound" + "\x67message\x61m";
    EXPECT_EQ(failure(answered(put, 404, body)), "DashboardNotFoundError|m");
}

TEST(CallFailure, TheShapeWinsOverTheCodeOfTheQueryProtocol) {
    const auto queue = json_call("sqs", "AmazonSQS.GetQueueUrl");
    const HeaderTexts code{{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}};
    EXPECT_EQ(failure(answered(queue, 400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"})", code)),
              "QueueDoesNotExist|m");
    EXPECT_EQ(failure(answered(queue, 400, R"({"message":"m"})", code)), "AWS.SimpleQueueService.NonExistentQueue|m");
    const auto form = form_call("sqs", "Action=GetQueueUrl&Version=2012-11-05&QueueName=q");
    EXPECT_EQ(failure(answered(form, 400,
                               "<ErrorResponse><Error><Code>AWS.SimpleQueueService.NonExistentQueue</Code>"
                               "</Error></ErrorResponse>")),
              "QueueDoesNotExist|");
}

TEST(CallFailure, S3SaysItInTheBodyOrByTheStatus) {
    const auto get = s3_call("GET", "/b/k"), head = s3_call("HEAD", "/b/k"), bucket = s3_call("HEAD", "/b");
    EXPECT_EQ(failure(answered(get, 404,
                               "<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Message>m</Message>"
                               "<Key>k</Key></Error>")),
              "NoSuchKey|m");
    EXPECT_EQ(failure(answered(head, 404, {})), "NoSuchKey|");
    EXPECT_EQ(failure(answered(bucket, 404, {})), "NoSuchBucket|");
    EXPECT_EQ(failure(answered(head, 403, {})), "AccessDenied|");
    EXPECT_EQ(failure(answered(head, 412, {})), "PreconditionFailed|");
    EXPECT_EQ(failure(answered(head, 304, {})), "|");
    EXPECT_EQ(failure(answered(head, 400, {})), "400|");
    EXPECT_EQ(failure(answered(bucket, 301, {})), "PermanentRedirect|");
    EXPECT_EQ(failure(answered(get, 307, "<Error><Code>TemporaryRedirect</Code><Message>m</Message></Error>")),
              "TemporaryRedirect|m");
    EXPECT_EQ(failure(answered(get, 302, {})), "|");
}

TEST(CallFailure, S3MayFailAfterItBeganWithSuccess) {
    const std::string error =
        "<?xml version=\"1.0\"?>\n   <Error><Code>InternalError</Code><Message>m</Message></Error>";
    const auto copy = s3_call("PUT", "/b/k", {{"x-amz-copy-source", "/b/other"}});
    EXPECT_EQ(failure(answered(copy, 200, error)), "InternalError|m");
    EXPECT_EQ(failure(answered(s3_call("POST", "/b/k?uploadId=u"), 200, error)), "InternalError|m");
    EXPECT_EQ(
        failure(answered(s3_call("PUT", "/b/k?uploadId=u&partNumber=1", {{"x-amz-copy-source", "/b/o"}}), 200, error)),
        "InternalError|m");
    EXPECT_EQ(failure(answered(copy, 200, "<CopyObjectResult><ETag>e</ETag></CopyObjectResult>")), "|");
    EXPECT_EQ(failure(answered(s3_call("POST", "/b?delete"), 200,
                               "<DeleteResult><Error><Code>AccessDenied</Code></Error></DeleteResult>")),
              "|");
}

TEST(CallFailure, WithoutAnErrorInItTheStatusIsTheCode) {
    EXPECT_EQ(failure(answered(get_user, 502, "<html>Bad</html>", {{"Content-Type", "text/html"}})),
              "502|<html>Bad</html>");
    EXPECT_EQ(failure(answered(get_user, 502, "secret?", {{"Content-Type", "application/octet-stream"}})), "502|");
    EXPECT_EQ(failure(answered(describe_instances, 502, {})), "502|");
    EXPECT_EQ(failure(answered(describe_table, 500, "no json")), "500|");
    EXPECT_EQ(failure(answered(get_user, 0, {})), "ServiceUnavailable|upstream closed the connection");
    auto cut = answered(get_user, 404, no_user);
    cut.whole = false;
    EXPECT_EQ(failure(cut), "404|");
}

TEST(CallFailure, CompressedErrorsAreRead) {
    const HeaderTexts encoded{{"Content-Encoding", "gzip"}};
    EXPECT_EQ(failure(answered(get_user, 404, gzip(no_user), encoded)),
              "NoSuchEntityException|User nobody not found & gone");
    EXPECT_EQ(failure(answered(get_user, 404, no_user, encoded)), "404|");
    EXPECT_EQ(failure(answered(s3_call("PUT", "/b/k", {{"x-amz-copy-source", "/b/o"}}), 200,
                               gzip("<Error><Code>InternalError</Code></Error>"), encoded)),
              "InternalError|");
    EXPECT_EQ(failure(answered(get_user, 404, gzip(std::string(1 << 20, ' ') + no_user), encoded)), "404|")
        << "a hundred times longer";
}

TEST(CallFailure, TextsAreCutBetweenCharacters) {
    std::string message(1023, 'a');
    message += "\u00fc";
    const auto found = failure(answered(get_function, 400, "{\"message\":\"" + message + "\"}",
                                        {{"x-amzn-errortype", std::string(3000, 'E')}}));
    EXPECT_EQ(found, std::string(1024, 'E') + "|" + std::string(1023, 'a'));
}

TEST(RequestId, IsInAHeaderOrTheBodyOrMade) {
    EXPECT_EQ(request_id(answered(get_user, 404, no_user, {{"X-Amzn-RequestId", "id-1"}})), "id-1");
    EXPECT_EQ(request_id(answered(get_user, 404, no_user)), "7a62c49f");
    EXPECT_EQ(request_id(answered(describe_instances, 400, no_instance)), "ea966190");
    EXPECT_EQ(request_id(answered(describe_instances, 200,
                                  "<R><requestId>first</requestId><x><requestId>2</requestId></x></R>")),
              "first");
    EXPECT_EQ(request_id(answered(s3_call("GET", "/b/k"), 200, {}, {{"x-amz-request-id", "0A49CE4060975EAC"}})),
              "0A49CE4060975EAC");
    EXPECT_EQ(request_id(answered(get_function, 200, "{}")).size(), 36u);
    const auto made = request_id(answered(s3_call("GET", "/b/k"), 200, {}));
    EXPECT_EQ(made.size(), 16u);
    EXPECT_EQ(made.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos);
}
