// The calls of the given case folder (CAIRN_CASES) whose answers are simple enough to be written by hand: what
// gateway_calls.json expects of their records.

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "exchange.h"
#include "wire/call_failure.h"
#include "wire/call_resources.h"
#include "wire/response_elements.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

std::optional<Json> load_calls() {
    const char* named = std::getenv("CAIRN_CASES");
    std::ifstream in(std::string(named ? named : CAIRN_SOURCE_DIR "/../shared/cases") + "/gateway_calls.json");
    if (!in) return std::nullopt;
    std::stringstream text;
    text << in.rdbuf();
    return *parse_json(text.str());
}

/// As the file says: objects member by member, "*" and "${...}" are any value that is there.
bool fits(const Json& wanted, const Json& found) {
    const auto& text = wanted.as_string();
    if (text == "*" || text.starts_with("${")) return !found.is_null();
    if (wanted.is_array()) {
        if (!found.is_array() || found.as_array().size() != wanted.as_array().size()) return false;
        for (std::size_t i = 0; i < wanted.as_array().size(); ++i)
            if (!fits(wanted.as_array()[i], found.as_array()[i])) return false;
        return true;
    }
    if (!wanted.is_object()) return wanted == found;
    for (const auto& [name, value] : wanted.as_object()) {
        const auto* there = found.find(name);
        if (!there || !fits(value, *there)) return false;
    }
    return true;
}

/// Also where nothing is wanted; null must be null.
bool fits_member(const Json& wanted, std::string_view name, const Json& found) {
    for (const auto& [member, value] : wanted.as_object())
        if (member == name) return fits(value, found);
    return true;
}

std::string xml_result(const std::string& action, const std::string& result) {
    return "<" + action + "Response><" + action + "Result>" + result + "</" + action + "Result></" + action +
           "Response>";
}

std::string xml_error(const std::string& code) {
    return "<ErrorResponse><Error><Code>" + code + "</Code><Message>m</Message></Error></ErrorResponse>";
}

Exchange iam(const std::string& action, const std::string& result) {
    return answered(form_call("iam", "Action=" + action + "&Version=2010-05-08"), 200, xml_result(action, result));
}

/// By eventName; the first call of that name in the file is meant.
std::map<std::string, Exchange, std::less<>> exchanges() {
    const auto ec2 = [](const std::string& action, const std::string& answer) {
        return answered(form_call("ec2", "Action=" + action + "&Version=2016-11-15"), 200,
                        "<R><requestId>r</requestId>" + answer + "</R>");
    };
    return {
        {"CreateBucket", answered(s3_call("PUT", "/gw-bucket"), 200, {})},
        {"PutBucketVersioning", answered(s3_call("PUT", "/gw-bucket?versioning"), 200, {})},
        {"PutBucketLifecycle", answered(s3_call("PUT", "/gw-bucket?lifecycle"), 200, {})},
        {"GetBucketWebsite",
         answered(s3_call("GET", "/gw-bucket?website"), 404, "<Error><Code>NoSuchWebsiteConfiguration</Code></Error>")},
        {"HeadBucket", answered(s3_call("HEAD", "/gw-bucket"), 200, {})},
        {"PutObject", answered(s3_call("PUT", "/gw-bucket/dir/a%20b%2B%C3%BC.txt"), 200, {})},
        {"ListObjects", answered(s3_call("GET", "/gw-bucket?list-type=2&prefix=dir%2F"), 200, "<L/>")},
        {"CreateVpc", ec2("CreateVpc", "<vpc><vpcId>vpc-1</vpcId></vpc>")},
        {"RunInstances", ec2("RunInstances", "<instancesSet><item><instanceId>i-1</instanceId></item></instancesSet>")},
        {"CreateKeyPair", ec2("CreateKeyPair", "<keyName>gw-key</keyName><keyMaterial>PRIVATE KEY</keyMaterial>")},
        {"CreateUser", iam("CreateUser",
                           "<User><UserName>ana</UserName><UserId>AIDA1</UserId>"
                           "<Arn>arn:aws:iam::123456789012:user/ana</Arn></User>")},
        {"CreateAccessKey", iam("CreateAccessKey",
                                "<AccessKey><UserName>ana</UserName><AccessKeyId>AKIA1</AccessKeyId>"
                                "<Status>Active</Status><SecretAccessKey>s</SecretAccessKey></AccessKey>")},
        {"CreateRole",
         iam("CreateRole", "<Role><RoleName>ops</RoleName><Arn>arn:aws:iam::123456789012:role/ops</Arn></Role>")},
        {"PutUserPolicy", answered(form_call("iam", "Action=PutUserPolicy&Version=2010-05-08"), 200, "<R/>")},
        {"GetUser", answered(form_call("iam", "Action=GetUser&Version=2010-05-08"), 404, xml_error("NoSuchEntity"))},
        {"AssumeRole", answered(form_call("sts", "Action=AssumeRole&Version=2011-06-15"), 200,
                                xml_result("AssumeRole",
                                           "<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s"
                                           "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>"
                                           "2026-01-02T03:04:05Z</Expiration></Credentials><AssumedRoleUser><Arn>"
                                           "arn:aws:sts::123456789012:assumed-role/ops/s1</Arn><AssumedRoleId>AROA1:s1"
                                           "</AssumedRoleId></AssumedRoleUser>"))},
        {"PutItem",
         answered(json_call("dynamodb", "DynamoDB_20120810.PutItem", R"({"TableName":"gwt","Item":{}})"), 200, "{}")},
        {"DescribeTable", answered(json_call("dynamodb", "DynamoDB_20120810.DescribeTable"), 400,
                                   R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"})")},
        {"CreateKey", answered(json_call("kms", "TrentService.CreateKey"), 200, R"({"KeyMetadata":{"KeyId":"k"}})")},
        {"CreateQueue", answered(json_call("sqs", "AmazonSQS.CreateQueue"), 200, R"({"QueueUrl":"http://h/1/q"})")},
        {"GetQueueUrl", answered(json_call("sqs", "AmazonSQS.GetQueueUrl"), 400,
                                 R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist"})")},
        {"CreateTopic", answered(form_call("sns", "Action=CreateTopic&Version=2010-03-31"), 200,
                                 xml_result("CreateTopic", "<TopicArn>arn:aws:sns:us-east-1:1:t</TopicArn>"))},
        {"PutRule", answered(json_call("events", "AWSEvents.PutRule"), 200, R"({"RuleArn":"arn"})")},
        {"CreateStack", answered(form_call("cloudformation", "Action=CreateStack&Version=2010-05-15"), 200,
                                 xml_result("CreateStack", "<StackId>s</StackId>"))},
        {"DescribeDBInstances", answered(form_call("rds", "Action=DescribeDBInstances&Version=2014-10-31"), 404,
                                         xml_error("DBInstanceNotFound"))},
        {"PutParameter", answered(json_call("ssm", "AmazonSSM.PutParameter"), 200, R"({"Version":1})")},
        {"CreateRestApi", answered({"POST", "/restapis", "apigateway", {}, "{}"}, 201, R"({"id":"a","name":"gwapi"})")},
        {"CreateCluster", answered(json_call("ecs", "AmazonEC2ContainerServiceV20141113.CreateCluster"), 200,
                                   R"({"cluster":{"clusterName":"gwc"}})")},
        {"RequestCertificate",
         answered(json_call("acm", "CertificateManager.RequestCertificate"), 200, R"({"CertificateArn":"arn"})")},
    };
}

}  // namespace

TEST(GatewayCalls, AnswersGiveWhatIsExpected) {
    const auto calls = load_calls();
    if (!calls) {
        if (std::getenv("CI")) FAIL() << "no gateway calls";
        GTEST_SKIP() << "no gateway calls";
    }
    auto left = exchanges();
    for (const auto& one : calls->find("calls")->as_array()) {
        const auto& wanted = *one.find("expect");
        const auto found = left.find(wanted.text("eventName"));
        if (found == left.end()) continue;
        SCOPED_TRACE(std::string(one.text("id")));
        found->second.with([&](const auto& call, const auto& answer, const auto& parameters) {
            ASSERT_EQ(call.event_name, wanted.text("eventName"));
            ASSERT_EQ(call.event_source, wanted.text("eventSource"));
            EXPECT_EQ(call_failure(call, answer).code, wanted.text("errorCode"));
            const auto elements = response_elements(call, answer);
            EXPECT_TRUE(fits_member(wanted, "responseElements", elements)) << to_text(elements);
            const auto resources = call_resources(call, parameters, elements, {"123456789012", "us-east-1"});
            EXPECT_TRUE(fits_member(wanted, "resources", resources)) << to_text(resources);
            EXPECT_TRUE(!wanted.find("noResources") || resources.is_null()) << to_text(resources);
        });
        left.erase(found);
    }
    for (const auto& [name, exchange] : left) ADD_FAILURE() << "no call " << name;
}
