#include "api/s3_buckets.h"

#include <algorithm>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "api/trail_input.h"
#include "policy/document.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

using wire::ApiError;

constexpr const char* first_region = "us-east-1";

std::unexpected<ApiError> refuse(const char* code) { return std::unexpected(wire::s3_fault(code)); }

net::Response no_content() { return {.status = 204, .headers = {}, .body = {}}; }

bool is_region_name(std::string_view text) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, fits);
}

/// Where a new bucket is to be: as its body says, else where the caller signed for.
std::expected<std::string, ApiError> location_of(const S3Call& s3) {
    const auto& body = s3.call.request.body;
    if (body.empty()) return is_region_name(s3.call.caller.region) ? s3.call.caller.region : std::string(first_region);
    pugi::xml_document document;
    if (!document.load_buffer(body.data(), body.size())) return refuse("MalformedXML");
    const auto root = document.child("CreateBucketConfiguration");
    if (!root) return refuse("MalformedXML");
    std::string location = root.child("LocationConstraint").text().get();
    if (location.empty()) return std::string(first_region);
    if (location == "EU") location = "eu-west-1";
    const auto& regions = s3.services.regions;
    if (!is_region_name(location) || (!regions.empty() && std::ranges::find(regions, location) == regions.end()))
        return refuse("InvalidLocationConstraint");
    return location;
}

S3Answer create_bucket(const S3Call& s3) {
    const auto& name = s3.request.bucket;
    if (!check_bucket_name(name)) return refuse("InvalidBucketName");
    if (is_reserved_bucket_name(name))
        return std::unexpected(
            ApiError{"InvalidBucketName", fmt::format("The name {} is reserved for calls of cairn.", name)});
    if (const auto acl = s3.call.request.find("x-amz-acl"); !acl.empty() && acl != "private")
        return refuse("InvalidBucketAclWithObjectOwnership");
    const auto region = location_of(s3);
    if (!region) return std::unexpected(region.error());
    if (const auto made = s3.services.buckets.create(name, s3.account(), *region); !made)
        return std::unexpected(s3_error_of(made.error(), "CreateBucket"));
    return net::Response{.status = 200, .headers = {{"Location", "/" + name}}, .body = {}};
}

S3Answer delete_bucket(const S3Call& s3) {
    if (const auto removed = s3.services.buckets.remove(s3.bucket->name); !removed)
        return std::unexpected(s3_error_of(removed.error(), "DeleteBucket"));
    return no_content();
}

/// Those of an account from `token` on, as the newer form of ListBuckets pages them.
S3Answer list_buckets(const S3Call& s3) {
    constexpr std::size_t page_max = 10'000;
    auto count_max = page_max;
    if (const auto* text = s3.request.find("max-buckets")) {
        const auto number = read_count(*text);
        if (!number || *number == 0 || *number > page_max)
            return std::unexpected(
                ApiError{"InvalidArgument", "Argument max-buckets must be an integer between 1 and 10000"});
        count_max = *number;
    }
    const auto prefix = s3.request.text("prefix"), region = s3.request.text("bucket-region"),
               after = s3.request.text("continuation-token");
    const auto buckets = s3.services.buckets.list(s3.account());
    if (!buckets) return std::unexpected(s3_error_of(buckets.error(), "ListBuckets"));

    wire::XmlWriter xml;
    xml.open("ListAllMyBucketsResult", wire::s3_namespace);
    write_s3_owner(xml, s3.account());
    xml.open("Buckets");
    std::size_t count = 0;
    std::string last, next;
    for (const auto& bucket : *buckets) {
        if (!bucket.name.starts_with(prefix) || (!region.empty() && bucket.region != region) || bucket.name <= after)
            continue;
        if (count++ == count_max) {
            next = last;
            break;
        }
        last = bucket.name;
        xml.open("Bucket");
        xml.text("Name", bucket.name);
        xml.text("CreationDate", wire::s3_time(bucket.created));
        xml.text("BucketRegion", bucket.region);
        xml.close("Bucket");
    }
    xml.close("Buckets");
    if (!prefix.empty()) xml.text("Prefix", prefix);
    if (!next.empty()) xml.text("ContinuationToken", next);
    xml.close("ListAllMyBucketsResult");
    return wire::s3_document(std::move(xml));
}

S3Answer head_bucket(const S3Call& s3) {
    return net::Response{.status = 200,
                         .headers = {{"x-amz-bucket-region", s3.bucket->region},
                                     {"x-amz-access-point-alias", "false"},
                                     {"Content-Type", "application/xml"}},
                         .body = {}};
}

S3Answer get_location(const S3Call& s3) {
    wire::XmlWriter xml;
    xml.open("LocationConstraint", wire::s3_namespace);
    const auto& region = s3.bucket->region;
    xml.content(region == first_region ? std::string_view() : std::string_view(region));
    xml.close("LocationConstraint");
    return wire::s3_document(std::move(xml));
}

S3Answer get_acl(const S3Call& s3) { return acl_document(s3.bucket->account); }

/// A policy is its owner's: others are not told of it, whatever it allows.
std::expected<void, ApiError> need_owner(const S3Call& s3) {
    if (s3.anonymous || s3.account() != s3.bucket->account) return refuse("MethodNotAllowed");
    return {};
}

/// Every resource of a bucket's policy is the bucket or in it.
std::expected<void, ApiError> check_policy_resources(const std::string& bucket, const std::string& text) {
    const auto document = policy::parse_document(text, policy::DocumentKind::resource);
    if (!document) return std::unexpected(ApiError{"MalformedPolicy", document.error().message});
    const auto arn = bucket_arn(bucket);
    const auto is_here = [&](const policy::Pattern& resource) {
        const auto& source = resource.source();
        return source == arn || source.starts_with(arn + "/") || source.starts_with(arn + "*");
    };
    for (const auto& statement : document->statements)
        if (!std::ranges::all_of(statement.resources, is_here))
            return std::unexpected(ApiError{"MalformedPolicy", "Policy has invalid resource"});
    return {};
}

S3Answer put_policy(const S3Call& s3) {
    constexpr std::size_t bytes_max = 20 * 1024;
    if (auto owner = need_owner(s3); !owner) return std::unexpected(owner.error());
    const auto& text = s3.call.request.body;
    if (text.size() > bytes_max)
        return std::unexpected(ApiError{"MalformedPolicy", "Policies must be smaller than 20 kilobytes."});
    if (auto checked = check_policy_resources(s3.bucket->name, text); !checked) return std::unexpected(checked.error());
    if (const auto set = s3.services.buckets.set_policy(s3.bucket->name, text); !set)
        return std::unexpected(s3_error_of(set.error(), "PutBucketPolicy"));
    return no_content();
}

S3Answer get_policy(const S3Call& s3) {
    if (auto owner = need_owner(s3); !owner) return std::unexpected(owner.error());
    if (s3.bucket->policy.empty()) return refuse("NoSuchBucketPolicy");
    return net::Response{.status = 200, .headers = {{"Content-Type", "application/json"}}, .body = s3.bucket->policy};
}

S3Answer delete_policy(const S3Call& s3) {
    if (auto owner = need_owner(s3); !owner) return std::unexpected(owner.error());
    if (const auto set = s3.services.buckets.set_policy(s3.bucket->name, ""); !set)
        return std::unexpected(s3_error_of(set.error(), "DeleteBucketPolicy"));
    return no_content();
}

S3Answer get_policy_status(const S3Call& s3) {
    if (auto owner = need_owner(s3); !owner) return std::unexpected(owner.error());
    if (s3.bucket->policy.empty()) return refuse("NoSuchBucketPolicy");
    const auto policy = policy::ResourcePolicy::parse(s3.bucket->policy);
    wire::XmlWriter xml;
    xml.open("PolicyStatus", wire::s3_namespace);
    xml.text("IsPublic", policy && policy->is_public() ? "true" : "false");
    xml.close("PolicyStatus");
    return wire::s3_document(std::move(xml));
}

constexpr auto service = S3Target::service;
constexpr auto bucket = S3Target::bucket;

constexpr S3Operation operations[] = {
    {"GET", service, "", "ListBuckets", "s3:ListAllMyBuckets", list_buckets, S3Record::read},
    {"PUT", bucket, "", "CreateBucket", "s3:CreateBucket", create_bucket, S3Record::write},
    {"DELETE", bucket, "", "DeleteBucket", "s3:DeleteBucket", delete_bucket, S3Record::write},
    {"HEAD", bucket, "", "HeadBucket", "s3:ListBucket", head_bucket, S3Record::none},
    {"GET", bucket, "location", "GetBucketLocation", "s3:GetBucketLocation", get_location, S3Record::read},
    {"GET", bucket, "acl", "GetBucketAcl", "s3:GetBucketAcl", get_acl, S3Record::read},
    {"PUT", bucket, "policy", "PutBucketPolicy", "s3:PutBucketPolicy", put_policy, S3Record::write},
    {"GET", bucket, "policy", "GetBucketPolicy", "s3:GetBucketPolicy", get_policy, S3Record::read},
    {"DELETE", bucket, "policy", "DeleteBucketPolicy", "s3:DeleteBucketPolicy", delete_policy, S3Record::write},
    {"GET", bucket, "policyStatus", "GetBucketPolicyStatus", "s3:GetBucketPolicyStatus", get_policy_status,
     S3Record::read},
};

}  // namespace

std::span<const S3Operation> s3_bucket_operations() { return operations; }

bool is_reserved_bucket_name(std::string_view name) {
    static constexpr std::string_view reserved[] = {"ingest", "v1", "metrics", "healthz", "readyz", "PutAuditEvents"};
    return std::ranges::find(reserved, name) != std::end(reserved);
}

}  // namespace cairn::api
