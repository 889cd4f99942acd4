// CPU of naming one call, of rendering its parameters, and of reading its answer (error, request id, responseElements,
// resources), both as JSON, and of all that its record takes, by protocol: bench_classify [SECONDS_EACH]

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "gateway/classified_call.h"
#include "gateway/known_callers.h"
#include "gateway/record_maker.h"
#include "wire/call_failure.h"
#include "wire/call_resources.h"
#include "wire/classify.h"
#include "wire/request_parameters.h"
#include "wire/response_elements.h"

namespace {

using namespace cairn;
using namespace cairn::wire;

struct Sample {
    const char* name;
    std::string method, target, scope;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body, answer = {};
};

std::vector<Sample> samples() {
    const std::pair<std::string, std::string> form{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"};
    return {
        {"S3 GetObject, path style", "GET", "/bucket/some/key/of/an/object.parquet", "s3", {}, {}},
        {"S3 PutObject, aws-chunked",
         "PUT",
         "/bucket/some/key?x-id=PutObject",
         "s3",
         {{"x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
          {"Content-Encoding", "aws-chunked"},
          {"X-Amz-Decoded-Content-Length", "5242880"}},
         {}},
        {"S3 ListObjectsV2", "GET", "/bucket?list-type=2&prefix=a%2Fb&max-keys=1000&encoding-type=url", "s3", {}, {}},
        {"S3 presigned GetObject",
         "GET",
         "/bucket/"
         "key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&"
         "X-Amz-Date=20260102T000000Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host&X-Amz-Signature=0",
         "",
         {},
         {}},
        {"json DynamoDB PutItem",
         "POST",
         "/",
         "dynamodb",
         {{"X-Amz-Target", "DynamoDB_20120810.PutItem"}, {"Content-Type", "application/x-amz-json-1.0"}},
         R"json({"TableName":"orders","Item":{"id":{"S":"1"},"v":{"S":"text"}},"ConditionExpression":"attribute_not_exists(id)"})json"},
        {"query IAM CreateUser",
         "POST",
         "/",
         "iam",
         {form},
         "Action=CreateUser&Version=2010-05-08&UserName=ana",
         "<CreateUserResponse "
         "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><CreateUserResult><User><Path>/</Path>"
         "<UserName>ana</UserName><UserId>AIDAEXAMPLE0000000001</UserId><Arn>arn:aws:iam::123456789012:user/ana</Arn>"
         "<CreateDate>2026-01-02T03:04:05Z</CreateDate></User></CreateUserResult><ResponseMetadata><RequestId>"
         "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ResponseMetadata></CreateUserResponse>"},
        {"json KMS CreateKey",
         "POST",
         "/",
         "kms",
         {{"X-Amz-Target", "TrentService.CreateKey"}, {"Content-Type", "application/x-amz-json-1.1"}},
         R"json({"Description":"d","KeyUsage":"ENCRYPT_DECRYPT"})json",
         R"json({"KeyMetadata":{"AWSAccountId":"123456789012","KeyId":"0e5d0ab6-097e-49d8-99ef-747ce3e5f8f4",)json"
         R"json("Arn":"arn:aws:kms:us-east-1:123456789012:key/0e5d0ab6-097e-49d8-99ef-747ce3e5f8f4",)json"
         R"json("CreationDate":1767323045.5,"Enabled":true,"KeyState":"Enabled","KeyManager":"CUSTOMER"}})json"},
        {"ec2 RunInstances",
         "POST",
         "/",
         "ec2",
         {form},
         "Action=RunInstances&Version=2016-11-15&ImageId=ami-12c6146b&InstanceType=t3.micro&MaxCount=1&MinCount=1&"
         "UserData=c2VjcmV0&ClientToken=7c1e",
         "<RunInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>59dbff89</requestId>"
         "<reservationId>r-1</reservationId><ownerId>123456789012</ownerId><groupSet/><instancesSet><item>"
         "<instanceId>i-1</instanceId><imageId>ami-12c6146b</imageId><instanceState><code>0</code><name>pending</name>"
         "</instanceState><privateDnsName>ip-172-30-2-156.ec2.internal</privateDnsName><amiLaunchIndex>0</"
         "amiLaunchIndex>"
         "<instanceType>t3.micro</instanceType><launchTime>2026-01-02T03:04:05.000Z</launchTime><placement>"
         "<availabilityZone>us-east-1c</availabilityZone><tenancy>default</tenancy></placement><monitoring>"
         "<state>disabled</state></monitoring><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><hypervisor>xen</"
         "hypervisor>"
         "<groupSet><item><groupId>sg-1</groupId><groupName>default</groupName></item></groupSet></item></instancesSet>"
         "</RunInstancesResponse>"},
        {"rest-json Lambda GetFunction", "GET", "/2015-03-31/functions/some-function", "lambda", {}, {}},
        {"rest-json IoT, 270 operations", "GET", "/things/some-thing/principals?maxResults=10", "iot", {}, {}},
        {"rest-json Bedrock, six services", "GET", "/agents/ABCDEFGHIJ/agentversions/", "bedrock", {}, {}},
        {"rpc-v2-cbor PutMetricData",
         "POST",
         "/service/GraniteServiceVersion20100801/operation/PutMetricData",
         "monitoring",
         {{"smithy-protocol", "rpc-v2-cbor"}, {"Content-Type", "application/cbor"}},
         {}},
        {"unknown REST call", "DELETE", "/2015-03-31/thing/0a1b2c/tags", "lambda", {}, {}},
    };
}

/// With the headers that SDKs send beside those that matter.
std::vector<std::pair<std::string, std::string>> whole_headers(const Sample& sample) {
    std::vector<std::pair<std::string, std::string>> headers{
        {"Host", "gateway.example.com:4610"},
        {"Accept-Encoding", "identity"},
        {"User-Agent",
         "aws-cli/1.45.11 md/Botocore#1.43.11 ua/2.1 os/linux#6.1 md/arch#x86_64 lang/python#3.11.7 "
         "cfg/retry-mode#legacy botocore/1.43.11"},
        {"X-Amz-Date", "20260102T000000Z"},
        {"amz-sdk-invocation-id", "6b0f2e0e-7c1e-4a0e-9d2f-3f5b7a1c9e11"},
        {"amz-sdk-request", "attempt=1"},
    };
    headers.insert(headers.end(), sample.headers.begin(), sample.headers.end());
    if (!sample.scope.empty())
        headers.emplace_back(
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLE00/20260102/us-east-1/" + sample.scope +
                "/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=" + std::string(64, '0'));
    headers.emplace_back("Content-Length", std::to_string(sample.body.size()));
    return headers;
}

/// What the gateway has of it once it is over.
gateway::Call call_of(const Sample& sample) {
    gateway::Call call;
    call.request.method = sample.method;
    call.request.target = sample.target;
    call.request.headers = whole_headers(sample);
    call.request.body = sample.body;
    call.request.peer_address = "192.0.2.7";
    call.request_bytes = sample.body.size();
    call.response.status = 200;
    call.response.headers = {{"Date", "Fri, 02 Jan 2026 00:00:00 GMT"},
                             {"Content-Length", "1024"},
                             {"x-amz-id-2", std::string(76, 'x')},
                             {"x-amzn-RequestId", "7a62c49f-347e-4fc4-9331-6e8e00000000"}};
    call.response.body = sample.answer;
    call.request_whole = call.response_whole = true;
    call.upstream = "default";
    return call;
}

/// Microseconds of CPU that `work` takes.
double measure(double seconds, const auto& work) {
    std::size_t calls = 0;
    const auto begin = std::clock();
    auto now = begin;
    while (now - begin < seconds * CLOCKS_PER_SEC) {
        for (int i = 0; i < 256; ++i) work();
        calls += 256;
        now = std::clock();
    }
    return static_cast<double>(now - begin) * (1e6 / CLOCKS_PER_SEC) / static_cast<double>(calls);
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 0.5;
    const ClassifyOptions options;
    std::printf("%-34s %10s %10s %10s %10s\n", "us a call", "name", "parameters", "answer", "record");
    Metrics metrics;
    gateway::KnownCallers callers({{"default", {"111122223333", UpstreamProfile::generic}}});
    gateway::RecordMaker maker({.homes = {{"default", {.account = "111122223333", .region = "us-east-1"}}}}, callers,
                               metrics);
    std::size_t bytes = 0;
    for (const auto& sample : samples()) {
        const auto headers = whole_headers(sample);
        const std::vector<HeaderView> views(headers.begin(), headers.end());
        const CallHead call{sample.method, sample.target, views, sample.body};
        const auto named = measure(seconds, [&] { bytes += classify(call, options).event_name.size(); });
        const auto classified = classify(call, options);
        const auto rendered =
            measure(seconds, [&] { bytes += to_text(request_parameters(call, classified, {call.body, true})).size(); });
        const auto parameters = request_parameters(call, classified, {call.body, true});
        const std::vector<HeaderView> answer_headers{{"Date", "Fri, 02 Jan 2026 00:00:00 GMT"},
                                                     {"Content-Length", "1024"},
                                                     {"x-amzn-RequestId", "7a62c49f-347e-4fc4-9331-6e8e00000000"}};
        const CallAnswer answer{200, answer_headers, sample.answer, true};
        const auto answered = measure(seconds, [&] {
            const auto elements = response_elements(classified, answer);
            bytes += to_text(elements).size() + call_failure(classified, answer).code.size() +
                     answered_request_id(classified, answer).size() +
                     to_text(call_resources(classified, parameters, elements, {"123456789012", "us-east-1"})).size();
        });
        auto whole = call_of(sample);
        const auto recorded = measure(seconds, [&] {
            whole.classified = gateway::classify_request(whole.request, whole.request.body, options);
            bytes += maker.make(whole).front().text.size();
        });
        std::printf("%-34s %10.3f %10.3f %10.3f %10.3f   %s\n", sample.name, named, rendered, answered, recorded,
                    classified.event_name.c_str());
    }
    return bytes > 0 ? 0 : 1;
}
