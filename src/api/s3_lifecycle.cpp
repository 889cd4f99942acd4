#include "api/s3_lifecycle.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "base/uuid.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

using neighbour::Lifecycle;
using neighbour::LifecycleRule;
using wire::ApiError;

constexpr std::size_t rules_max = 1000, id_length_max = 255;

std::unexpected<ApiError> malformed() { return std::unexpected(wire::s3_fault("MalformedXML")); }
std::unexpected<ApiError> wrong(std::string message) {
    return std::unexpected(ApiError{"InvalidArgument", std::move(message)});
}
std::unexpected<ApiError> not_here(std::string_view element) {
    return std::unexpected(
        ApiError{"NotImplemented",
                 fmt::format("{} in a lifecycle is not implemented: objects expire by prefix and age.", element)});
}

/// The elements that S3 knows and cairn does not.
std::string_view foreign_element(pugi::xml_node parent) {
    static constexpr std::string_view foreign[] = {"Transition",
                                                   "NoncurrentVersionTransition",
                                                   "NoncurrentVersionExpiration",
                                                   "Tag",
                                                   "AbortIncompleteMultipartUpload",
                                                   "ObjectSizeGreaterThan",
                                                   "ObjectSizeLessThan",
                                                   "ExpiredObjectDeleteMarker"};
    for (const auto& child : parent.children())
        if (std::ranges::find(foreign, std::string_view(child.name())) != std::end(foreign)) return child.name();
    return {};
}

std::expected<std::string, ApiError> read_prefix(pugi::xml_node rule, bool filter) {
    if (!filter) return std::string(rule.child("Prefix").text().get());
    auto node = rule.child("Filter");
    if (const auto element = foreign_element(node); !element.empty()) return not_here(element);
    if (const auto both = node.child("And")) node = both;
    if (const auto element = foreign_element(node); !element.empty()) return not_here(element);
    return std::string(node.child("Prefix").text().get());
}

std::expected<void, ApiError> read_expiration(pugi::xml_node expiration, LifecycleRule& rule) {
    if (const auto element = foreign_element(expiration); !element.empty()) return not_here(element);
    const auto days = expiration.child("Days"), date = expiration.child("Date");
    if (!days == !date) return malformed();
    if (days) {
        const std::string_view text = days.text().get();
        std::uint32_t number = 0;
        const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc::result_out_of_range || text.starts_with('-') || text == "0" || number > INT32_MAX)
            return wrong("'Days' for Expiration action must be a positive integer");
        if (error != std::errc() || rest != text.data() + text.size()) return malformed();
        rule.days = number;
        return {};
    }
    auto text = std::string(date.text().get());
    if (text.find('T') == std::string::npos) text += "T00:00:00Z";
    const auto time = parse_time(text);
    if (!time) return malformed();
    if (*time != std::chrono::floor<std::chrono::days>(*time)) return wrong("'Date' must be at midnight GMT");
    rule.date = *time;
    return {};
}

std::expected<LifecycleRule, ApiError> read_rule(pugi::xml_node node) {
    LifecycleRule rule;
    if (const auto element = foreign_element(node); !element.empty()) return not_here(element);
    rule.filter = static_cast<bool>(node.child("Filter"));
    if (rule.filter == static_cast<bool>(node.child("Prefix"))) return malformed();
    const std::string_view status = node.child("Status").text().get();
    if (status != "Enabled" && status != "Disabled") return malformed();
    rule.enabled = status == "Enabled";
    auto prefix = read_prefix(node, rule.filter);
    if (!prefix) return std::unexpected(std::move(prefix).error());
    rule.prefix = std::move(*prefix);
    rule.id = node.child("ID").text().get();
    if (rule.id.size() > id_length_max) return wrong("ID length should not exceed allowed limit of 255");
    if (rule.id.empty()) rule.id = format_uuid(random_uuid());
    if (!node.child("Expiration"))
        return std::unexpected(ApiError{"InvalidRequest", "At least one action needs to be specified in a rule."});
    if (auto read = read_expiration(node.child("Expiration"), rule); !read)
        return std::unexpected(std::move(read).error());
    return rule;
}

std::expected<Lifecycle, ApiError> read_rules(const std::string& body) {
    pugi::xml_document document;
    if (!document.load_buffer(body.data(), body.size(), pugi::parse_default | pugi::parse_ws_pcdata_single))
        return malformed();
    Lifecycle lifecycle;
    std::set<std::string> ids;
    for (const auto& node : document.child("LifecycleConfiguration").children("Rule")) {
        auto rule = read_rule(node);
        if (!rule) return std::unexpected(std::move(rule).error());
        if (!ids.insert(rule->id).second) return wrong("Rule ID must be unique. Found same ID for more than one rule");
        lifecycle.push_back(std::move(*rule));
    }
    if (lifecycle.empty() || lifecycle.size() > rules_max) return malformed();
    return lifecycle;
}

S3Answer put_lifecycle(const S3Call& s3) {
    const auto lifecycle = read_rules(s3.call.request.body);
    if (!lifecycle) return std::unexpected(lifecycle.error());
    if (const auto set = s3.services.buckets.set_lifecycle(s3.bucket->name, *lifecycle); !set)
        return std::unexpected(s3_error_of(set.error(), "PutBucketLifecycle"));
    return net::Response{};
}

void write_rule(wire::XmlWriter& xml, const LifecycleRule& rule) {
    xml.open("Rule");
    xml.open("Expiration");
    if (rule.days) xml.text("Days", std::to_string(*rule.days));
    if (rule.date) xml.text("Date", wire::s3_time(*rule.date));
    xml.close("Expiration");
    xml.text("ID", rule.id);
    if (rule.filter) xml.open("Filter");
    if (!rule.filter || !rule.prefix.empty()) xml.text("Prefix", rule.prefix);
    if (rule.filter) xml.close("Filter");
    xml.text("Status", rule.enabled ? "Enabled" : "Disabled");
    xml.close("Rule");
}

S3Answer get_lifecycle(const S3Call& s3) {
    if (s3.bucket->lifecycle.empty()) return std::unexpected(wire::s3_fault("NoSuchLifecycleConfiguration"));
    wire::XmlWriter xml;
    xml.open("LifecycleConfiguration", wire::s3_namespace);
    for (const auto& rule : s3.bucket->lifecycle) write_rule(xml, rule);
    xml.close("LifecycleConfiguration");
    return wire::s3_document(std::move(xml));
}

S3Answer delete_lifecycle(const S3Call& s3) {
    if (const auto set = s3.services.buckets.set_lifecycle(s3.bucket->name, {}); !set)
        return std::unexpected(s3_error_of(set.error(), "DeleteBucketLifecycle"));
    return net::Response{.status = 204, .headers = {}, .body = {}};
}

constexpr auto bucket = S3Target::bucket;

constexpr S3Operation operations[] = {
    {"PUT", bucket, "lifecycle", "PutBucketLifecycle", "s3:PutLifecycleConfiguration", put_lifecycle, S3Record::write},
    {"GET", bucket, "lifecycle", "GetBucketLifecycle", "s3:GetLifecycleConfiguration", get_lifecycle, S3Record::read},
    {"DELETE", bucket, "lifecycle", "DeleteBucketLifecycle", "s3:PutLifecycleConfiguration", delete_lifecycle,
     S3Record::write},
};

}  // namespace

std::span<const S3Operation> s3_lifecycle_operations() { return operations; }

}  // namespace cairn::api
