#include "api/s3_call.h"

#include <fmt/format.h>

#include "base/log.h"
#include "sign/digest.h"
#include "wire/s3.h"

namespace cairn::api {

namespace {

std::string canonical_user(std::string_view account) {
    return sign::sha256_hex(fmt::format("canonical user of account {}", account));
}

}  // namespace

S3Target target_of(const S3Request& request) {
    if (request.bucket.empty()) return S3Target::service;
    return request.key.empty() ? S3Target::bucket : S3Target::object;
}

std::string bucket_arn(std::string_view bucket) { return fmt::format("arn:aws:s3:::{}", bucket); }

wire::ApiError s3_error_of(const Error& error, std::string_view doing) {
    const auto colon = error.message.find(": ");
    const auto code = std::string_view(error.message).substr(0, colon);
    if (const auto* known = wire::find_s3_error(code); known && known->status < 500)
        return {std::string(code), known->text.empty() ? error.message.substr(colon + 2) : std::string(known->text)};
    log_error("the S3 view failed", {{"doing", doing}, {"reason", error.message}});
    const bool for_now = error.code == Code::unavailable || error.code == Code::exhausted;
    return wire::s3_fault(for_now ? "ServiceUnavailable" : "InternalError");
}

void write_s3_owner(wire::XmlWriter& xml, std::string_view account) {
    xml.open("Owner");
    xml.text("ID", canonical_user(account));
    xml.close("Owner");
}

net::Response acl_document(std::string_view account) {
    wire::XmlWriter xml;
    xml.open("AccessControlPolicy", wire::s3_namespace);
    write_s3_owner(xml, account);
    xml.open("AccessControlList");
    xml.open("Grant");
    xml.open_with("Grantee",
                  {{"xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"}, {"xsi:type", "CanonicalUser"}});
    xml.text("ID", canonical_user(account));
    xml.close("Grantee");
    xml.text("Permission", "FULL_CONTROL");
    xml.close("Grant");
    xml.close("AccessControlList");
    xml.close("AccessControlPolicy");
    return wire::s3_document(std::move(xml));
}

}  // namespace cairn::api
