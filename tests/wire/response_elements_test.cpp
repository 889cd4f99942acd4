#include "wire/response_elements.h"

#include "exchange.h"
#include "wire/body_limits.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

std::string elements(const Exchange& exchange) {
    return exchange.with([](const auto& call, const auto& answer, const auto&) {
        const auto failure = call_failure(call, answer);
        return to_text(failure ? failure_elements(call, failure) : response_elements(call, answer));
    });
}

std::string members(const Exchange& exchange) {
    return exchange.with(
        [](const auto& call, const auto& answer, const auto&) { return to_text(answered_members(call, answer)); });
}

Exchange ec2(const std::string& action, const std::string& answer) {
    return answered(
        form_call("ec2", "Action=" + action + "&Version=2016-11-15"), 200,
        "<?xml version=\"1.0\"?>\n<" + action +
            "Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\n  <requestId>r-1</requestId>\n  " + answer +
            "\n</" + action + "Response>");
}

Exchange query(const std::string& service, const std::string& version, const std::string& action,
               const std::string& result) {
    return answered(form_call(service, "Action=" + action + "&Version=" + version), 200,
                    "<" + action + "Response><" + action + "Result>" + result + "</" + action +
                        "Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></" + action +
                        "Response>");
}

}  // namespace

TEST(ResponseElements, OfJsonAreTheMembersOfTheOutput) {
    EXPECT_EQ(elements(answered(json_call("ssm", "AmazonSSM.PutParameter", R"({"Name":"n","Value":"v"})"), 200,
                                R"({"Tier":"Standard","Version":1,"Unknown":2})")),
              R"({"version":1,"tier":"Standard"})");
    EXPECT_EQ(elements(answered(json_call("secretsmanager", "secretsmanager.CreateSecret"), 200,
                                R"({"ARN":"arn:aws:secretsmanager:us-east-1:1:secret:s","Name":"s"})")),
              R"({"arn":"arn:aws:secretsmanager:us-east-1:1:secret:s","name":"s"})");
    EXPECT_EQ(elements(answered(json_call("ssm", "AmazonSSM.StartSession"), 200,
                                R"({"SessionId":"s","TokenValue":"canary"})")),
              R"({"sessionId":"s","tokenValue":"Value hidden due to security reasons."})");
    EXPECT_EQ(elements(answered(json_call("logs", "Logs_20140328.CreateLogGroup"), 200, {})), "null");
    EXPECT_EQ(elements(answered(json_call("kms", "TrentService.CreateKey"), 200, "no json")), "null");
    EXPECT_EQ(elements(answered(json_call("kms", "TrentService.CreateKey"), 200,
                                R"({"KeyMetadata":{"AWSAccountId":"1","KeyId":"k","CreationDate":1688991869.5}})")),
              R"({"keyMetadata":{"aWSAccountId":"1","keyId":"k","creationDate":"Jul 10, 2023, 12:24:29 PM"}})");
}

TEST(ResponseElements, AreNullForReadsErrorsAndDataEvents) {
    const auto described =
        answered(json_call("kms", "TrentService.DescribeKey"), 200, R"({"KeyMetadata":{"KeyId":"k"}})");
    EXPECT_EQ(elements(described), "null");
    EXPECT_EQ(members(described), R"({"keyMetadata":{"keyId":"k"}})");
    const auto user = query("iam", "2010-05-08", "CreateUser", "<User><UserName>ana</UserName></User>");
    EXPECT_EQ(elements(user), R"({"user":{"userName":"ana"}})");
    EXPECT_EQ(elements(answered(user, 400, user.answer)), "null");
    auto cut = user;
    cut.whole = false;
    EXPECT_EQ(elements(cut), "null");
    EXPECT_EQ(elements(answered(json_call("sqs", "AmazonSQS.SendMessage"), 200, R"({"MessageId":"m"})")), "null");
    EXPECT_EQ(elements(answered({"POST", "/2015-03-31/functions/f/invocations", "lambda"}, 200, "{}")), "null");
}

TEST(ResponseElements, RepeatTheMessageOfSomeServicesErrors) {
    const Exchange create{"POST", "/clusters", "eks", {}, "{}"}, read{"GET", "/clusters", "eks"};
    EXPECT_EQ(elements(answered(create, 403, R"({"message":"no"})", {{"x-amzn-errortype", "AccessDeniedException"}})),
              R"({"message":"no"})");
    EXPECT_EQ(elements(answered(create, 500, {})), "null");
    EXPECT_EQ(elements(answered(read, 403, R"({"message":"no"})")), "null");
    EXPECT_EQ(elements(answered({"POST", "/2015-03-31/functions", "lambda", {}, "{}"}, 403, R"({"message":"no"})")),
              "null");
}

TEST(ResponseElements, OfQueryAreInsideTheResult) {
    EXPECT_EQ(
        elements(query("iam", "2010-05-08", "CreateAccessKey",
                       "<AccessKey><UserName>ana</UserName><AccessKeyId>AKIA1</AccessKeyId><Status>Active</Status>"
                       "<SecretAccessKey>canary</SecretAccessKey><CreateDate>2023-07-10T12:24:29Z</CreateDate>"
                       "</AccessKey>")),
        R"({"accessKey":{"userName":"ana","accessKeyId":"AKIA1","status":"Active",)"
        R"("createDate":"Jul 10, 2023 12:24:29 PM"}})");
    EXPECT_EQ(elements(query("sts", "2011-06-15", "AssumeRole",
                             "<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/ops/s1</Arn><AssumedRoleId>AROA1:s1"
                             "</AssumedRoleId></AssumedRoleUser><Credentials><AccessKeyId>ASIA1</AccessKeyId>"
                             "<SecretAccessKey>canary</SecretAccessKey><SessionToken>t</SessionToken>"
                             "<Expiration>2023-07-18T16:07:39Z</Expiration></Credentials>")),
              R"({"credentials":{"accessKeyId":"ASIA1","sessionToken":"t","expiration":"Jul 18, 2023, 4:07:39 PM"},)"
              R"("assumedRoleUser":{"assumedRoleId":"AROA1:s1","arn":"arn:aws:sts::1:assumed-role/ops/s1"}})");
    EXPECT_EQ(elements(query("autoscaling", "2011-01-01", "PutScalingPolicy",
                             "<PolicyARN>p</PolicyARN><Alarms><member><AlarmName>a</AlarmName></member></Alarms>")),
              R"({"policyARN":"p","alarms":[{"alarmName":"a"}]})");
    EXPECT_EQ(elements(answered(form_call("iam", "Action=PutUserPolicy&Version=2010-05-08"), 200,
                                "<PutUserPolicyResponse><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata>"
                                "</PutUserPolicyResponse>")),
              "null");
}

TEST(ResponseElements, OfOldEc2CallsAreItsXml) {
    EXPECT_EQ(elements(ec2("DeleteVpc", "<return>true</return>")), R"({"requestId":"r-1","_return":true})");
    EXPECT_EQ(elements(ec2("CreateVpc",
                           "<vpc><vpcId>vpc-1</vpcId><ownerId>012345678912</ownerId>"
                           "<ipv6CidrBlockAssociationSet/><tagSet><item><key>k</key><value>true</value></item>"
                           "</tagSet><isDefault>false</isDefault><unknown>x</unknown></vpc>")),
              R"({"requestId":"r-1","vpc":{"vpcId":"vpc-1","ownerId":"012345678912","ipv6CidrBlockAssociationSet":{},)"
              R"("tagSet":{"items":[{"key":"k","value":"true"}]},"isDefault":false}})");
    EXPECT_EQ(elements(ec2("CreateKeyPair", "<keyName>gw-key</keyName><keyMaterial>canary</keyMaterial>")),
              R"({"requestId":"r-1","keyName":"gw-key","keyMaterial":"<sensitiveDataRemoved>"})");
    EXPECT_EQ(elements(ec2("TerminateInstances",
                           "<instancesSet><item><instanceId>i-1</instanceId><currentState><code>32</code>"
                           "<name>shutting-down</name></currentState></item></instancesSet>")),
              R"({"requestId":"r-1","instancesSet":{"items":[{"instanceId":"i-1",)"
              R"("currentState":{"code":32,"name":"shutting-down"}}]}})");
    EXPECT_EQ(
        elements(ec2("CreateSnapshot", "<startTime>2023-07-10T12:10:36.782Z</startTime><volumeSize>1</volumeSize>")),
        R"({"requestId":"r-1","startTime":1688991036782,"volumeSize":"1"})");
    EXPECT_EQ(elements(ec2("CreateNetworkInterface",
                           "<networkInterface><privateIpAddressesSet><item><primary>true</primary></item>"
                           "</privateIpAddressesSet></networkInterface>")),
              R"({"requestId":"r-1","networkInterface":{"privateIpAddressesSet":{"item":[{"primary":true}]}}})");
}

TEST(ResponseElements, OfLaterEc2CallsAreWrapped) {
    EXPECT_EQ(elements(ec2("CreateFlowLogs",
                           "<clientToken>c</clientToken><unsuccessful/><flowLogIdSet><item>fl-1</item>"
                           "</flowLogIdSet>")),
              R"({"CreateFlowLogsResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"r-1",)"
              R"("clientToken":"c","unsuccessful":"","flowLogIdSet":{"item":"fl-1"}}})");
    EXPECT_EQ(elements(ec2("ModifySecurityGroupRules", "<return>true</return>")),
              R"({"ModifySecurityGroupRulesResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/",)"
              R"("requestId":"r-1","return":true}})");
    EXPECT_EQ(elements(ec2("CreateNatGateway",
                           "<natGateway><tagSet><item><value>true</value><key>a</key></item><item><value>x</value>"
                           "<key>b</key></item></tagSet><natGatewayAddressSet><item><isPrimary>true</isPrimary></item>"
                           "</natGatewayAddressSet><createTime>2023-07-10T11:55:14.000Z</createTime></natGateway>")),
              R"({"CreateNatGatewayResponse":{"xmlns":"http://ec2.amazonaws.com/doc/2016-11-15/","requestId":"r-1",)"
              R"("natGateway":{"tagSet":{"item":[{"value":true,"key":"a"},{"value":"x","key":"b"}]},)"
              R"("natGatewayAddressSet":{"item":{"isPrimary":true}},"createTime":"2023-07-10T11:55:14.000Z"}}})");
}

TEST(ResponseElements, OfRestAreInStatusHeadersAndBody) {
    EXPECT_EQ(elements(answered({"POST", "/2015-03-31/functions", "lambda", {}, "{}"}, 201,
                                R"({"FunctionName":"f","CodeSize":7,"Environment":{"Variables":{"K":"canary"}}})")),
              R"({"functionName":"f","codeSize":7,"environment":{}})");
    EXPECT_EQ(
        elements(answered({"POST", "/2013-04-01/hostedzone", "route53", {}, "<CreateHostedZoneRequest/>"}, 201,
                          "<CreateHostedZoneResponse><HostedZone><Id>/hostedzone/Z1</Id><Name>gw.</Name></HostedZone>"
                          "<DelegationSet><NameServers><NameServer>ns-1</NameServer></NameServers></DelegationSet>"
                          "</CreateHostedZoneResponse>",
                          {{"Location", "https://route53.amazonaws.com/2013-04-01/hostedzone/Z1"}})),
        R"({"location":"https://route53.amazonaws.com/2013-04-01/hostedzone/Z1",)"
        R"("hostedZone":{"id":"/hostedzone/Z1","name":"gw."},"delegationSet":{"nameServers":["ns-1"]}})");
    EXPECT_EQ(elements(answered({"POST", "/2014-11-13/functions/f/invoke-async/", "lambda", {}, "{}"}, 202, {})),
              "null");
    EXPECT_EQ(elements(answered({"POST", "/clusters", "eks", {}, "{}"}, 200,
                                R"({"cluster":{"name":"c","createdAt":1648282488.418,"tags":{"Up":"v"}}})"))
                  .substr(0, 22),
              R"({"cluster":{"name":"c")");
}

TEST(ResponseElements, OfCborAreLikeJson) {
    const Exchange tag{"POST",
                       "/service/GraniteServiceVersion20100801/operation/PutInsightRule",
                       "monitoring",
                       {{"Smithy-Protocol", "rpc-v2-cbor"}}};
    EXPECT_EQ(elements(answered(tag, 200, "\xa0")), "null");
    const Exchange dashboard{"POST",
                             "/service/GraniteServiceVersion20100801/operation/PutDashboard",
                             "monitoring",
                             {{"Smithy-Protocol", "rpc-v2-cbor"}}};
    EXPECT_EQ(elements(answered(
                  dashboard, 200,
                  std::string("\xa1\x78\x1b") + "DashboardValidationMessages" + "\x81\xa1\x67" + "Message" + "\x61m")),
              R"({"dashboardValidationMessages":[{"message":"m"}]})");
}

TEST(ResponseElements, OfS3AreTheHeadersOfObjectWrites) {
    const HeaderTexts headers{{"ETag", "\"e\""},
                              {"x-amz-version-id", "v1"},
                              {"x-amz-server-side-encryption", "AES256"},
                              {"x-amz-server-side-encryption-customer-key-MD5", "canary"},
                              {"x-amz-request-id", "r"}};
    auto put = answered(s3_call("PUT", "/b/k"), 200, {}, headers);
    put.whole = false;
    EXPECT_EQ(elements(put), R"({"x-amz-server-side-encryption":"AES256","x-amz-version-id":"v1"})");
    EXPECT_EQ(elements(answered(s3_call("GET", "/b/k"), 200, {}, headers)), "null");
    EXPECT_EQ(elements(answered(s3_call("PUT", "/b"), 200, {}, headers)), "null");
    EXPECT_EQ(elements(answered(s3_call("PUT", "/b/k"), 200, {}, {})), "null");
    const auto session =
        answered(s3_call("GET", "/b?session"), 200,
                 "<CreateSessionResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>canary"
                 "</SecretAccessKey><Expiration>2023-07-10T12:24:29Z</Expiration></Credentials>"
                 "</CreateSessionResult>");
    EXPECT_EQ(elements(session), "null");
    EXPECT_EQ(members(session).find("canary"), std::string::npos);
    EXPECT_NE(members(session).find(R"("accessKeyId":"ASIA1")"), std::string::npos) << members(session);
}

TEST(BodyLimits, FollowWhatTheRecordNeeds) {
    constexpr std::size_t kilobyte = 1024;
    const struct {
        const char* what;
        Exchange call;
        std::size_t request, success, error;
    } cases[] = {
        {"management write", form_call("iam", "Action=CreateUser&Version=2010-05-08"), 1024, 1024, 64},
        {"without members", json_call("logs", "Logs_20140328.CreateLogGroup"), 1024, 0, 64},
        {"read", json_call("ssm", "AmazonSSM.GetParameter"), 1024, 0, 64},
        {"learned", form_call("sts", "Action=GetCallerIdentity&Version=2011-06-15"), 1024, 1024, 64},
        {"recorded read", form_call("sts", "Action=AssumeRole&Version=2011-06-15"), 1024, 1024, 64},
        {"data event", json_call("dynamodb", "DynamoDB_20120810.PutItem"), 1024, 0, 64},
        {"invocation", {"POST", "/2015-03-31/functions/f/invocations", "lambda"}, 0, 0, 64},
        {"model", {"POST", "/model/m/converse", "bedrock"}, 0, 0, 64},
        {"bucket", s3_call("PUT", "/b?policy"), 256, 0, 64},
        {"object in", s3_call("PUT", "/b/k"), 0, 0, 64},
        {"part", s3_call("PUT", "/b/k?uploadId=u&partNumber=1"), 0, 0, 64},
        {"form", {"POST", "/b", "s3", {{"Content-Type", "multipart/form-data; boundary=x"}}}, 0, 0, 64},
        {"object out", s3_call("GET", "/b/k"), 256, 0, 64},
        {"many keys", s3_call("POST", "/b?delete"), 2048, 2048, 64},
        {"copy", s3_call("PUT", "/b/k", {{"x-amz-copy-source", "/b/o"}}), 256, 64, 64},
        {"unknown", json_call("new", "New.Thing"), 64, 64, 64},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.what);
        row.call.with([&](const auto& call, const auto&, const auto&) {
            EXPECT_EQ(request_bytes_kept(call), row.request * kilobyte);
            EXPECT_EQ(answer_bytes_kept(call, 200), row.success * kilobyte);
            EXPECT_EQ(answer_bytes_kept(call, 403), row.error * kilobyte);
        });
    }
}
