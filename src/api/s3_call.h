#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "api/s3_request.h"
#include "api/worker_pool.h"
#include "neighbour/buckets/buckets.h"
#include "seam/object_retention.h"
#include "wire/errors.h"
#include "wire/xml.h"

namespace cairn::api {

/// What the S3 view works with; all of it outlives the API.
struct S3Services {
    neighbour::Buckets& buckets;
    ObjectRetention& retention;
    std::vector<std::string> regions = {};  ///< where buckets can be made; empty: anywhere
};

/// One call to S3 on its way.
struct S3Call {
    const S3Services& services;
    WorkerPool& pool;
    Call& call;
    S3Request request;
    bool anonymous = false;                        ///< nobody is known
    std::optional<neighbour::Bucket> bucket = {};  ///< that `request` names, once found

    const std::string& account() const { return call.caller.principal.account; }
};

using S3Answer = std::expected<net::Response, wire::ApiError>;

/// An operation: answers without the headers that all answers have. Blocks.
using S3Run = S3Answer (*)(const S3Call&);

/// What the path of a call names.
enum class S3Target : std::uint8_t { service, bucket, object };

/// What becomes of a call besides its answer.
enum class S3Record : std::uint8_t { none, read, write };

struct S3Operation {
    std::string_view method;
    S3Target target;
    std::string_view sub_resource;  ///< that the query names: "policy"; empty: none
    std::string_view name;          ///< as records have it: "GetBucketPolicy"
    std::string_view action;        ///< "s3:GetBucketPolicy"; empty: the operation needs none
    S3Run run;
    S3Record record;
};

S3Target target_of(const S3Request& request);
std::string bucket_arn(std::string_view bucket);

/// The error of an embedded store in the words of S3; what is not the caller's fault is logged as happening while
/// `doing`.
wire::ApiError s3_error_of(const Error& error, std::string_view doing);

/// Writes the element Owner: an account as S3 names it, by 64 hex digits that are always the same.
void write_s3_owner(wire::XmlWriter& xml, std::string_view account);

/// What GetBucketAcl and GetObjectAcl say of what `account` owns: all is its own.
net::Response acl_document(std::string_view account);

}  // namespace cairn::api
