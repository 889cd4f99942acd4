#include "backend/s3/error.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

namespace cairn::s3 {

namespace {

struct Meaning {
    std::string_view code;
    Code kind;
};

constexpr Meaning meanings[] = {
    {"NoSuchBucket", Code::not_found},
    {"NoSuchKey", Code::not_found},
    {"NoSuchUpload", Code::not_found},
    {"NoSuchVersion", Code::not_found},
    {"BucketAlreadyExists", Code::conflict},
    {"BucketAlreadyOwnedByYou", Code::conflict},
    {"BucketNotEmpty", Code::conflict},
    {"PreconditionFailed", Code::conflict},
    {"NotModified", Code::conflict},
    {"ConditionalRequestConflict", Code::conflict},
    {"QuotaExceeded", Code::exhausted},
    {"XMinioStorageFull", Code::exhausted},
    {"XMinioAdminBucketQuotaExceeded", Code::exhausted},
    {"ExpiredToken", Code::denied},
    {"InvalidToken", Code::denied},
    {"RequestTimeTooSkewed", Code::unavailable},  // one of the two clocks is wrong now
    {"RequestTimeout", Code::unavailable},
    {"OperationAborted", Code::unavailable},
    {"SlowDown", Code::unavailable},
    {"Throttling", Code::unavailable},
    {"TooManyRequests", Code::unavailable},
};

/// Codes of 4xx that the AWS SDKs try again ("Retry behavior").
constexpr std::string_view passing[] = {"RequestTimeout",  "OperationAborted",        "SlowDown",
                                        "Throttling",      "ThrottlingException",     "RequestLimitExceeded",
                                        "TooManyRequests", "PriorRequestNotComplete", "TemporaryRedirect"};

std::string code_of_status(int status, bool about_object) {
    switch (status) {
        case 301:
        case 307:
        case 308: return "PermanentRedirect";
        case 304: return "NotModified";
        case 401:
        case 403: return "AccessDenied";
        case 404: return about_object ? "NoSuchKey" : "NoSuchBucket";
        case 405: return "MethodNotAllowed";
        case 409: return "OperationAborted";
        case 412: return "PreconditionFailed";
        case 416: return "InvalidRange";
        case 429: return "TooManyRequests";
        case 501: return "NotImplemented";
        case 503: return "SlowDown";
        case 507: return "QuotaExceeded";
        default: return status >= 500 ? "InternalError" : "InvalidRequest";
    }
}

/// MinIO has names of its own for what its key service says.
std::string aws_name(std::string code) { return code == "kms:KeyNotFound" ? "KMS.NotFoundException" : code; }

}  // namespace

Refusal read_refusal(const net::Response& response, bool about_object) {
    Refusal refusal;
    pugi::xml_document document;
    if (document.load_buffer(response.body.data(), response.body.size())) {
        const auto error = document.child("Error");
        refusal = {aws_name(error.child_value("Code")), error.child_value("Message"), error.child_value("Region")};
    }
    if (refusal.code.empty()) refusal.code = code_of_status(response.status, about_object);
    if (refusal.message.empty()) refusal.message = fmt::format("answered with status {}", response.status);
    if (const auto region = response.find("x-amz-bucket-region"); !region.empty()) refusal.region = region;
    return refusal;
}

bool may_be_tried_again(int status, const Refusal& refusal) {
    if (status == 501 || status == 505 || status == 507) return false;
    return status >= 500 || status == 408 || status == 429 ||
           std::ranges::find(passing, refusal.code) != std::end(passing);
}

Error error_of(int status, const Refusal& refusal) {
    auto message = fmt::format("{}: {}", refusal.code, refusal.message);
    const auto known = std::ranges::find(meanings, refusal.code, &Meaning::code);
    if (known != std::end(meanings)) return {known->kind, std::move(message)};
    if (refusal.code.starts_with("KMS.") || status == 401 || status == 403) return {Code::denied, std::move(message)};
    if (status == 507) return {Code::exhausted, std::move(message)};
    if (status == 404) return {Code::not_found, std::move(message)};
    return {may_be_tried_again(status, refusal) ? Code::unavailable : Code::invalid, std::move(message)};
}

}  // namespace cairn::s3
