#include "wire/resource_names.h"

#include <algorithm>
#include <array>

#include "net/http.h"

namespace cairn::wire {

namespace {

/// What the ARN of a type is made from.
struct NamedType {
    std::string_view type, member, service, kind;
};

constexpr std::array<NamedType, 9> named_types{{
    {"AWS::Kinesis::Stream", "streamName", "kinesis", "stream/"},
    {"AWS::KinesisFirehose::DeliveryStream", "deliveryStreamName", "firehose", "deliverystream/"},
    {"AWS::KinesisVideo::Stream", "streamName", "kinesisvideo", "stream/"},
    {"AWS::SageMaker::Endpoint", "endpointName", "sagemaker", "endpoint/"},
    {"AWS::SageMaker::FeatureGroup", "featureGroupName", "sagemaker", "feature-group/"},
    {"AWS::Cognito::IdentityPool", "identityPoolId", "cognito-identity", "identitypool/"},
    {"AWS::SDB::Domain", "domainName", "sdb", "domain/"},
    {"AWS::IoT::Thing", "thingName", "iot", "thing/"},
    {"AWS::Bedrock::Model", "modelId", "bedrock", "foundation-model/"},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> partitions{{
    {"cn-", "aws-cn"},
    {"us-gov-", "aws-us-gov"},
    {"us-isob-", "aws-iso-b"},
    {"us-isof-", "aws-iso-f"},
    {"us-iso-", "aws-iso"},
    {"eusc-", "aws-eusc"},
}};

/// The parts of a text between colons, up to the last of them.
std::string_view part(std::string_view text, int index) {
    for (; index > 0; --index) {
        const auto colon = text.find(':');
        if (colon == std::string_view::npos) return {};
        text.remove_prefix(colon + 1);
    }
    return text.substr(0, text.find(':'));
}

std::string_view take_word(std::string_view& text) {
    constexpr std::string_view blanks = " \t\r\n";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    const auto end = text.starts_with('"') ? text.find('"', 1) + 1 : text.find_first_of(blanks);
    const auto word = text.substr(0, end == 0 ? std::string_view::npos : end);
    text.remove_prefix(word.size());
    return word;
}

}  // namespace

std::string_view partition_of(std::string_view region) {
    for (const auto& [prefix, partition] : partitions)
        if (region.starts_with(prefix)) return partition;
    return "aws";
}

std::string make_arn(std::string_view service, const CallPlace& place, std::string_view rest) {
    std::string out("arn:");
    for (const auto text : {partition_of(place.region), service, place.region, place.account}) out.append(text) += ':';
    return out.append(rest);
}

bool is_arn(std::string_view text) { return text.starts_with("arn:") && std::ranges::count(text, ':') >= 5; }

bool is_account(std::string_view text) {
    return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view arn_account(std::string_view arn) { return is_arn(arn) ? part(arn, 4) : std::string_view(); }

std::string function_arn(std::string_view function, const CallPlace& place) {
    if (function.empty()) return {};
    if (is_arn(function)) {
        std::string out(function);
        std::size_t end = 0;
        for (int colons = 0; colons < 7 && end < out.size(); ++end) colons += out[end] == ':';
        if (std::ranges::count(out, ':') >= 7) out.resize(end - 1);
        return out;
    }
    if (part(function, 1) == "function" && is_account(part(function, 0)))
        return make_arn("lambda", {part(function, 0), place.region}, "function:" + std::string(part(function, 2)));
    return make_arn("lambda", place, "function:" + std::string(part(function, 0)));
}

std::string_view table_of_statement(std::string_view statement) {
    for (auto rest = statement; !rest.empty();) {
        const auto word = take_word(rest);
        if (!net::equal_names(word, "from") && !net::equal_names(word, "into") && !net::equal_names(word, "update"))
            continue;
        const auto table = take_word(rest);
        if (table.starts_with('"')) return table.substr(1, table.find('"', 1) - 1);
        return table.substr(0, table.find('.'));
    }
    return {};
}

std::string named_arn(std::string_view type, const Json& request, const CallPlace& place) {
    const auto named = std::ranges::find(named_types, type, &NamedType::type);
    if (named != named_types.end())
        if (const auto name = request.text(named->member); !name.empty()) {
            if (is_arn(name)) return std::string(name);
            const bool shared = type == "AWS::Bedrock::Model";  // of no account
            return make_arn(named->service, {shared ? "" : place.account, place.region},
                            std::string(named->kind) + std::string(name));
        }
    for (const auto& [member, value] : request.as_object())
        if (is_arn(value.as_string())) return value.as_string();
    return {};
}

}  // namespace cairn::wire
