#include "api/s3_view.h"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "api/s3_access.h"
#include "api/s3_buckets.h"
#include "api/s3_configuration.h"
#include "api/s3_lifecycle.h"
#include "api/s3_listing.h"
#include "api/s3_objects.h"
#include "api/v1.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

using wire::ApiError;

constexpr std::string_view event_source = "s3.amazonaws.com";
constexpr std::string_view create_bucket = "CreateBucket";

/// What a query can name instead of the bucket or object itself.
constexpr std::string_view sub_resources[] = {
    "accelerate",
    "acl",
    "analytics",
    "attributes",
    "cors",
    "delete",
    "encryption",
    "intelligent-tiering",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metadataTable",
    "metrics",
    "notification",
    "object-lock",
    "ownershipControls",
    "policy",
    "policyStatus",
    "publicAccessBlock",
    "replication",
    "requestPayment",
    "restore",
    "retention",
    "select",
    "session",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versioning",
    "versions",
    "website",
};

/// The sub-resource that a query names; empty: none.
std::string_view sub_resource_of(const S3Request& request) {
    const auto* found = std::ranges::find_if(sub_resources, [&](auto name) { return request.find(name) != nullptr; });
    return found == std::end(sub_resources) ? std::string_view() : *found;
}

/// Whatever it names, a write of an object is one.
std::string_view wanted_sub_resource(const net::Request& request, const S3Request& read) {
    return target_of(read) == S3Target::object && is_object_write(request) ? std::string_view() : sub_resource_of(read);
}

const S3Operation* find_operation(const net::Request& request, const S3Request& read) {
    const auto target = target_of(read);
    const auto sub_resource = wanted_sub_resource(request, read);
    for (const auto group : {s3_bucket_operations(), s3_configuration_operations(), s3_lifecycle_operations(),
                             s3_listing_operations(), s3_object_operations()})
        for (const auto& row : group)
            if (row.method == request.method && row.target == target && row.sub_resource == sub_resource) return &row;
    return nullptr;
}

ApiError no_operation(const net::Request& request, const S3Request& read) {
    if (request.method == "OPTIONS") return wire::s3_fault("AccessForbidden");
    return wire::s3_fault(sub_resource_of(read).empty() ? "MethodNotAllowed" : "NotImplemented");
}

std::string resource_of(const S3Request& request) {
    switch (target_of(request)) {
        case S3Target::service: return "*";
        case S3Target::bucket: return bucket_arn(request.bucket);
        case S3Target::object: break;
    }
    return bucket_arn(request.bucket) + "/" + request.key;
}

/// Nobody is answered by a bucket of somebody else than expected.
bool has_expected_owner(const S3Call& s3) {
    const auto expected = s3.call.request.find("x-amz-expected-bucket-owner");
    return expected.empty() || expected == s3.bucket->account;
}

/// Finds the bucket that the call names. Error: NoSuchBucket.
std::expected<void, ApiError> find_bucket(S3Call& s3) {
    auto found = s3.services.buckets.find(s3.request.bucket);
    if (!found) return std::unexpected(s3_error_of(found.error(), "finding a bucket"));
    s3.bucket = std::move(*found);
    if (!has_expected_owner(s3)) return std::unexpected(wire::s3_fault("AccessDenied"));
    return {};
}

S3Answer run(const S3Operation& operation, S3Call& s3) {
    constexpr std::size_t key_bytes_max = 1024;
    if (s3.request.key.size() > key_bytes_max) return std::unexpected(wire::s3_fault("KeyTooLongError"));
    if (operation.target != S3Target::service && operation.name != create_bucket)
        if (auto found = find_bucket(s3); !found) return std::unexpected(found.error());
    if (!operation.action.empty())
        if (auto may = authorize_s3(s3, std::string(operation.action), resource_of(s3.request)); !may)
            return std::unexpected(may.error());
    if (operation.record == S3Record::write && s3.call.request.find("x-amz-content-sha256").starts_with("STREAMING-"))
        return std::unexpected(wire::s3_fault("NotImplemented"));  // its body has signatures between its chunks
    return operation.run(s3);
}

/// requestParameters as S3 records them.
Json parameters_of(const S3Call& s3, const S3Operation& operation) {
    Json parameters = JsonObject{};
    if (operation.name == "PutBucketPolicy")
        if (auto policy = parse_json(s3.call.request.body)) parameters.set("bucketPolicy", std::move(*policy));
    if (!s3.request.bucket.empty()) parameters.set("bucketName", valid_utf8(s3.request.bucket, 255));
    parameters.set("Host", valid_utf8(s3.call.request.find("host"), 255));
    if (!operation.sub_resource.empty()) parameters.set(operation.sub_resource, "");
    return parameters;
}

Json resources_of(const S3Call& s3) {
    JsonObject bucket{{"type", "AWS::S3::Bucket"}, {"ARN", bucket_arn(valid_utf8(s3.request.bucket, 255))}};
    bucket.insert(bucket.begin(), {"accountId", s3.bucket ? s3.bucket->account : s3.account()});
    return JsonArray{std::move(bucket)};
}

Json additional_of(const S3Call& s3, const net::Response& response) {
    const bool in_query = s3.request.find("X-Amz-Signature") != nullptr;
    return JsonObject{{"SignatureVersion", "SigV4"},
                      {"AuthenticationMethod", in_query ? "QueryString" : "AuthHeader"},
                      {"bytesTransferredIn", static_cast<std::uint64_t>(s3.call.request.body.size())},
                      {"bytesTransferredOut", static_cast<std::uint64_t>(response.body.size())},
                      {"x-amz-id-2", response.find("x-amz-id-2")}};
}

/// What retention removed is not just not there.
std::optional<ObjectTombstone> removal_of(const S3Call& s3, const S3Answer& made) {
    if (made || made.error().code != "NoSuchKey") return std::nullopt;
    return s3.services.retention.find_tombstone(s3.request.bucket, s3.request.key).value_or(std::nullopt);
}

ApiError told(ApiError error, const ObjectTombstone& removal) {
    error.message += fmt::format(" Retention removed it at {}: {}. It had {} bytes with the SHA-256 {}.",
                                 format_time(removal.removed), removal.reason, removal.size, to_hex(removal.sha256));
    return error;
}

wire::S3Place place_of(const net::Request& request, const S3Request* read) {
    wire::S3Place place;
    place.resource = request.path();
    if (!read) return place;
    place.bucket = read->bucket;
    place.key = read->key;
    return place;
}

}  // namespace

void S3View::handle(CallPointer call) const {
    run_on_pool(
        context_, std::move(call), [this](CallPointer running) { serve(std::move(running)); },
        [this](CallPointer refused) { refuse(std::move(refused), nullptr, wire::s3_fault("SlowDown")); });
}

void S3View::serve(CallPointer call) const {
    const bool claimed = !claimed_service(call->request).empty();
    auto request = read_s3_request(call->request);
    if (!request && claimed) return refuse(std::move(call), nullptr, request.error());
    const auto& services = *context_.parts.s3;
    if (!claimed && (!request || !services.buckets.find(request->bucket))) {
        auto response = v1_nothing(call->request_id);
        return answer(context_, std::move(call), std::move(response), "none");
    }
    S3Call s3{.services = services, .pool = context_.pool, .call = *call, .request = std::move(*request)};
    if (auto known = authenticate_s3(context_.parts, s3); !known)
        return refuse(std::move(call), &s3.request, known.error());
    const auto* operation = find_operation(call->request, s3.request);
    if (!operation) {
        const auto error = no_operation(call->request, s3.request);
        return refuse(std::move(call), &s3.request, error);
    }
    auto made = run(*operation, s3);
    finish(std::move(call), s3, *operation, std::move(made));
}

void S3View::finish(CallPointer call, const S3Call& s3, const S3Operation& operation, S3Answer made) const {
    const bool with_body = call->request.method != "HEAD";
    const auto place = place_of(call->request, &s3.request);
    const auto removal = removal_of(s3, made);
    if (removal) made.error() = told(std::move(made).error(), *removal);
    auto response = made ? std::move(*made) : wire::s3_error(made.error(), place, call->request_id, with_body);
    if (removal) response.headers.emplace_back("x-cairn-removed-by-retention", format_time(removal->removed));
    if (made) wire::add_s3_headers(response, call->request_id);
    if (operation.record == S3Record::none || s3.anonymous)
        return answer(context_, std::move(call), std::move(response), operation.name);

    auto unrecorded = wire::s3_error({"InternalError", "The call could not be recorded."}, place, call->request_id);
    const auto parameters = parameters_of(s3, operation), additional = additional_of(s3, response);
    const auto resources = s3.request.bucket.empty() ? Json() : resources_of(s3);
    const OwnCall own{.event_source = event_source,
                      .event_name = operation.name,
                      .read_only = operation.record == S3Record::read,
                      .parameters = &parameters,
                      .error = made ? nullptr : &made.error(),
                      .names_as_given = true,
                      .resources = resources.is_null() ? nullptr : &resources,
                      .additional = &additional};
    answer_and_record(context_, std::move(call), std::move(response), own, std::move(unrecorded));
}

void S3View::refuse(CallPointer call, const S3Request* request, const ApiError& error) const {
    auto response =
        wire::s3_error(error, place_of(call->request, request), call->request_id, call->request.method != "HEAD");
    answer(context_, std::move(call), std::move(response), "s3");
}

net::Response S3View::refusal(const net::Request& head, int status, std::string_view text,
                              std::string_view request_id) {
    const auto place = place_of(head, nullptr);
    const bool with_body = head.method != "HEAD";
    // Whoever would write a large object is to be told why that cannot be, not that it is too large.
    if (status == 413 && is_object_write(head))
        return wire::s3_error(object_write_refused(), place, request_id, with_body);
    const char* code = status == 408   ? "RequestTimeout"
                       : status == 413 ? "EntityTooLarge"
                       : status == 503 ? "ServiceUnavailable"
                                       : "InvalidRequest";
    auto response = wire::s3_error({code, std::string(text)}, place, request_id, with_body);
    response.status = status;
    return response;
}

}  // namespace cairn::api
