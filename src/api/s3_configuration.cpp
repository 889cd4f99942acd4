#include "api/s3_configuration.h"

#include "wire/s3.h"

namespace cairn::api {

namespace {

/// An answer that is the same for every bucket: nested elements, the innermost with `text`.
net::Response element(std::initializer_list<std::string_view> names, std::string_view text = {}) {
    wire::XmlWriter xml;
    bool outermost = true;
    for (const auto name : names) {
        xml.open(name, outermost ? wire::s3_namespace : std::string_view());
        outermost = false;
    }
    xml.content(text);
    for (auto name = std::rbegin(names); name != std::rend(names); ++name) xml.close(*name);
    return wire::s3_document(std::move(xml));
}

template <const char* const& code>
S3Answer absent(const S3Call&) {
    return std::unexpected(wire::s3_fault(code));
}

constexpr const char* no_tags = "NoSuchTagSet";
constexpr const char* no_cors = "NoSuchCORSConfiguration";
constexpr const char* no_lock = "ObjectLockConfigurationNotFoundError";
constexpr const char* no_replication = "ReplicationConfigurationNotFoundError";
constexpr const char* no_website = "NoSuchWebsiteConfiguration";

S3Answer versioning(const S3Call&) { return element({"VersioningConfiguration"}); }
S3Answer notification(const S3Call&) { return element({"NotificationConfiguration"}); }
S3Answer logging(const S3Call&) { return element({"BucketLoggingStatus"}); }
S3Answer accelerate(const S3Call&) { return element({"AccelerateConfiguration"}); }
S3Answer request_payment(const S3Call&) { return element({"RequestPaymentConfiguration", "Payer"}, "BucketOwner"); }
S3Answer ownership(const S3Call&) {
    return element({"OwnershipControls", "Rule", "ObjectOwnership"}, "BucketOwnerEnforced");
}
S3Answer uploads(const S3Call& s3) {
    wire::XmlWriter xml;
    xml.open("ListMultipartUploadsResult", wire::s3_namespace);
    xml.text("Bucket", s3.bucket->name);
    xml.text("MaxUploads", "1000");
    xml.text("IsTruncated", "false");
    xml.close("ListMultipartUploadsResult");
    return wire::s3_document(std::move(xml));
}

S3Answer encryption(const S3Call&) {
    wire::XmlWriter xml;
    xml.open("ServerSideEncryptionConfiguration", wire::s3_namespace);
    xml.open("Rule");
    xml.open("ApplyServerSideEncryptionByDefault");
    xml.text("SSEAlgorithm", "AES256");
    xml.close("ApplyServerSideEncryptionByDefault");
    xml.text("BucketKeyEnabled", "false");
    xml.close("Rule");
    xml.close("ServerSideEncryptionConfiguration");
    return wire::s3_document(std::move(xml));
}

/// A policy may make a bucket public: there is no block.
S3Answer public_access_block(const S3Call&) {
    wire::XmlWriter xml;
    xml.open("PublicAccessBlockConfiguration", wire::s3_namespace);
    xml.text("BlockPublicAcls", "true");
    xml.text("IgnorePublicAcls", "true");
    xml.text("BlockPublicPolicy", "false");
    xml.text("RestrictPublicBuckets", "false");
    xml.close("PublicAccessBlockConfiguration");
    return wire::s3_document(std::move(xml));
}

constexpr auto bucket = S3Target::bucket;
constexpr auto read = S3Record::read;

constexpr S3Operation operations[] = {
    {"GET", bucket, "versioning", "GetBucketVersioning", "s3:GetBucketVersioning", versioning, read},
    {"GET", bucket, "encryption", "GetBucketEncryption", "s3:GetEncryptionConfiguration", encryption, read},
    {"GET", bucket, "tagging", "GetBucketTagging", "s3:GetBucketTagging", absent<no_tags>, read},
    {"GET", bucket, "cors", "GetBucketCors", "s3:GetBucketCORS", absent<no_cors>, read},
    {"GET", bucket, "publicAccessBlock", "GetBucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock",
     public_access_block, read},
    {"GET", bucket, "object-lock", "GetBucketObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration",
     absent<no_lock>, read},
    {"GET", bucket, "replication", "GetBucketReplication", "s3:GetReplicationConfiguration", absent<no_replication>,
     read},
    {"GET", bucket, "notification", "GetBucketNotification", "s3:GetBucketNotification", notification, read},
    {"GET", bucket, "logging", "GetBucketLogging", "s3:GetBucketLogging", logging, read},
    {"GET", bucket, "website", "GetBucketWebsite", "s3:GetBucketWebsite", absent<no_website>, read},
    {"GET", bucket, "accelerate", "GetAccelerateConfiguration", "s3:GetAccelerateConfiguration", accelerate, read},
    {"GET", bucket, "requestPayment", "GetBucketRequestPayment", "s3:GetBucketRequestPayment", request_payment, read},
    {"GET", bucket, "ownershipControls", "GetBucketOwnershipControls", "s3:GetBucketOwnershipControls", ownership,
     read},
    {"GET", bucket, "uploads", "ListMultipartUploads", "s3:ListBucketMultipartUploads", uploads, S3Record::none},
};

}  // namespace

std::span<const S3Operation> s3_configuration_operations() { return operations; }

}  // namespace cairn::api
