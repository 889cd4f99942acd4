#include "wire/request_parameters.h"

#include <gtest/gtest.h>

#include "wire/cbor.h"
#include "wire/form_tree.h"
#include "wire/xml_tree.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

struct Request {
    std::string method, target, scope;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
    bool whole = true;
};

std::string parameters(const Request& request, const KeySchema& key_schema = {}) {
    auto headers = header_views(request.headers);
    const auto signature = "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/" + request.scope +
                           "/aws4_request, SignedHeaders=host, Signature=00";
    headers.emplace_back("Authorization", signature);
    headers.emplace_back("Host", "gateway.example.com");
    const CallHead call{request.method, request.target, headers, request.body};
    const auto classified = classify(call, {});
    EXPECT_TRUE(classified.operation) << classified.event_name;
    return to_text(request_parameters(call, classified, {request.body, request.whole}, key_schema));
}

const std::pair<std::string, std::string> form_type{"Content-Type", "application/x-www-form-urlencoded"};

Request json_call(const std::string& scope, const std::string& target, const std::string& body) {
    return {"POST", "/", scope, {{"X-Amz-Target", target}, {"Content-Type", "application/x-amz-json-1.1"}}, body};
}

Request form_call(const std::string& scope, const std::string& body) { return {"POST", "/", scope, {form_type}, body}; }

}  // namespace

TEST(RequestParameters, JsonMembersAreRenamedMapKeysAreNotAndSecretsAreHidden) {
    EXPECT_EQ(
        parameters(json_call("kms", "TrentService.Encrypt",
                             R"({"KeyId":"k","Plaintext":"c2VjcmV0","EncryptionContext":{"Upper":"b"},"Unknown":1})")),
        R"({"keyId":"k","encryptionContext":{"Upper":"b"}})");
    EXPECT_EQ(
        parameters(json_call("ssm", "AmazonSSM.PutParameter",
                             R"({"Name":"n","Value":"secret","Overwrite":true,"Tags":[{"Key":"K","Value":"v"}]})")),
        R"({"name":"n","value":"HIDDEN_DUE_TO_SECURITY_REASONS","overwrite":true,"tags":[{"key":"K","value":"v"}]})");
    EXPECT_EQ(parameters(
                  json_call("logs", "Logs_20140328.PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":7})")),
              R"({"logGroupName":"g","retentionInDays":7})");
    EXPECT_EQ(parameters(form_call("sns",
                                   "Action=CreatePlatformApplication&Version=2010-03-31&Name=n&Platform=GCM&"
                                   "Attributes.entry.1.key=PlatformCredential&Attributes.entry.1.value=secret&"
                                   "Attributes.entry.2.key=SuccessFeedbackSampleRate&Attributes.entry.2.value=100")),
              R"({"name":"n","platform":"GCM","attributes":{"PlatformCredential":"HIDDEN_DUE_TO_SECURITY_REASONS",)"
              R"("SuccessFeedbackSampleRate":"100"}})");
    EXPECT_EQ(parameters(json_call("logs", "Logs_20140328.DescribeLogGroups", "{}")), "null");
    EXPECT_EQ(parameters(json_call("logs", "Logs_20140328.DescribeLogGroups", "no json")), "null");
    EXPECT_EQ(parameters(json_call("events", "AWSEvents.ListRules", R"({"NamePrefix":null})")), "null");
}

TEST(RequestParameters, TimesAreWrittenAsRecordsWriteThem) {
    const auto call =
        json_call("cloudtrail", "CloudTrail_20131101.LookupEvents", R"({"StartTime":1688991869,"MaxResults":5})");
    EXPECT_EQ(parameters(call), R"({"startTime":"Jul 10, 2023, 12:24:29 PM","maxResults":5})");
    EXPECT_EQ(parameters(form_call("rds", "Action=DescribeEvents&Version=2014-10-31&StartTime=2023-07-10T00:05:09Z")),
              R"({"startTime":"Jul 10, 2023 12:05:09 AM"})");
}

TEST(RequestParameters, QueryFormsBecomeTrees) {
    EXPECT_EQ(parameters(form_call(
                  "iam",
                  "Action=CreateUser&Version=2010-05-08&UserName=ana&Tags.member.2.Key=b&Tags.member.2.Value=2&Tags."
                  "member.1.Key=A&Tags.member.1.Value=1")),
              R"({"userName":"ana","tags":[{"key":"A","value":"1"},{"key":"b","value":"2"}]})");
    EXPECT_EQ(parameters(form_call("iam", "Action=CreateLoginProfile&Version=2010-05-08&UserName=ana&Password=secret")),
              R"({"userName":"ana"})");
    EXPECT_EQ(
        parameters(form_call(
            "rds",
            "Action=CreateDBInstance&Version=2014-10-31&DBInstanceIdentifier=d&AllocatedStorage=10&MultiAZ=true&"
            "MasterUserPassword=secret&VpcSecurityGroupIds.VpcSecurityGroupId.1=sg-1")),
        R"({"dBInstanceIdentifier":"d","allocatedStorage":10,"masterUserPassword":"HIDDEN_DUE_TO_SECURITY_REASONS",)"
        R"("vpcSecurityGroupIds":["sg-1"],"multiAZ":true})");
    EXPECT_EQ(
        parameters(form_call(
            "sqs",
            "Action=CreateQueue&Version=2012-11-05&QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=3")),
        R"({"queueName":"q","attributes":{"DelaySeconds":"3"}})");
    EXPECT_EQ(parameters({"GET", "/?Action=GetUser&Version=2010-05-08&UserName=a%20b", "iam"}),
              R"({"userName":"a b"})");
}

TEST(RequestParameters, Ec2HasItemSetsForOldCallsAndWrapsNewOnes) {
    EXPECT_EQ(parameters(form_call(
                  "ec2",
                  "Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&Filter.1.Name=n&Filter.1.Value.1=a&"
                  "Filter.1.Value.2=b")),
              R"({"instancesSet":{"items":[{"instanceId":"i-1"}]},)"
              R"("filterSet":{"items":[{"name":"n","valueSet":{"items":[{"value":"a"},{"value":"b"}]}}]}})");
    const auto run = parameters(
        form_call("ec2",
                  "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=1&MaxCount=2&UserData=c2VjcmV0&"
                  "InstanceType=t3.micro&TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=k&"
                  "TagSpecification.1.Tag.1.Value=v"));
    EXPECT_NE(run.find(R"("instancesSet":{"items":[{"imageId":"ami-1","maxCount":2,"minCount":1}]})"),
              std::string::npos)
        << run;
    EXPECT_NE(run.find(R"("userData":"<sensitiveDataRemoved>")"), std::string::npos) << run;
    EXPECT_NE(
        run.find(R"("tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"k","value":"v"}]}]})"),
        std::string::npos)
        << run;
    EXPECT_EQ(parameters(form_call("ec2", "Action=DescribeNatGateways&Version=2016-11-15")),
              R"({"DescribeNatGatewaysRequest":""})");
    EXPECT_EQ(
        parameters(form_call("ec2", "Action=DescribeNatGateways&Version=2016-11-15&NatGatewayId.1=nat-1&MaxResults=5")),
        R"({"DescribeNatGatewaysRequest":{"MaxResults":5,"NatGatewayId":{"tag":1,"content":"nat-1"}}})");
}

TEST(RequestParameters, RestCallsAreReadFromPathQueryHeadersAndBody) {
    EXPECT_EQ(
        parameters(
            {"POST",
             "/2015-03-31/functions",
             "lambda",
             {},
             R"({"FunctionName":"f","Code":{"ZipFile":"UEsD"},"Environment":{"Variables":{"a":"secret"}},"Timeout":7})"}),
        R"({"functionName":"f","code":{},"timeout":7,"environment":{}})");
    EXPECT_EQ(parameters({"DELETE", "/2017-03-31/tags/arn%3Aaws%3Alambda%3Af?tagKeys=a&tagKeys=b", "lambda"}),
              R"({"resource":"arn:aws:lambda:f","tagKeys":["a","b"]})");
    EXPECT_EQ(
        parameters(
            {"POST", "/2015-03-31/functions/f/invocations", "lambda", {{"X-Amz-Invocation-Type", "Event"}}, "secret"}),
        R"({"functionName":"f","invocationType":"Event"})");
    EXPECT_EQ(
        parameters(
            {"POST",
             "/2013-04-01/hostedzone",
             "route53",
             {},
             "<CreateHostedZoneRequest "
             "xmlns=\"x\"><Name>gw.example.</Name><CallerReference>r</CallerReference></CreateHostedZoneRequest>"}),
        R"({"name":"gw.example.","callerReference":"r"})");
    EXPECT_EQ(
        parameters({"POST",
                    "/2013-04-01/hostedzone/Z1/rrset/",
                    "route53",
                    {},
                    "<C><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>a</Name><Type>A</"
                    "Type><TTL>60</TTL>"
                    "<ResourceRecords><ResourceRecord><Value>192.0.2.1</Value></ResourceRecord></ResourceRecords></"
                    "ResourceRecordSet></Change>"
                    "</Changes></ChangeBatch></C>"}),
        R"({"hostedZoneId":"Z1","changeBatch":{"changes":[{"action":"UPSERT","resourceRecordSet":{"name":"a","type":"A","tTL":60,)"
        R"("resourceRecords":[{"value":"192.0.2.1"}]}}]}})");
    EXPECT_EQ(parameters({"GET", "/2015-03-31/functions/f", "lambda", {}, "", false}), R"({"functionName":"f"})");
}

TEST(RequestParameters, S3KeepsTheNamesOfTheWire) {
    EXPECT_EQ(
        parameters(
            {"GET", "/b/dir/a%20b%2B?versionId=1&X-Amz-Signature=s&x-id=GetObject", "s3", {{"x-amz-meta-a", "x"}}}),
        R"({"bucketName":"b","key":"dir/a b+","Host":"gateway.example.com","versionId":"1"})");
    EXPECT_EQ(parameters(
                  {"PUT",
                   "/b?versioning",
                   "s3",
                   {},
                   "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Status>Enabled</Status>"
                   "</VersioningConfiguration>"}),
              R"({"bucketName":"b","Host":"gateway.example.com","versioning":"","VersioningConfiguration":)"
              R"({"xmlns":"http://s3.amazonaws.com/doc/2006-03-01/","Status":"Enabled"}})");
    EXPECT_EQ(
        parameters(
            {"PUT", "/b?lifecycle", "s3", {}, "<L><Rule><ID>1</ID></Rule><Rule><ID>007</ID><On>true</On></Rule></L>"}),
        R"({"bucketName":"b","Host":"gateway.example.com","lifecycle":"","L":{"Rule":[{"ID":1},{"ID":"007","On":true}]}})");
    EXPECT_EQ(parameters({"PUT", "/b?policy", "s3", {}, R"({"Version":"2012-10-17"})"}),
              R"({"bucketName":"b","Host":"gateway.example.com","policy":"","bucketPolicy":{"Version":"2012-10-17"}})");
    EXPECT_EQ(parameters({"PUT",
                          "/b/k",
                          "s3",
                          {{"x-amz-acl", "private"}, {"x-amz-server-side-encryption-customer-key", "secret"}},
                          "content"}),
              R"({"bucketName":"b","key":"k","Host":"gateway.example.com","x-amz-acl":"private"})");
    EXPECT_EQ(parameters({"GET", "/b/%FF", "s3"}),
              "{\"bucketName\":\"b\",\"key\":\"\xEF\xBF\xBD\",\"Host\":\"gateway.example.com\"}");
}

TEST(RequestParameters, DynamoDbShowsKeysAndNamesOnly) {
    const KeySchema schema = [](std::string_view table) {
        return table == "t" ? std::optional(std::vector<std::string>{"id"}) : std::nullopt;
    };
    const auto put = json_call("dynamodb", "DynamoDB_20120810.PutItem",
                               R"({"TableName":"t","Item":{"id":{"S":"1"},"v":{"S":"secret"}}})");
    EXPECT_EQ(parameters(put, schema), R"({"tableName":"t","key":{"id":"1"},"item":["id","v"]})");
    EXPECT_EQ(parameters(put), R"({"tableName":"t","item":["id","v"]})");
    EXPECT_EQ(
        parameters(json_call(
            "dynamodb", "DynamoDB_20120810.UpdateItem",
            R"({"TableName":"t","Key":{"id":{"S":"1"}},"UpdateExpression":"SET a = :v","ExpressionAttributeValues":{":v":{"S":"secret"}}})")),
        R"({"tableName":"t","key":{"id":"1"},"updateExpression":"SET a = :v"})");
    EXPECT_EQ(parameters(json_call("dynamodb", "DynamoDB_20120810.ExecuteStatement",
                                   R"({"Statement":"SELECT * FROM t WHERE v = 'it''s secret' AND w = 1"})")),
              R"({"statement":"SELECT * FROM t WHERE v = ***(Redacted) AND w = 1"})");
    EXPECT_EQ(
        parameters(
            json_call(
                "dynamodb", "DynamoDB_20120810.BatchWriteItem",
                R"({"RequestItems":{"t":[{"PutRequest":{"Item":{"id":{"N":"1"}}}},{"DeleteRequest":{"Key":{"id":{"N":"2"}}}}]}})"),
            schema),
        R"({"requestItems":[{"operation":"PutRequest","tableName":"t","key":{"id":"1"},"item":["id"]},)"
        R"({"operation":"DeleteRequest","tableName":"t","key":{"id":"2"}}]})");
    EXPECT_EQ(parameters(json_call("dynamodb", "DynamoDB_20120810.TransactWriteItems",
                                   R"({"TransactItems":[{"Delete":{"TableName":"t","Key":{"id":{"S":"1"}}}}]})")),
              R"({"requestItems":[{"tableName":"t","key":{"id":"1"},"operation":"Delete"}]})");
}

TEST(Cbor, IsReadAsJson) {
    const struct {
        std::string bytes;
        const char* json;  ///< null: malformed
    } rows[] = {
        {std::string("\xA1\x61\x61\x01", 4), R"({"a":1})"},
        {"\xBF\x61\x61\x9F\x20\x18\x64\xFF\xFF", R"({"a":[-1,100]})"},
        {"\x43\x01\x02\x03", R"("AQID")"},
        {"\x7F\x61\x61\x61\x62\xFF", R"("ab")"},
        {std::string("\xC1\x1A\x65\x00\x00\x00", 6), "1694498816"},
        {std::string("\xF9\x3C\x00", 3), "1.0"},
        {std::string("\xFB\x40\x09\x21\xFB\x54\x44\x2D\x18", 9), "3.141592653589793"},
        {std::string("\xF9\x7C\x00", 3), R"("Infinity")"},
        {"\xF4", "false"},
        {"\xF6", "null"},
        {"", nullptr},
        {"\xA1\x01\x01", nullptr},
        {std::string("\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 9), nullptr},
        {"\x5A\xFF\xFF\xFF\xFF", nullptr},
        {std::string("\x01\x01", 2), nullptr},
        {std::string(100, '\x81'), nullptr},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.json ? row.json : "malformed");
        const auto read = parse_cbor(row.bytes);
        ASSERT_EQ(read.has_value(), row.json != nullptr);
        if (read) {
            const auto text = to_text(*read);
            const auto wanted = parse_json(row.json);
            EXPECT_EQ(*parse_json(text), *wanted) << text;
        }
    }
}

TEST(XmlTree, IsReadWithLimits) {
    const auto read = parse_xml("<?xml version=\"1.0\"?><a:R xmlns:a=\"n\" k=\"v\">\n <B>x &amp; y</B>\n <B/></a:R>");
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->name, "R");
    EXPECT_EQ(read->attribute("k"), "v");
    ASSERT_EQ(read->children.size(), 2u);
    EXPECT_EQ(read->find("B")->text, "x & y");
    std::string deep;
    for (int i = 0; i < 100; ++i) deep += "<a>";
    for (int i = 0; i < 100; ++i) deep += "</a>";
    EXPECT_FALSE(parse_xml(deep).has_value());
    EXPECT_FALSE(parse_xml("").has_value());
    EXPECT_FALSE(parse_xml("<a>").has_value());
}
