#include "wire/s3_operation.h"

namespace cairn::wire {

namespace {

/// A sub-resource and what its methods are called; empty: no such call.
struct SubResource {
    std::string_view name;
    std::string_view get, put, remove, post;

    std::string_view operator[](std::string_view method) const {
        if (method == "GET") return get;
        if (method == "PUT") return put;
        if (method == "DELETE") return remove;
        return method == "POST" ? post : std::string_view();
    }
};

constexpr SubResource bucket_resources[] = {
    {"accelerate", "GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration", "", ""},
    {"acl", "GetBucketAcl", "PutBucketAcl", "", ""},
    {"cors", "GetBucketCors", "PutBucketCors", "DeleteBucketCors", ""},
    {"encryption", "GetBucketEncryption", "PutBucketEncryption", "DeleteBucketEncryption", ""},
    {"logging", "GetBucketLogging", "PutBucketLogging", "", ""},
    {"ownershipControls", "GetBucketOwnershipControls", "PutBucketOwnershipControls", "DeleteBucketOwnershipControls",
     ""},
    {"policy", "GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy", ""},
    {"replication", "GetBucketReplication", "PutBucketReplication", "DeleteBucketReplication", ""},
    {"requestPayment", "GetBucketRequestPayment", "PutBucketRequestPayment", "", ""},
    {"tagging", "GetBucketTagging", "PutBucketTagging", "DeleteBucketTagging", ""},
    {"versioning", "GetBucketVersioning", "PutBucketVersioning", "", ""},
    {"website", "GetBucketWebsite", "PutBucketWebsite", "DeleteBucketWebsite", ""},
    {"notification", "GetBucketNotificationConfiguration", "PutBucketNotificationConfiguration", "", ""},
    {"abac", "GetBucketAbac", "PutBucketAbac", "", ""},
    {"lifecycle", "GetBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration", "DeleteBucketLifecycle", ""},
    {"object-lock", "GetObjectLockConfiguration", "PutObjectLockConfiguration", "", ""},
    {"publicAccessBlock", "GetPublicAccessBlock", "PutPublicAccessBlock", "DeletePublicAccessBlock", ""},
    {"policyStatus", "GetBucketPolicyStatus", "", "", ""},
    {"location", "GetBucketLocation", "", "", ""},
    {"analytics", "GetBucketAnalyticsConfiguration", "PutBucketAnalyticsConfiguration",
     "DeleteBucketAnalyticsConfiguration", ""},
    {"inventory", "GetBucketInventoryConfiguration", "PutBucketInventoryConfiguration",
     "DeleteBucketInventoryConfiguration", ""},
    {"metrics", "GetBucketMetricsConfiguration", "PutBucketMetricsConfiguration", "DeleteBucketMetricsConfiguration",
     ""},
    {"intelligent-tiering", "GetBucketIntelligentTieringConfiguration", "PutBucketIntelligentTieringConfiguration",
     "DeleteBucketIntelligentTieringConfiguration", ""},
    {"metadataConfiguration", "GetBucketMetadataConfiguration", "", "DeleteBucketMetadataConfiguration",
     "CreateBucketMetadataConfiguration"},
    {"metadataTable", "GetBucketMetadataTableConfiguration", "", "DeleteBucketMetadataTableConfiguration",
     "CreateBucketMetadataTableConfiguration"},
    {"metadataInventoryTable", "", "UpdateBucketMetadataInventoryTableConfiguration", "", ""},
    {"metadataJournalTable", "", "UpdateBucketMetadataJournalTableConfiguration", "", ""},
    {"metadataAnnotationTable", "", "UpdateBucketMetadataAnnotationTableConfiguration", "", ""},
    {"session", "CreateSession", "", "", ""},
    {"uploads", "ListMultipartUploads", "", "", ""},
    {"versions", "ListObjectVersions", "", "", ""},
    {"delete", "", "", "", "DeleteObjects"},
};

constexpr SubResource object_resources[] = {
    {"uploadId", "ListParts", "UploadPart", "AbortMultipartUpload", "CompleteMultipartUpload"},
    {"uploads", "", "", "", "CreateMultipartUpload"},
    {"acl", "GetObjectAcl", "PutObjectAcl", "", ""},
    {"tagging", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", ""},
    {"retention", "GetObjectRetention", "PutObjectRetention", "", ""},
    {"legal-hold", "GetObjectLegalHold", "PutObjectLegalHold", "", ""},
    {"annotation", "GetObjectAnnotation", "PutObjectAnnotation", "DeleteObjectAnnotation", ""},
    {"attributes", "GetObjectAttributes", "", "", ""},
    {"torrent", "GetObjectTorrent", "", "", ""},
    {"encryption", "", "UpdateObjectEncryption", "", ""},
    {"renameObject", "", "RenameObject", "", ""},
    {"restore", "", "", "", "RestoreObject"},
    {"select", "", "", "", "SelectObjectContent"},
};

constexpr SubResource plain_bucket{"", "ListObjects", "CreateBucket", "DeleteBucket", "PostObject"};
constexpr SubResource plain_object{"", "GetObject", "PutObject", "DeleteObject", "PostObject"};

/// One that a bucket may have several of: without an id they are listed.
constexpr SubResource listed_without_id[] = {
    {"analytics", "ListBucketAnalyticsConfigurations", "", "", ""},
    {"inventory", "ListBucketInventoryConfigurations", "", "", ""},
    {"metrics", "ListBucketMetricsConfigurations", "", "", ""},
    {"intelligent-tiering", "ListBucketIntelligentTieringConfigurations", "", "", ""},
};

template <std::size_t count>
const SubResource* first_named(const SubResource (&resources)[count], const CallHead& call, const Parameters& query) {
    if (query.empty()) return nullptr;
    for (const auto& resource : resources)
        if (!resource[call.method].empty() && query.has(resource.name)) return &resource;
    return nullptr;
}

/// A POST without sub-resource is an upload by a form, or nothing.
std::string_view plain(const SubResource& names, const CallHead& call) {
    const auto upload = call.find("content-type").starts_with("multipart/form-data");
    return call.method == "POST" && !upload ? std::string_view() : names[call.method];
}

std::string_view on_service(const CallHead& call, S3Endpoint endpoint) {
    if (call.method == "GET") return endpoint == S3Endpoint::express_control ? "ListDirectoryBuckets" : "ListBuckets";
    if (call.method == "OPTIONS") return "PreflightRequest";
    return {};
}

std::string_view on_bucket(const CallHead& call, const Parameters& query) {
    if (call.method == "HEAD") return "HeadBucket";
    const auto* resource = first_named(bucket_resources, call, query);
    if (!resource && call.method == "GET" && query.text("list-type").value_or("") == "2") return "ListObjectsV2";
    if (!resource) return plain(plain_bucket, call);
    if (call.method == "GET" && !query.has("id"))
        for (const auto& listed : listed_without_id)
            if (listed.name == resource->name) return listed.get;
    return (*resource)[call.method];
}

std::string_view on_object(const CallHead& call, const Parameters& query) {
    if (call.method == "HEAD") return "HeadObject";
    const bool copies = call.method == "PUT" && call.has("x-amz-copy-source");
    const auto* resource = first_named(object_resources, call, query);
    if (!resource) return copies ? "CopyObject" : plain(plain_object, call);
    const auto found = (*resource)[call.method];
    if (found == "UploadPart") {
        if (!query.has("partNumber")) return copies ? "CopyObject" : "PutObject";
        return copies ? "UploadPartCopy" : found;
    }
    return found == "GetObjectAnnotation" && !query.has("annotationName") ? "ListObjectAnnotations" : found;
}

}  // namespace

std::string_view s3_operation(const CallHead& call, const Parameters& query, const S3Address& address) {
    if (address.bucket.empty()) return on_service(call, address.endpoint);
    if (call.method == "OPTIONS") return "PreflightRequest";
    if (call.method == "POST" && call.path() == "/WriteGetObjectResponse" && call.has("x-amz-request-route"))
        return "WriteGetObjectResponse";
    return address.key.empty() ? on_bucket(call, query) : on_object(call, query);
}

}  // namespace cairn::wire
