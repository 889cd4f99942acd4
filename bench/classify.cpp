// CPU of naming one call, and of rendering its parameters as JSON too, by protocol: bench_classify [SECONDS_EACH]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "wire/classify.h"
#include "wire/request_parameters.h"

namespace {

using namespace cairn;
using namespace cairn::wire;
using Clock = std::chrono::steady_clock;

struct Sample {
    const char* name;
    std::string method, target, scope;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
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
        {"query IAM CreateUser", "POST", "/", "iam", {form}, "Action=CreateUser&Version=2010-05-08&UserName=ana"},
        {"ec2 RunInstances",
         "POST",
         "/",
         "ec2",
         {form},
         "Action=RunInstances&Version=2016-11-15&ImageId=ami-12c6146b&InstanceType=t3.micro&MaxCount=1&MinCount=1&"
         "UserData=c2VjcmV0&ClientToken=7c1e"},
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

/// Microseconds that `work` takes.
double measure(double seconds, const auto& work) {
    std::size_t calls = 0;
    const auto begin = Clock::now();
    auto now = begin;
    while (std::chrono::duration<double>(now - begin).count() < seconds) {
        for (int i = 0; i < 256; ++i) work();
        calls += 256;
        now = Clock::now();
    }
    return std::chrono::duration<double, std::micro>(now - begin).count() / static_cast<double>(calls);
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 0.5;
    const ClassifyOptions options;
    std::printf("%-34s %10s %10s\n", "us a call", "name", "parameters");
    std::size_t bytes = 0;
    for (const auto& sample : samples()) {
        const auto headers = whole_headers(sample);
        const std::vector<HeaderView> views(headers.begin(), headers.end());
        const CallHead call{sample.method, sample.target, views, sample.body};
        const auto named = measure(seconds, [&] { bytes += classify(call, options).event_name.size(); });
        const auto classified = classify(call, options);
        const auto rendered =
            measure(seconds, [&] { bytes += to_text(request_parameters(call, classified, {call.body, true})).size(); });
        std::printf("%-34s %10.3f %10.3f   %s\n", sample.name, named, rendered, classified.event_name.c_str());
    }
    return bytes > 0 ? 0 : 1;
}
