#include "match/selector_fields.h"

#include <algorithm>

namespace cairn::match {

namespace {

constexpr std::string_view category_names[] = {"Management", "Data", "NetworkActivity"};

constexpr std::string_view field_names[] = {
    "eventCategory",    "readOnly",       "eventSource",   "eventName", "eventType",     "sessionCredentialFromConsole",
    "userIdentity.arn", "resources.type", "resources.ARN", "errorCode", "vpcEndpointId",
};

/// The number of `name` in `names`, as an enumeration in the same order.
template <class Enumeration, std::size_t N>
std::optional<Enumeration> numbered(const std::string_view (&names)[N], std::string_view name) {
    const auto* found = std::ranges::find(names, name);
    if (found == std::end(names)) return std::nullopt;
    return static_cast<Enumeration>(found - std::begin(names));
}

/// Without ".amazonaws.com", sorted (user guide, "Logging network activity events").
constexpr std::string_view network_services[] = {
    "aco-automation",
    "agent-registry",
    "appconfig",
    "application-signals",
    "appmesh",
    "assurance",
    "athena",
    "autoscaling",
    "aws-external-anthropic",
    "b2bi",
    "backup-gateway",
    "bcm-data-exports",
    "bcm-pricing-calculator",
    "bedrock",
    "bedrock-agentcore",
    "billing",
    "cassandra",
    "ce",
    "chime-sdk-media-pipelines",
    "chime-sdk-voice",
    "cloudcontrolapi",
    "cloudformation",
    "cloudhsm",
    "cloudtrail",
    "codedeploy",
    "comprehend",
    "comprehendmedical",
    "config",
    "ds",
    "dsql",
    "dynamodb",
    "ec2",
    "ecr",
    "ecs",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "firehose",
    "frauddetector",
    "freetier",
    "fsx",
    "glue",
    "healthlake",
    "identitystore",
    "invoicing",
    "iot",
    "iotfleetwise",
    "iotsecuredtunneling",
    "iotsitewise",
    "kms",
    "lakeformation",
    "lambda",
    "license-manager",
    "lookoutequipment",
    "lookoutvision",
    "monitoring",
    "partnercentral-prm",
    "personalize",
    "qbusiness",
    "quicksight",
    "rds",
    "rdsdata",
    "rdsdataapi",
    "rekognition",
    "rolesanywhere",
    "route53",
    "s3",
    "s3vectors",
    "sagemaker",
    "scheduler",
    "secretsmanager",
    "servicediscovery",
    "ses",
    "signin",
    "sns",
    "sqs",
    "ssm",
    "ssm-contacts",
    "sso",
    "sso-directory",
    "sso-oauth",
    "states",
    "storagegateway",
    "sts",
    "swf",
    "textract",
    "transcribe",
    "transcribestreaming",
    "transfer",
    "transform",
    "translate",
    "user-subscriptions",
    "verifiedpermissions",
    "voiceid",
    "workmail",
    "workmailmessageflow",
};
static_assert(std::ranges::is_sorted(network_services));

}  // namespace

std::optional<SelectorCategory> selector_category(std::string_view name) {
    return numbered<SelectorCategory>(category_names, name);
}
std::string_view selector_category_name(SelectorCategory category) {
    return category_names[static_cast<std::size_t>(category)];
}

std::optional<SelectorField> selector_field(std::string_view name) {
    return numbered<SelectorField>(field_names, name);
}
std::string_view selector_field_name(SelectorField field) { return field_names[static_cast<std::size_t>(field)]; }

bool has_network_events(std::string_view event_source) {
    constexpr std::string_view domain = ".amazonaws.com";
    if (!event_source.ends_with(domain)) return false;
    event_source.remove_suffix(domain.size());
    return std::ranges::binary_search(network_services, event_source);
}

bool is_whole_service(std::string_view type, std::string_view value) {
    constexpr std::string_view arn = "arn:aws";
    if (!value.starts_with(arn)) return false;
    const auto colon = value.find(':', arn.size());
    if (colon == std::string_view::npos) return false;
    const auto service = value.substr(colon + 1);
    if (type == "AWS::S3::Object") return service == "s3" || service == "s3:::";
    return (type == "AWS::Lambda::Function" && service == "lambda") ||
           (type == "AWS::DynamoDB::Table" && service == "dynamodb");
}

}  // namespace cairn::match
