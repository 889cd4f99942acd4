#include "wire/classify.h"

#include <gtest/gtest.h>

#include "wire/call_name.h"
#include "wire/host_name.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

struct Request {
    std::string method, target;
    std::string scope = {};  ///< who it is signed for; empty: nobody signed it
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

Classified classified(const Request& request, const ClassifyOptions& options = {}) {
    auto headers = header_views(request.headers);
    const auto signature = "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/" + request.scope +
                           "/aws4_request, SignedHeaders=host, Signature=00";
    if (!request.scope.empty()) headers.emplace_back("Authorization", signature);
    return classify(CallHead{request.method, request.target, headers, request.body}, options);
}

const std::pair<std::string, std::string> form_type{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"};

}  // namespace

TEST(Classify, KnownCallsOfEveryProtocol) {
    const struct {
        Request request;
        const char *source, *name;
        CallProtocol protocol;
    } rows[] = {
        {{"POST",
          "/",
          "dynamodb",
          {{"X-Amz-Target", "DynamoDB_20120810.PutItem"}, {"Content-Type", "application/x-amz-json-1.0"}}},
         "dynamodb.amazonaws.com",
         "PutItem",
         CallProtocol::json_1_0},
        {{"POST",
          "/",
          "cloudtrail",
          {{"X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"},
           {"Content-Type", "application/x-amz-json-1.1"}}},
         "cloudtrail.amazonaws.com",
         "LookupEvents",
         CallProtocol::json_1_1},
        {{"POST", "/", "cloudtrail", {{"X-Amz-Target", "CloudTrail_20131101.LookupEvents"}}},
         "cloudtrail.amazonaws.com",
         "LookupEvents",
         CallProtocol::json_1_1},
        {{"POST", "/", "ec2", {form_type}, "Action=RunInstances&Version=2016-11-15&ImageId=ami-1"},
         "ec2.amazonaws.com",
         "RunInstances",
         CallProtocol::ec2},
        {{"GET", "/?Action=ListUsers&Version=2010-05-08", "iam"},
         "iam.amazonaws.com",
         "ListUsers",
         CallProtocol::query},
        {{"POST", "/", "rds", {form_type}, "Action=DescribeDBInstances&Version=2014-10-31"},
         "rds.amazonaws.com",
         "DescribeDBInstances",
         CallProtocol::query},
        {{"POST", "/", "sqs", {form_type}, "Action=SendMessage&Version=2012-11-05&MessageBody=x"},
         "sqs.amazonaws.com",
         "SendMessage",
         CallProtocol::query},
        {{"POST", "/123456789012/queue", "sqs", {form_type}, "Action=SendMessage&Version=2012-11-05"},
         "sqs.amazonaws.com",
         "SendMessage",
         CallProtocol::query},
        {{"POST",
          "/",
          "monitoring",
          {{"X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"},
           {"x-amzn-query-mode", "true"},
           {"Content-Type", "application/x-amz-json-1.0"}}},
         "monitoring.amazonaws.com",
         "PutMetricData",
         CallProtocol::json_1_0},
        {{"POST",
          "/service/GraniteServiceVersion20100801/operation/PutMetricData",
          "monitoring",
          {{"smithy-protocol", "rpc-v2-cbor"}}},
         "monitoring.amazonaws.com",
         "PutMetricData",
         CallProtocol::rpc_cbor},
        {{"POST",
          "/prefix/service/GraniteServiceVersion20100801/operation/PutMetricData",
          "monitoring",
          {{"smithy-protocol", "rpc-v2-json"}}},
         "monitoring.amazonaws.com",
         "PutMetricData",
         CallProtocol::rpc_json},
        {{"GET", "/2015-03-31/functions/f", "lambda"},
         "lambda.amazonaws.com",
         "GetFunction20150331v2",
         CallProtocol::rest_json},
        {{"POST", "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations", "lambda"},
         "lambda.amazonaws.com",
         "Invoke",
         CallProtocol::rest_json},
        {{"POST", "/2013-04-01/hostedzone", "route53"},
         "route53.amazonaws.com",
         "CreateHostedZone",
         CallProtocol::rest_xml},
        {{"GET", "/b/k?versionId=1", "s3"}, "s3.amazonaws.com", "GetObject", CallProtocol::s3},
        {{"GET", "/b?session", "s3express"}, "s3express.amazonaws.com", "CreateSession", CallProtocol::s3},
        {{"GET", "/v20180820/configuration/publicAccessBlock", "s3", {{"x-amz-account-id", "123456789012"}}},
         "s3.amazonaws.com",
         "GetAccountPublicAccessBlock",
         CallProtocol::rest_xml},
        {{"POST",
          "/WriteGetObjectResponse",
          "s3-object-lambda",
          {{"x-amz-request-route", "r"}, {"x-amz-request-token", "t"}}},
         "s3-object-lambda.amazonaws.com",
         "WriteGetObjectResponse",
         CallProtocol::s3},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.request.method + " " + row.request.target + " " + row.name);
        const auto call = classified(row.request);
        EXPECT_EQ(call.event_source, row.source);
        EXPECT_EQ(call.event_name, row.name);
        EXPECT_EQ(call.protocol, row.protocol);
        EXPECT_TRUE(call.operation);
        EXPECT_EQ(call.credential.key_id, "AKID");
    }
}

TEST(Classify, UnsignedCallsAreToldApartByHostAndVersion) {
    const struct {
        Request request;
        const char *source, *name;
    } rows[] = {
        {{"GET", "/b/k"}, "s3.amazonaws.com", "GetObject"},
        {{"GET", "/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15"},
         "sts.amazonaws.com",
         "AssumeRoleWithWebIdentity"},
        {{"POST", "/", "", {form_type}, "Action=AssumeRoleWithSAML&Version=2011-06-15"},
         "sts.amazonaws.com",
         "AssumeRoleWithSAML"},
        {{"POST", "/", "s3", {form_type}, "Action=AssumeRole&Version=2011-06-15"}, "sts.amazonaws.com", "AssumeRole"},
        {{"POST", "/", "s3", {form_type}, "Action=CreateUser"}, "iam.amazonaws.com", "CreateUser"},
        {{"GET", "/federation/credentials?role_name=r&account_id=1", "", {{"x-amz-sso_bearer_token", "t"}}},
         "sso.amazonaws.com",
         "GetRoleCredentials"},
        {{"GET",
          "/federation/credentials?role_name=r&account_id=1",
          "",
          {{"Host", "portal.sso.us-east-1.amazonaws.com"}, {"x-amz-sso_bearer_token", "t"}}},
         "sso.amazonaws.com",
         "GetRoleCredentials"},
        {{"POST", "/token", "", {{"Host", "oidc.us-east-1.amazonaws.com"}}}, "sso-oauth.amazonaws.com", "CreateToken"},
        {{"GET", "/k", "", {{"Host", "B.s3.us-east-1.amazonaws.com:443"}}}, "s3.amazonaws.com", "GetObject"},
        {{"POST",
          "/?AWSAccessKeyId=AKID&Action=DescribeInstances&Version=2012-12-01",
          "",
          {{"Host", "ec2.us-east-1.amazonaws.com"}}},
         "ec2.amazonaws.com",
         "DescribeInstances"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.request.method + " " + row.request.target + " " + row.name);
        const auto call = classified(row.request);
        EXPECT_EQ(call.event_source, row.source);
        EXPECT_EQ(call.event_name, row.name);
    }
    ClassifyOptions options;
    options.default_service = "lambda";
    EXPECT_EQ(classified({"GET", "/2015-03-31/functions/f"}, options).event_name, "GetFunction20150331v2");
}

TEST(Classify, UnknownCallsGetANameThatHoldsNothingSecret) {
    const struct {
        Request request;
        const char *source, *name;
        bool read_only;
    } rows[] = {
        {{"POST", "/", "ssm", {{"X-Amz-Target", "AmazonSSM.UpdateInstanceInformation"}}},
         "ssm.amazonaws.com",
         "UpdateInstanceInformation",
         false},
        {{"POST", "/", "payments", {{"X-Amz-Target", "AWSPayments.GetThings"}}},
         "payments.amazonaws.com",
         "GetThings",
         true},
        {{"POST", "/", "ec2", {form_type}, "Action=DescribeTheFuture&Version=2016-11-15"},
         "ec2.amazonaws.com",
         "DescribeTheFuture",
         true},
        {{"POST", "/", "nobody", {form_type}, "Action=Do<It>&Version=1"}, "nobody.amazonaws.com", "DoIt", false},
        {{"DELETE", "/2015-03-31/thing/0a1b2c/arn%3Aaws/tags?secret=1", "lambda"},
         "lambda.amazonaws.com",
         "DELETE /2015-03-31/thing/{}/{}/tags",
         false},
        {{"OPTIONS", "*", "s3"}, "s3.amazonaws.com", "PreflightRequest", true},
        {{"PATCH", "/b/k", "s3"}, "s3.amazonaws.com", "PATCHObject", false},
        {{"POST", "/service/Unknown/operation/ListThings", "widgets", {{"smithy-protocol", "rpc-v2-cbor"}}},
         "widgets.amazonaws.com",
         "ListThings",
         true},
        {{"POST", "/", "\xff", {{"X-Amz-Target", "Things.\xff"}}}, "unknown.amazonaws.com", "POST /", false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.request.target + " " + row.name);
        const auto call = classified(row.request);
        EXPECT_EQ(call.event_source, row.source);
        EXPECT_EQ(call.event_name, row.name);
        EXPECT_EQ(call.read_only, row.read_only);
        EXPECT_FALSE(call.operation);
    }
}

TEST(Classify, HeadersThatS3IgnoresDoNotHideItsCalls) {
    const Request hidden[] = {
        {"DELETE", "/b/k", "s3", {{"X-Amz-Target", "DynamoDB_20120810.ListTables"}}},
        {"DELETE", "/b/k?Action=ListUsers&Version=2010-05-08", "s3"},
        {"DELETE", "/b/k?x-id=GetObject", "s3", {{"User-Agent", "api/sts"}}},
        {"DELETE", "/b/k", "s3", {{"smithy-protocol", "rpc-v2-cbor"}}},
        {"DELETE", "/b/k", "", {{"x-amz-sso_bearer_token", "t"}}},
    };
    for (const auto& request : hidden) {
        SCOPED_TRACE(request.target);
        EXPECT_EQ(classified(request).event_name, "DeleteObject");
    }
    const Request upload{"POST",
                         "/",
                         "",
                         {{"Host", "b.s3.amazonaws.com"},
                          {"X-Amz-Target", "DynamoDB_20120810.ListTables"},
                          {"Content-Type", "multipart/form-data; boundary=x"}}};
    EXPECT_EQ(classified(upload).event_name, "PostObject");
}

TEST(Classify, FormUploadsAreReadForKeyAndSigner) {
    const auto call = classified(
        {"POST",
         "/b",
         "",
         {{"Content-Type", "multipart/form-data; boundary=x"}},
         "--x\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/${filename}\r\n--x\r\nContent-Disposition: "
         "form-data; name=\"X-Amz-Credential\"\r\n\r\nA+B/20260102/us-east-1/s3/aws4_request\r\n--x\r\n"
         "Content-Disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\n\r\n"});
    EXPECT_EQ(call.event_name, "PostObject");
    EXPECT_EQ(call.data_type, "AWS::S3::Object");
    EXPECT_EQ(call.s3.bucket, "b");
    EXPECT_EQ(call.s3.key, "a/f.txt");
    EXPECT_EQ(call.credential.key_id, "A+B");
    EXPECT_EQ(call.credential.place, Credential::Place::form);
}

TEST(Classify, ListsOfAccessPointsAndDirectoryBucketsKeepTheirName) {
    EXPECT_EQ(classified({"GET", "/b?list-type=2", "s3"}).event_name, "ListObjects");
    EXPECT_EQ(classified({"GET", "/b?list-type=2", "s3express"}).event_name, "ListObjectsV2");
    EXPECT_EQ(classified({"GET", "/?list-type=2", "s3", {{"Host", "ap-1.s3-accesspoint.us-east-1.amazonaws.com"}}})
                  .event_name,
              "ListObjectsV2");
    EXPECT_EQ(classified({"GET", "/", "s3express", {{"Host", "s3express-control.us-east-1.amazonaws.com"}}}).event_name,
              "ListDirectoryBuckets");
}

TEST(Classify, PathsOfTheServerItselfAreNoAwsCalls) {
    ClassifyOptions minio;
    minio.profile = UpstreamProfile::minio;
    const auto call = classified({"GET", "/minio/admin/v3/user-info?accessKey=a", "s3"}, minio);
    EXPECT_EQ(call.own_path, OwnPath::administration);
    EXPECT_EQ(call.event_source, "admin.minio");
    EXPECT_EQ(call.event_name, "GET /minio/admin/v3/user-info");
    EXPECT_EQ(classified({"GET", "/minio/health/live"}, minio).own_path, OwnPath::health);
    EXPECT_EQ(classified({"GET", "/minio-data/k", "s3"}, minio).event_name, "GetObject");
    EXPECT_EQ(classified({"GET", "/minio/admin/v3/x", "s3"}).own_path,
              OwnPath::none);  // any bucket may be called so elsewhere
    ClassifyOptions ceph;
    ceph.profile = UpstreamProfile::ceph;
    EXPECT_EQ(classified({"PUT", "/admin/user?uid=u", "s3"}, ceph).event_name, "PUT /admin/user");
}

TEST(Classify, SharedPathsAndNamesGoWhereTheyBelong) {
    EXPECT_EQ(classified(
                  {"POST", "/", "elasticloadbalancing", {form_type}, "Action=DescribeLoadBalancers&Version=2012-06-01"})
                  .service.name(),
              "elb");
    EXPECT_EQ(classified(
                  {"POST", "/", "elasticloadbalancing", {form_type}, "Action=DescribeLoadBalancers&Version=2015-12-01"})
                  .service.name(),
              "elbv2");
    EXPECT_EQ(classified({"POST", "/imports/", "lex", {{"Host", "models.lex.us-east-1.amazonaws.com"}}}).event_name,
              "StartImport");
    EXPECT_EQ(classified({"POST", "/imports/", "lex", {{"Host", "models-v2-lex.us-east-1.amazonaws.com"}}}).event_name,
              "ListImports");
    EXPECT_EQ(
        classified({"POST", "/imports/", "lex", {{"User-Agent", "aws-sdk-js/3 api/lex-model-building-service#3"}}})
            .event_name,
        "StartImport");
    EXPECT_EQ(classified({"PUT", "/agents/a/", "bedrock"}).operation.service().name(), "bedrock-agent");
}

TEST(HostName, EndpointsAreReadFromHosts) {
    const struct {
        const char *host, *prefix, *region;
    } rows[] = {
        {"ec2.us-east-1.amazonaws.com", "ec2", "us-east-1"},
        {"iam.amazonaws.com", "iam", ""},
        {"portal.sso.eu-west-1.amazonaws.com", "portal.sso", "eu-west-1"},
        {"lambda.us-east-1.api.aws", "lambda", "us-east-1"},
        {"us-gov-west-1.queue.amazonaws.com", "queue", "us-gov-west-1"},
        {"sqs.cn-north-1.amazonaws.com.cn", "sqs", "cn-north-1"},
        {"example.com", "", ""},
        {"", "", ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.host);
        EXPECT_EQ(endpoint_of(row.host).prefix, row.prefix);
        EXPECT_EQ(endpoint_of(row.host).region, row.region);
    }
    EXPECT_EQ(plain_host("Bucket.Example.COM:9000"), "bucket.example.com");
    EXPECT_EQ(plain_host("[::1]:80"), "[::1]");
    EXPECT_TRUE(is_ip_host("127.0.0.1"));
    EXPECT_FALSE(is_ip_host("127.0.0.1.example"));
    EXPECT_FALSE(is_ip_host("1.2.3"));
    EXPECT_FALSE(services_of_host("123456789012.s3-control.us-east-1.amazonaws.com").empty());
}

TEST(CallName, KeepsWhatIsFixedInAPath) {
    EXPECT_EQ(path_name("GET", "/v1/things/42/tags"), "GET /v1/things/{}/tags");
    EXPECT_EQ(path_name("GET", "/"), "GET /");
    EXPECT_EQ(path_name("GET", "/" + std::string(100, 'a')), "GET /{}");
    EXPECT_EQ(given_name("Get\r\nThings"), "GetThings");
    EXPECT_EQ(given_name(std::string(1000, 'a')).size(), 128u);
}
