#include <fmt/format.h>

#include "cli/sample_event.h"

namespace cairn::cli {

namespace {

constexpr const char* instance_types[] = {"t3.micro", "t3.medium", "m6i.large", "c7g.xlarge", "r6i.2xlarge"};
constexpr const char* stacks[] = {"shop-frontend", "shop-orders", "data-lake", "vpc-base", "monitoring"};
constexpr const char* functions[] = {"order-processor", "thumbnail-maker", "invoice-mailer", "stock-sync"};
constexpr const char* metrics[] = {"CPUUtilization", "StatusCheckFailed", "NetworkOut"};

struct State {
    int code;
    const char* name;
};
constexpr State pending{0, "pending"}, running{16, "running"}, shutting_down{32, "shutting-down"},
    stopping{64, "stopping"}, stopped{80, "stopped"};

Json items(JsonArray list) { return JsonObject{{"items", std::move(list)}}; }
Json item(JsonObject members) { return items({std::move(members)}); }
Json state(const State& value) { return JsonObject{{"code", value.code}, {"name", value.name}}; }

void answer_with_request_id(SampleEvent& event, JsonObject members) {
    members.insert(members.begin(), {"requestId", event.request_id});
    event.response = std::move(members);
}

Json security_groups(const SampleEvent& event) {
    return item({{"groupId", event.pooled("sg-", 10)}, {"groupName", "app"}});
}

void run_instances(SampleEvent& event) {
    auto& draw = event.draw;
    const auto image = event.pooled("ami-", 5), subnet = event.pooled("subnet-", 6);
    const std::string type = draw.one_of(instance_types);
    event.request = JsonObject{
        {"instancesSet", item({{"imageId", image}, {"minCount", 1}, {"maxCount", 1}, {"keyName", "ops-2026"}})},
        {"groupSet", item({{"groupId", event.pooled("sg-", 10)}})},
        {"instanceType", type},
        {"blockDeviceMapping", JsonObject{}},
        {"monitoring", JsonObject{{"enabled", draw.chance(30)}}},
        {"subnetId", subnet},
        {"disableApiTermination", false},
        {"clientToken", draw.uuid()},
        {"ebsOptimized", true}};
    const auto address = fmt::format("10.0.{}.{}", draw.below(8), 4 + draw.below(250));
    const JsonObject instance{
        {"instanceId", event.pooled("i-", 12)},
        {"imageId", image},
        {"instanceState", state(pending)},
        {"privateDnsName", fmt::format("ip-{}.ec2.internal", draw.below(100'000))},
        {"keyName", "ops-2026"},
        {"amiLaunchIndex", 0},
        {"productCodes", JsonObject{}},
        {"instanceType", type},
        {"launchTime", to_milliseconds(event.time) / 1000 * 1000},
        {"placement", JsonObject{{"availabilityZone", event.region + "abc"[draw.below(3)]}, {"tenancy", "default"}}},
        {"monitoring", JsonObject{{"state", "disabled"}}},
        {"subnetId", subnet},
        {"vpcId", event.pooled("vpc-", 2)},
        {"privateIpAddress", address},
        {"groupSet", security_groups(event)},
        {"architecture", "x86_64"},
        {"hypervisor", "xen"}};
    answer_with_request_id(event, {{"reservationId", "r-0" + draw.hex(16)},
                                   {"ownerId", event.account},
                                   {"groupSet", JsonObject{}},
                                   {"instancesSet", item(instance)}});
}

void change_state(SampleEvent& event, const State& before, const State& after, const char* flag) {
    JsonArray asked, changed;
    for (std::uint64_t i = 0, count = 1 + event.draw.below(3); i < count; ++i) {
        const auto id = event.pooled("i-", 12);
        asked.push_back(JsonObject{{"instanceId", id}});
        changed.push_back(
            JsonObject{{"instanceId", id}, {"currentState", state(after)}, {"previousState", state(before)}});
    }
    event.request = JsonObject{{"instancesSet", items(std::move(asked))}};
    if (flag) event.request.set(flag, false);
    answer_with_request_id(event, {{"instancesSet", items(std::move(changed))}});
}

void stop_instances(SampleEvent& event) { change_state(event, running, stopping, "force"); }
void start_instances(SampleEvent& event) { change_state(event, stopped, pending, nullptr); }
void terminate_instances(SampleEvent& event) { change_state(event, running, shutting_down, nullptr); }

void describe_instances(SampleEvent& event) {
    event.request = JsonObject{{"maxResults", 100}, {"instancesSet", JsonObject{}}, {"filterSet", JsonObject{}}};
    if (event.draw.chance(50))
        event.request.set("filterSet",
                          item({{"name", "instance-state-name"}, {"valueSet", item({{"value", "running"}})}}));
}

void describe_security_groups(SampleEvent& event) {
    event.request = JsonObject{{"securityGroupSet", JsonObject{}},
                               {"securityGroupIdSet", item({{"groupId", event.pooled("sg-", 10)}})},
                               {"filterSet", JsonObject{}}};
}

void authorize_ingress(SampleEvent& event) {
    constexpr int ports[] = {22, 80, 443, 3389, 5432};
    const auto port = event.draw.one_of(ports);
    const auto group = event.pooled("sg-", 10);
    const std::string range =
        event.draw.chance(30) ? "0.0.0.0/0" : fmt::format("198.51.100.{}/32", event.draw.below(256));
    event.request = JsonObject{{"groupId", group},
                               {"ipPermissions", item({{"ipProtocol", "tcp"},
                                                       {"fromPort", port},
                                                       {"toPort", port},
                                                       {"groups", JsonObject{}},
                                                       {"ipRanges", item({{"cidrIp", range}})},
                                                       {"ipv6Ranges", JsonObject{}},
                                                       {"prefixListIds", JsonObject{}}})}};
    answer_with_request_id(event, {{"_return", true},
                                   {"securityGroupRuleSet", item({{"groupOwnerId", event.account},
                                                                  {"groupId", group},
                                                                  {"securityGroupRuleId", "sgr-0" + event.draw.hex(16)},
                                                                  {"isEgress", false},
                                                                  {"ipProtocol", "tcp"},
                                                                  {"fromPort", port},
                                                                  {"toPort", port},
                                                                  {"cidrIpv4", range}})}});
}

void create_security_group(SampleEvent& event) {
    event.request = JsonObject{{"groupName", "app-" + event.draw.hex(4)},
                               {"groupDescription", "made by the build"},
                               {"vpcId", event.pooled("vpc-", 2)}};
    answer_with_request_id(event, {{"_return", true}, {"groupId", event.pooled("sg-", 10)}});
}

void create_tags(SampleEvent& event) {
    event.request =
        JsonObject{{"resourcesSet", item({{"resourceId", event.pooled("i-", 12)}})},
                   {"tagSet", item({{"key", "CostCenter"}, {"value", std::to_string(4000 + event.draw.below(20))}})}};
    answer_with_request_id(event, {{"_return", true}});
}

void invoke(SampleEvent& event) {
    const std::string name = event.draw.one_of(functions);
    const auto arn = event.arn("lambda", "function:" + name);
    event.category = "Data";
    event.request =
        JsonObject{{"functionName", arn}, {"invocationType", event.draw.chance(60) ? "Event" : "RequestResponse"}};
    event.additional = JsonObject{{"functionVersion", arn + ":$LATEST"}};
    event.resources =
        JsonArray{JsonObject{{"accountId", event.account}, {"type", "AWS::Lambda::Function"}, {"ARN", arn}}};
}

void update_function_code(SampleEvent& event) {
    const std::string name = event.draw.one_of(functions);
    event.request = JsonObject{{"functionName", name},
                               {"s3Bucket", fmt::format("build-artifacts-{}", event.account.substr(8))},
                               {"s3Key", fmt::format("{}/{}.zip", name, event.draw.hex(12))},
                               {"publish", false},
                               {"dryRun", false}};
    event.response = JsonObject{{"functionName", name},
                                {"functionArn", event.arn("lambda", "function:" + name)},
                                {"runtime", "python3.12"},
                                {"role", event.arn("iam", "role/service-role/" + name + "-role")},
                                {"handler", "main.handler"},
                                {"codeSize", event.draw.between(20'000, 9'000'000)},
                                {"timeout", 30},
                                {"memorySize", 256},
                                {"lastModified", format_time(std::chrono::floor<std::chrono::seconds>(event.time))},
                                {"version", "$LATEST"},
                                {"environment", JsonObject{}},
                                {"revisionId", event.draw.uuid()},
                                {"state", "Active"},
                                {"lastUpdateStatus", "InProgress"}};
}

void list_functions(SampleEvent& event) { event.request = JsonObject{{"maxItems", 50}}; }

std::string stack_id(const SampleEvent& event, const std::string& name) {
    return event.arn("cloudformation",
                     fmt::format("stack/{}/{}", name, draw_for(event.account + event.region + name).uuid()));
}

void create_stack(SampleEvent& event) {
    const auto name = fmt::format("{}-{}", event.draw.one_of(stacks), event.draw.hex(4));
    event.request = JsonObject{
        {"stackName", name},
        {"templateURL", fmt::format("https://s3.{}.amazonaws.com/templates-{}/{}.yaml", event.region,
                                    event.account.substr(8), event.draw.hex(8))},
        {"capabilities", JsonArray{"CAPABILITY_NAMED_IAM"}},
        {"parameters", JsonArray{JsonObject{{"parameterKey", "Stage"}, {"parameterValue", "production"}},
                                 JsonObject{{"parameterKey", "DatabasePassword"}, {"parameterValue", "****"}}}},
        {"tags", JsonArray{JsonObject{{"key", "team"}, {"value", "shop"}}}}};
    event.response = JsonObject{{"stackId", stack_id(event, name)}};
}

void describe_stacks(SampleEvent& event) { event.request = JsonObject{{"stackName", event.draw.one_of(stacks)}}; }

void put_metric_alarm(SampleEvent& event) {
    const std::string metric = event.draw.one_of(metrics);
    event.request =
        JsonObject{{"alarmName", fmt::format("{}-{}", metric, event.draw.hex(4))},
                   {"alarmDescription", "wakes the person on call"},
                   {"actionsEnabled", true},
                   {"alarmActions", JsonArray{event.arn("sns", "on-call")}},
                   {"metricName", metric},
                   {"namespace", "AWS/EC2"},
                   {"statistic", "Average"},
                   {"dimensions", JsonArray{JsonObject{{"name", "InstanceId"}, {"value", event.pooled("i-", 12)}}}},
                   {"period", 300},
                   {"evaluationPeriods", 3},
                   {"threshold", 80.0},
                   {"comparisonOperator", "GreaterThanOrEqualToThreshold"}};
}

void describe_alarms(SampleEvent& event) { event.request = JsonObject{{"stateValue", "ALARM"}, {"maxRecords", 100}}; }

void create_log_stream(SampleEvent& event) {
    event.api_version = "20140328";
    event.request = JsonObject{
        {"logGroupName", fmt::format("/aws/lambda/{}", event.draw.one_of(functions))},
        {"logStreamName", fmt::format("{}/[$LATEST]{}", format_time(event.time).substr(0, 10), event.draw.hex(32))}};
}

constexpr Failure no_instance{"Client.InvalidInstanceID.NotFound",
                              "The instance ID 'i-0fedcba9876543210' does not exist"};
constexpr Failure no_capacity{"Server.InsufficientInstanceCapacity",
                              "We currently do not have sufficient capacity in the Availability Zone you requested."};
constexpr Failure rule_exists{"Client.InvalidPermission.Duplicate", "the specified rule already exists"};
constexpr Failure throttled{"Client.RequestLimitExceeded", "Request limit exceeded."};
constexpr Failure stack_exists{"AlreadyExistsException", "Stack [shop-frontend] already exists"};
constexpr Failure no_stack{"ValidationException", "Stack with id monitoring does not exist"};
constexpr Failure group_exists{"Client.InvalidGroup.Duplicate", "The security group 'app' already exists"};

constexpr SampleKind kinds[] = {
    {"ec2", "RunInstances", false, 10, builders | through_service, false, 8, no_capacity, run_instances},
    {"ec2", "StopInstances", false, 8, people, false, 6, no_instance, stop_instances},
    {"ec2", "StartInstances", false, 6, people, false, 6, no_instance, start_instances},
    {"ec2", "TerminateInstances", false, 5, builders | through_service, false, 10, no_instance, terminate_instances},
    {"ec2", "DescribeInstances", true, 60, anybody, false, 3, throttled, describe_instances},
    {"ec2", "DescribeSecurityGroups", true, 25, anybody, false, 2, throttled, describe_security_groups},
    {"ec2", "AuthorizeSecurityGroupIngress", false, 6, builders, false, 10, rule_exists, authorize_ingress},
    {"ec2", "CreateSecurityGroup", false, 3, builders, false, 6, group_exists, create_security_group},
    {"ec2", "CreateTags", false, 8, builders | through_service, false, 3, no_instance, create_tags},
    {"lambda", "Invoke", false, 40, machines, false, 0, {}, invoke},
    {"lambda", "UpdateFunctionCode20150331v2", false, 6, builders, false, 5, {}, update_function_code},
    {"lambda", "ListFunctions20150331", true, 8, people, false, 4, {}, list_functions},
    {"cloudformation", "CreateStack", false, 5, builders, false, 8, stack_exists, create_stack},
    {"cloudformation", "DescribeStacks", true, 18, builders, false, 5, no_stack, describe_stacks},
    {"monitoring", "PutMetricAlarm", false, 6, builders, false, 4, {}, put_metric_alarm},
    {"monitoring", "DescribeAlarms", true, 12, people | instance_role, false, 2, {}, describe_alarms},
    {"logs", "CreateLogStream", false, 14, function_role, false, 2, {}, create_log_stream},
};

}  // namespace

std::span<const SampleKind> compute_kinds() { return kinds; }

}  // namespace cairn::cli
