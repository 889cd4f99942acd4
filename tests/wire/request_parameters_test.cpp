#include "wire/request_parameters.h"

#include <algorithm>

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

TEST(RequestParameters, Ec2sOldCallsShowSetsThatWereNotGivenAsRealRecordsDo) {
    const std::pair<const char*, const char*> cases[] = {
        {"DescribeInstances", R"({"instancesSet":{},"filterSet":{}})"},
        {"DescribeRegions", R"({"regionSet":{}})"},
        {"DescribeVolumes", R"({"volumeSet":{},"filterSet":{}})"},
        {"DescribeInstances&MaxResults=5", R"({"instancesSet":{},"filterSet":{},"maxResults":5})"},
        {"AuthorizeSecurityGroupIngress&GroupId=sg-1&CidrIp=0.0.0.0/0",
         R"({"cidrIp":"0.0.0.0/0","groupId":"sg-1","ipPermissions":{}})"},
        {"AuthorizeSecurityGroupEgress&GroupId=sg-1&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.IpRanges.1.CidrIp=:"
         ":",
         R"({"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","groups":{},"ipRanges":{"items":)"
         R"([{"cidrIp":"::"}]},"ipv6Ranges":{},"prefixListIds":{}}]}})"},
        {"RunInstances&ImageId=ami-1", R"({"blockDeviceMapping":{},"instancesSet":{"items":[{"imageId":"ami-1"}]}})"},
        {"StopInstances&InstanceId.1=i-1", R"({"instancesSet":{"items":[{"instanceId":"i-1"}]}})"},
        {"DeleteVolume&VolumeId=v", R"({"volumeId":"v"})"},
    };
    for (const auto& [call, shown] : cases) {
        const auto got = parse_json(parameters(form_call("ec2", std::string("Version=2016-11-15&Action=") + call)));
        ASSERT_TRUE(got);
        auto sorted = [](const Json& json) {
            auto members = json.as_object();
            std::ranges::sort(members, {}, &JsonObject::value_type::first);
            return to_text(Json(members));
        };
        EXPECT_EQ(sorted(*got), sorted(*parse_json(shown))) << call;
    }
}

TEST(RequestParameters, OfStacksHideWhatTheirTemplateDoes) {
    const std::string parameters_of_both =
        "&Parameters.member.1.ParameterKey=Pass&Parameters.member.1.ParameterValue=canary"
        "&Parameters.member.2.ParameterKey=Size&Parameters.member.2.ParameterValue=7";
    const auto shown = [&](const std::string& more) {
        const auto got = parse_json(parameters(form_call(
            "cloudformation", "Action=CreateStack&Version=2010-05-15&StackName=s" + parameters_of_both + more)));
        return got ? to_text(*got->find("parameters")) : "";
    };
    const std::string hidden = R"([{"parameterKey":"Pass","parameterValue":"****"},)"
                               R"({"parameterKey":"Size","parameterValue":"7"}])";
    EXPECT_EQ(shown("&TemplateBody=%7B%22Parameters%22%3A%7B%22Pass%22%3A%7B%22NoEcho%22%3A%22true%22%7D%2C"
                    "%22Size%22%3A%7B%22Type%22%3A%22Number%22%7D%7D%7D"),
              hidden);
    EXPECT_EQ(shown("&TemplateBody=Parameters%3A%0A++Pass%3A%0A++++Type%3A+String%0A++++NoEcho%3A+true%0A"
                    "++Size%3A%0A++++Type%3A+Number%0AResources%3A+%7B%7D%0A"),
              hidden);
    EXPECT_EQ(shown("&TemplateBody=Parameters%3A%0A++Pass%3A+%7BType%3A+String%2C+NoEcho%3A+true%7D%0A"
                    "++Size%3A+%7BType%3A+Number%2C+NoEcho%3A+false%7D%0A"),
              hidden);
    // Where the template is not in the call nobody knows.
    EXPECT_EQ(shown("&TemplateURL=https://b.s3.amazonaws.com/t"),
              R"([{"parameterKey":"Pass","parameterValue":"****"},{"parameterKey":"Size","parameterValue":"****"}])");
    EXPECT_EQ(shown("&TemplateBody=%7B%22Parameters%22%3A%7B%7D%7D"),
              R"([{"parameterKey":"Pass","parameterValue":"canary"},{"parameterKey":"Size","parameterValue":"7"}])");
}

TEST(RequestParameters, HaveNoContentOfMessagesAndNoCodes) {
    const std::pair<Request, const char*> cases[] = {
        {json_call("logs", "Logs_20140328.PutLogEvents", R"({"logGroupName":"g","logEvents":[{"message":"canary"}]})"),
         R"({"logGroupName":"g","logEvents":[{"message":"HIDDEN_DUE_TO_SECURITY_REASONS"}]})"},
        {json_call("events", "AWSEvents.PutEvents", R"({"Entries":[{"Source":"s","Detail":"canary"}]})"),
         R"({"entries":[{"source":"s","detail":"HIDDEN_DUE_TO_SECURITY_REASONS"}]})"},
        {form_call("ses", "Action=SendRawEmail&Version=2010-12-01&Source=a%40b.c&RawMessage.Data=canary"),
         R"({"source":"a@b.c","rawMessage":{"data":"HIDDEN_DUE_TO_SECURITY_REASONS"}})"},
        {json_call("athena", "AmazonAthena.UpdateNamedQuery", R"({"Name":"n","QueryString":"canary"})"),
         R"({"name":"n","queryString":"***OMITTED***"})"},
        {json_call("cognito-idp", "AWSCognitoIdentityProviderService.ConfirmForgotPassword",
                   R"({"ConfirmationCode":"canary"})"),
         R"({"confirmationCode":"HIDDEN_DUE_TO_SECURITY_REASONS"})"},
        {{"POST", "/v2/apis/a/stages", "apigateway", {}, R"({"stageName":"s","stageVariables":{"k":"canary"}})"},
         R"({"apiId":"a","stageName":"s","stageVariables":"***"})"},
    };
    for (const auto& [call, shown] : cases) EXPECT_EQ(parameters(call), shown);
}

TEST(RequestParameters, OfCallsThatNoModelHasAreShownAsFarAsThatGoes) {
    const auto shown = [](const Request& request) {
        auto headers = header_views(request.headers);
        const auto signature =
            "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/" + request.scope + "/aws4_request, Signature=00";
        headers.emplace_back("Authorization", signature);
        headers.emplace_back("Host", "gateway.example.com");
        const CallHead call{request.method, request.target, headers, request.body};
        const auto classified = classify(call, {});
        EXPECT_FALSE(classified.operation);
        return to_text(request_parameters(call, classified, {request.body, request.whole}));
    };
    EXPECT_EQ(
        shown(json_call("ssm", "AmazonSSM.UpdateInstanceInformation",
                        R"({"AgentName":"a","Nested":[{"IPAddress":"1"}],"NextToken":"n","AuthToken":"canary",)"
                        R"("Db":{"master_password":"canary"}})")),
        R"({"agentName":"a","nested":[{"iPAddress":"1"}],"nextToken":"n",)"
        R"("authToken":"HIDDEN_DUE_TO_SECURITY_REASONS","db":{"master_password":"HIDDEN_DUE_TO_SECURITY_REASONS"}})");
    EXPECT_EQ(shown(form_call("iam",
                              "Action=MakeThing&Version=2010-05-08&UserName=ana&Tags.member.1.Key=k&"
                              "Tags.member.2.Key=l&NewPassword=canary")),
              R"({"newPassword":"HIDDEN_DUE_TO_SECURITY_REASONS","tags":[{"key":"k"},{"key":"l"}],"userName":"ana"})");
    EXPECT_EQ(shown(form_call("ec2", "Action=NewThing&Version=2016-11-15&ThingId.1=t-1")),
              R"({"NewThingRequest":{"ThingId":["t-1"]}})");
    EXPECT_EQ(
        shown({"POST", "/2099-01-01/new-things?dryRun=true&X-Amz-Signature=canary", "lambda", {}, R"({"Name":"n"})"}),
        R"({"dryRun":"true","name":"n"})");
    EXPECT_EQ(shown({"POST", "/2099-01-01/new-things", "lambda", {}, "no json"}), "null");
    EXPECT_EQ(shown({"GET", "/?Param1=value1", "a-service-of-nobody"}), R"({"param1":"value1"})");
    EXPECT_EQ(shown(json_call("a-service-of-nobody", "Some.Thing", R"({"Password":"canary"})")),
              R"({"password":"HIDDEN_DUE_TO_SECURITY_REASONS"})");
}

TEST(RequestParameters, OfMinioLeavePasswordsOut) {
    EXPECT_EQ(parameters(form_call("sts",
                                   "Action=AssumeRoleWithLDAPIdentity&Version=2011-06-15&LDAPUsername=dora&"
                                   "LDAPPassword=canary&DurationSeconds=900")),
              R"({"lDAPUsername":"dora","durationSeconds":900})");
    EXPECT_EQ(parameters(form_call("sts", "Action=AssumeRoleWithCustomToken&Version=2011-06-15&Token=canary")), "null");
}

TEST(RequestParameters, OfAccountManagementKeepTheirCase) {
    EXPECT_EQ(parameters({"POST", "/getRegionOptStatus", "account", {}, R"({"RegionName":"eu-north-1"})"}),
              R"({"RegionName":"eu-north-1"})");
}

TEST(RequestParameters, AMapOfTheQueryIsNotThereWhenItIsEmpty) {
    EXPECT_EQ(parameters({"GET", "/restapis/a/stages/s/exports/swagger", "apigateway"}),
              R"({"restApiId":"a","stageName":"s","exportType":"swagger"})");
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
