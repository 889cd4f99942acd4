#include "wire/call_resources.h"

#include <algorithm>

#include "base/utf8.h"
#include "wire/resource_names.h"

namespace cairn::wire {

namespace {

class ResourceFinder {
public:
    ResourceFinder(const Classified& call, const Json& request, const Json& response, const CallPlace& place)
        : call_(call), request_(request), response_(response), place_(place) {}

    Json run() {
        if (call_.is_s3())
            s3();
        else if (call_.operation)
            find(call_.service.name());
        return out_.empty() ? Json() : Json(std::move(out_));
    }

private:
    void find(std::string_view service);
    void s3();
    void kms();
    void assumed_role();
    void parameters();
    void repository();
    void tables();
    void queue();
    void data();

    std::string_view asked(std::string_view member) const { return request_.text(member); }
    std::string_view name() const { return call_.operation.name(); }
    std::string arn(std::string_view service, std::string_view rest) const { return make_arn(service, place_, rest); }

    std::string account(std::string_view arn) const {
        const auto owner = arn_account(arn);
        return std::string(owner.empty() ? place_.account : owner);
    }

    void add(std::string_view type, std::string arn) {
        JsonObject members;
        members.reserve(3);
        members.emplace_back("accountId", account(arn));
        if (!type.empty()) members.emplace_back("type", type);
        if (!arn.empty()) members.emplace_back("ARN", std::move(arn));
        Json entry(std::move(members));
        if (std::ranges::find(out_, entry) == out_.end()) out_.push_back(std::move(entry));
    }

    const Classified& call_;
    const Json &request_, &response_;
    const CallPlace& place_;
    JsonArray out_;
};

void ResourceFinder::find(std::string_view service) {
    if (service == "kms") return kms();
    if (service == "sts" && name().starts_with("AssumeRole")) return assumed_role();
    if (service == "ssm" && name().find("Parameter") != std::string_view::npos) return parameters();
    if (service == "ecr") return repository();
    if (service.starts_with("sqs") && (!call_.data_type.empty() || name() == "CreateQueue")) return queue();
    if (call_.data_type.empty()) return;
    if (call_.data_type == "AWS::DynamoDB::Table") return tables();
    data();
}

void ResourceFinder::s3() {
    if (call_.s3.bucket.empty() || call_.event_name == "CreateBucket") return;
    const bool express = call_.event_source.starts_with("s3express");
    const auto bucket = express ? arn("s3express", "bucket/" + call_.s3.bucket)
                                : "arn:" + std::string(partition_of(place_.region)) + ":s3:::" + call_.s3.bucket;
    if (!call_.data_type.empty()) {
        const bool one = !call_.s3.key.empty();
        const auto below = bucket + "/" + (one ? call_.s3.key : std::string(asked("prefix")));
        JsonObject object;
        object.reserve(2);
        object.emplace_back("type", express ? "AWS::S3Express::Object" : "AWS::S3::Object");
        object.emplace_back(one ? "ARN" : "ARNPrefix", valid_utf8(below));
        out_.emplace_back(std::move(object));
    }
    add(express ? "AWS::S3Express::DirectoryBucket" : "AWS::S3::Bucket", valid_utf8(bucket));
}

void ResourceFinder::kms() {
    if (const auto* made = response_.find("keyMetadata"); made && !made->text("arn").empty())
        return add("AWS::KMS::Key", std::string(made->text("arn")));
    if (is_arn(response_.text("keyId"))) return add("AWS::KMS::Key", std::string(response_.text("keyId")));
    for (const auto member : {"keyId", "targetKeyId", "sourceKeyId", "destinationKeyId"}) {
        const auto key = asked(member);
        if (is_arn(key))
            add("AWS::KMS::Key", std::string(key));
        else if (!key.empty())
            add("AWS::KMS::Key", arn("kms", (key.starts_with("alias/") ? "" : "key/") + std::string(key)));
    }
}

void ResourceFinder::assumed_role() {
    if (const auto role = asked("roleArn"); !role.empty()) add("AWS::IAM::Role", std::string(role));
    if (const auto provider = asked("principalArn"); !provider.empty())
        add("AWS::IAM::SAMLProvider", std::string(provider));
}

/// SSM's have no type.
void ResourceFinder::parameters() {
    const auto one = [&](std::string_view parameter) {
        if (parameter.empty()) return;
        if (is_arn(parameter)) return add({}, std::string(parameter));
        parameter = parameter.substr(0, parameter.find(':'));  // a version or label behind it
        add({}, arn("ssm", (parameter.starts_with('/') ? "parameter" : "parameter/") + std::string(parameter)));
    };
    one(asked("name"));
    one(asked("path"));
    if (const auto* names = request_.find("names"))
        for (const auto& parameter : names->as_array()) one(parameter.as_string());
}

/// ECR's have no type, and the other order.
void ResourceFinder::repository() {
    const auto repository = asked("repositoryName");
    if (repository.empty()) return;
    const auto owner = asked("registryId").empty() ? place_.account : asked("registryId");
    out_.push_back(JsonObject{{"ARN", make_arn("ecr", {owner, place_.region}, "repository/" + std::string(repository))},
                              {"accountId", owner}});
}

void ResourceFinder::tables() {
    const auto one = [&](std::string_view table) {
        if (table.empty()) return;
        add("AWS::DynamoDB::Table",
            is_arn(table) ? std::string(table) : arn("dynamodb", "table/" + std::string(table)));
    };
    one(asked("tableName"));
    one(table_of_statement(asked("statement")));
    if (const auto* items = request_.find("requestItems"))
        for (const auto& item : items->as_array()) one(item.text("tableName"));
    for (const auto member : {"statements", "transactStatements"})
        if (const auto* statements = request_.find(member))
            for (const auto& statement : statements->as_array()) one(table_of_statement(statement.text("statement")));
}

/// A queue is named by its URL, ".../ACCOUNT/NAME".
void ResourceFinder::queue() {
    std::string_view url = asked("queueUrl").empty() ? response_.text("queueUrl") : asked("queueUrl");
    if (url.empty()) {
        if (const auto queue = asked("queueName"); !queue.empty()) add("AWS::SQS::Queue", arn("sqs", queue));
        return;
    }
    const auto queue = url.substr(url.rfind('/') + 1);
    url = url.substr(0, url.size() - std::min(url.size(), queue.size() + 1));
    const auto owner = url.substr(url.rfind('/') + 1);
    const CallPlace home{is_account(owner) ? owner : place_.account, place_.region};
    add("AWS::SQS::Queue", make_arn("sqs", home, queue));
}

void ResourceFinder::data() {
    if (call_.data_type == "AWS::Lambda::Function")
        return add(call_.data_type, function_arn(asked("functionName"), place_));
    add(call_.data_type, named_arn(call_.data_type, request_, place_));
}

}  // namespace

Json call_resources(const Classified& call, const Json& request_parameters, const Json& response_elements,
                    const CallPlace& place) {
    return ResourceFinder(call, request_parameters, response_elements, place).run();
}

}  // namespace cairn::wire
