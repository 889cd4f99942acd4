#include "event/resource_rules.h"

#include <algorithm>
#include <deque>
#include <string>

#include "base/check.h"

namespace cairn {

namespace {

bool is_covered(std::string_view name, std::string_view pattern) {
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
}

struct ArnKind {
    std::string_view service, prefix, type;  ///< prefix of the resource part
};

constexpr ArnKind arn_kinds[] = {
    {"iam", "role/", "AWS::IAM::Role"},
    {"iam", "user/", "AWS::IAM::User"},
    {"iam", "group/", "AWS::IAM::Group"},
    {"iam", "policy/", "AWS::IAM::Policy"},
    {"iam", "instance-profile/", "AWS::IAM::InstanceProfile"},
    {"iam", "saml-provider/", "AWS::IAM::SAMLProvider"},
    {"iam", "oidc-provider/", "AWS::IAM::OIDCProvider"},
    {"iam", "mfa/", "AWS::IAM::MFADevice"},
    {"sts", "assumed-role/", "AWS::STS::AssumedRole"},
    {"sts", "federated-user/", "AWS::STS::FederatedUser"},
    {"kms", "key/", "AWS::KMS::Key"},
    {"kms", "alias/", "AWS::KMS::Alias"},
    {"lambda", "function:", "AWS::Lambda::Function"},
    {"lambda", "layer:", "AWS::Lambda::LayerVersion"},
    {"lambda", "event-source-mapping:", "AWS::Lambda::EventSourceMapping"},
    {"dynamodb", "table/", "AWS::DynamoDB::Table"},
    {"sns", "", "AWS::SNS::Topic"},
    {"sqs", "", "AWS::SQS::Queue"},
    {"logs", "log-group:", "AWS::Logs::LogGroup"},
    {"logs", "destination:", "AWS::Logs::Destination"},
    {"cloudtrail", "trail/", "AWS::CloudTrail::Trail"},
    {"cloudtrail", "eventdatastore/", "AWS::CloudTrail::EventDataStore"},
    {"cloudtrail", "channel/", "AWS::CloudTrail::Channel"},
    {"cloudformation", "stack/", "AWS::CloudFormation::Stack"},
    {"cloudfront", "distribution/", "AWS::CloudFront::Distribution"},
    {"cloudwatch", "alarm:", "AWS::CloudWatch::Alarm"},
    {"rds", "db:", "AWS::RDS::DBInstance"},
    {"rds", "cluster:", "AWS::RDS::DBCluster"},
    {"rds", "snapshot:", "AWS::RDS::DBSnapshot"},
    {"rds", "cluster-snapshot:", "AWS::RDS::DBClusterSnapshot"},
    {"rds", "subgrp:", "AWS::RDS::DBSubnetGroup"},
    {"rds", "pg:", "AWS::RDS::DBParameterGroup"},
    {"elasticloadbalancing", "loadbalancer/app/", "AWS::ElasticLoadBalancingV2::LoadBalancer"},
    {"elasticloadbalancing", "loadbalancer/net/", "AWS::ElasticLoadBalancingV2::LoadBalancer"},
    {"elasticloadbalancing", "loadbalancer/gwy/", "AWS::ElasticLoadBalancingV2::LoadBalancer"},
    {"elasticloadbalancing", "loadbalancer/", "AWS::ElasticLoadBalancing::LoadBalancer"},
    {"elasticloadbalancing", "targetgroup/", "AWS::ElasticLoadBalancingV2::TargetGroup"},
    {"elasticloadbalancing", "listener/", "AWS::ElasticLoadBalancingV2::Listener"},
    {"ec2", "instance/", "AWS::EC2::Instance"},
    {"ec2", "vpc/", "AWS::EC2::VPC"},
    {"ec2", "subnet/", "AWS::EC2::Subnet"},
    {"ec2", "security-group/", "AWS::EC2::SecurityGroup"},
    {"ec2", "volume/", "AWS::EC2::Volume"},
    {"ec2", "snapshot/", "AWS::EC2::Snapshot"},
    {"ec2", "image/", "AWS::EC2::Ami"},
    {"ecr", "repository/", "AWS::ECR::Repository"},
    {"ecs", "cluster/", "AWS::ECS::Cluster"},
    {"ecs", "service/", "AWS::ECS::Service"},
    {"eks", "cluster/", "AWS::EKS::Cluster"},
    {"kinesis", "stream/", "AWS::Kinesis::Stream"},
    {"firehose", "deliverystream/", "AWS::KinesisFirehose::DeliveryStream"},
    {"secretsmanager", "secret:", "AWS::SecretsManager::Secret"},
    {"ssm", "parameter/", "AWS::SSM::Parameter"},
    {"ssm", "document/", "AWS::SSM::Document"},
    {"states", "stateMachine:", "AWS::StepFunctions::StateMachine"},
    {"events", "rule/", "AWS::Events::Rule"},
    {"events", "event-bus/", "AWS::Events::EventBus"},
    {"acm", "certificate/", "AWS::ACM::Certificate"},
    {"guardduty", "detector/", "AWS::GuardDuty::Detector"},
    {"elasticfilesystem", "file-system/", "AWS::EFS::FileSystem"},
    {"redshift", "cluster:", "AWS::Redshift::Cluster"},
};

struct IdKind {
    std::string_view prefix, type;
};

constexpr IdKind id_kinds[] = {
    {"i-", "AWS::EC2::Instance"},
    {"mi-", "AWS::SSM::ManagedInstance"},
    {"vol-", "AWS::EC2::Volume"},
    {"sg-", "AWS::EC2::SecurityGroup"},
    {"vpc-", "AWS::EC2::VPC"},
    {"subnet-", "AWS::EC2::Subnet"},
    {"eni-", "AWS::EC2::NetworkInterface"},
    {"ami-", "AWS::EC2::Ami"},
    {"snap-", "AWS::EC2::Snapshot"},
    {"rtb-", "AWS::EC2::RouteTable"},
    {"igw-", "AWS::EC2::InternetGateway"},
    {"nat-", "AWS::EC2::NatGateway"},
    {"eipalloc-", "AWS::EC2::EIP"},
    {"acl-", "AWS::EC2::NetworkAcl"},
    {"lt-", "AWS::EC2::LaunchTemplate"},
    {"key-", "AWS::EC2::KeyPair"},
    {"vpce-svc-", "AWS::EC2::VPCEndpointService"},
    {"vpce-", "AWS::EC2::VPCEndpoint"},
    {"pcx-", "AWS::EC2::VPCPeeringConnection"},
    {"cgw-", "AWS::EC2::CustomerGateway"},
    {"vgw-", "AWS::EC2::VPNGateway"},
    {"vpn-", "AWS::EC2::VPNConnection"},
    {"tgw-", "AWS::EC2::TransitGateway"},
    {"dopt-", "AWS::EC2::DHCPOptions"},
    {"fl-", "AWS::EC2::FlowLog"},
    {"sir-", "AWS::EC2::SpotInstanceRequest"},
};

/// The part of an ARN between its `index`-th and next colon; the last part (5) runs to the end.
std::string_view arn_part(std::string_view arn, int index) {
    for (int i = 0; i < index; ++i) {
        const std::size_t colon = arn.find(':');
        if (colon == std::string_view::npos) return {};
        arn.remove_prefix(colon + 1);
    }
    return index == 5 ? arn : arn.substr(0, arn.find(':'));
}

}  // namespace

/// All rules, built at first use.
class ResourceTable {
public:
    ResourceTable() {
        std::vector<NameMap::Name> services;
        for (const ResourceService& service : resource_services()) {
            services.push_back({service.name, static_cast<std::uint16_t>(rules_.size())});
            rules_.push_back(compiled(service));
        }
        others_ = compiled({});
        services_ = NameMap(services);
    }

    const ServiceRules& rules(std::string_view event_source) const {
        constexpr std::string_view domain = ".amazonaws.com";
        if (event_source.ends_with(domain)) event_source.remove_suffix(domain.size());
        const int found = services_.find(event_source);
        return found == NameMap::none ? others_ : rules_[static_cast<std::size_t>(found)];
    }

private:
    ServiceRules compiled(const ResourceService& service) {
        ServiceRules rules;
        rules.not_for_ = service.not_for;
        rules.but_for_ = service.but_for;
        std::vector<NameMap::Name> names;
        const auto common = common_resource_rows();
        for (const auto* rows : {&service.rows, &common})
            for (const ResourceRow& row : *rows) add(rules, names, row);
        rules.names_ = NameMap(names);
        return rules;
    }

    /// Rules for one name that differ in `when` stand one after another.
    void add(ServiceRules& rules, std::vector<NameMap::Name>& names, const ResourceRow& row) {
        if (std::ranges::find(names, row.name, &NameMap::Name::name) != names.end()) {
            ServiceRules::Chained& last = rules.rules_.back();
            if (last.name != row.name) return;  // the service's own rows go before those for all
            last.more = true;
        } else {
            const auto number = static_cast<std::uint16_t>(rules.rules_.size());
            std::string& capital = capitals_.emplace_back(row.name);
            capital.front() = static_cast<char>(capital.front() & ~0x20);
            CAIRN_CHECK(number * 2 + 1 < ServiceRules::numbers_max);
            names.push_back({row.name, static_cast<std::uint16_t>(number * 2)});
            names.push_back({capital, static_cast<std::uint16_t>(number * 2 + 1)});
        }
        rules.rules_.push_back({row.rule, row.name, false});
    }

    std::deque<std::string> capitals_;
    std::vector<ServiceRules> rules_;
    ServiceRules others_;
    NameMap services_;
};

const ResourceRule* ServiceRules::rule(int number, std::string_view event_name) const {
    for (auto i = static_cast<std::size_t>(number / 2);; ++i) {
        const auto& when = rules_[i].rule.when;
        if (when.empty() || event_name.find(when) != std::string_view::npos) return &rules_[i].rule;
        if (!rules_[i].more) return nullptr;
    }
}

bool ServiceRules::covers(std::string_view event_name) const {
    const auto covered = [&](std::string_view pattern) { return is_covered(event_name, pattern); };
    const auto contained = [&](std::string_view part) { return event_name.find(part) != std::string_view::npos; };
    return std::ranges::none_of(not_for_, covered) || std::ranges::any_of(but_for_, contained);
}

const ServiceRules& resource_rules(std::string_view event_source) {
    static const ResourceTable table;
    return table.rules(event_source);
}

std::string_view resource_type_of_id(std::string_view id) {
    for (const IdKind& kind : id_kinds)
        if (id.starts_with(kind.prefix)) return kind.type;
    return resource_type_of_arn(id);
}

std::string_view resource_type_of_arn(std::string_view arn) {
    if (!arn.starts_with("arn:")) return {};
    const auto service = arn_part(arn, 2);
    const auto resource = arn_part(arn, 5);
    if (service == "s3") return resource.find('/') == std::string_view::npos ? "AWS::S3::Bucket" : "AWS::S3::Object";
    for (const ArnKind& kind : arn_kinds)
        if (kind.service == service && resource.starts_with(kind.prefix)) return kind.type;
    return {};
}

}  // namespace cairn
