#include <algorithm>
#include <array>
#include <map>

#include "net/http.h"
#include "wire/json_values.h"
#include "wire/parameters.h"

namespace cairn::wire {

namespace {

constexpr int depth_max = 32;

constexpr std::array<std::string_view, 14> secret_parameters{"X-Amz-Signature",
                                                             "X-Amz-Credential",
                                                             "X-Amz-Security-Token",
                                                             "AWSAccessKeyId",
                                                             "Signature",
                                                             "SecurityToken",
                                                             "Token",
                                                             "SAMLAssertion",
                                                             "WebIdentityToken",
                                                             "LDAPPassword",
                                                             "x-id",
                                                             "X-Amz-S3session-Token",
                                                             "X-Amz-Mfa",
                                                             "X-Api-Key"};

constexpr std::array<std::string_view, 24> shown_headers{
    "x-amz-acl",
    "x-amz-grant-full-control",
    "x-amz-grant-read",
    "x-amz-grant-read-acp",
    "x-amz-grant-write",
    "x-amz-grant-write-acp",
    "x-amz-copy-source",
    "x-amz-copy-source-version-id",
    "x-amz-copy-source-if-match",
    "x-amz-copy-source-if-none-match",
    "x-amz-metadata-directive",
    "x-amz-tagging-directive",
    "x-amz-storage-class",
    "x-amz-server-side-encryption",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-context",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
    "x-amz-object-ownership",
    "x-amz-bypass-governance-retention",
    "x-amz-expected-bucket-owner",
    "x-amz-create-session-mode",
    "x-amz-website-redirect-location",
};

/// An element by its own names: repeated children become an array, one alone an object.
Json generic(const XmlElement& element, int depth) {
    if (depth > depth_max) return nullptr;
    if (element.children.empty() && element.attribute("xmlns").empty()) return untyped_value(element.text);
    Json out = JsonObject{};
    if (const auto space = element.attribute("xmlns"); !space.empty()) out.set("xmlns", space);
    std::map<std::string_view, JsonArray> groups;
    for (const auto& child : element.children) groups[child.name].push_back(generic(child, depth + 1));
    for (auto& [name, values] : groups)
        out.object().emplace_back(name, values.size() == 1 ? std::move(values.front()) : Json(std::move(values)));
    return out;
}

bool has_shown_body(std::string_view operation) {
    return !operation.empty() && operation != "PutObject" && operation != "UploadPart" &&
           operation != "PutObjectAnnotation" && operation != "DeleteObjects";
}

void add_body(Json& out, std::string_view operation, std::string_view bytes) {
    if (operation == "PutBucketPolicy") {
        auto policy = parse_json(bytes);
        out.set("bucketPolicy", policy ? std::move(*policy) : Json(bytes));
        return;
    }
    if (const auto root = parse_xml(bytes)) out.set(root->name, generic(*root, 0));
}

}  // namespace

Json s3_parameters(const CallHead& call, const Classified& classified, const RequestBody& body) {
    Json out = JsonObject{};
    if (!classified.s3.bucket.empty()) out.set("bucketName", classified.s3.bucket);
    if (!classified.s3.key.empty()) out.set("key", classified.s3.key);
    out.set("Host", call.find("host"));
    const auto query = Parameters::of_query(call.query());
    for (const auto& [raw, value] : query.all()) {
        const auto name = decode_lenient(raw, true);
        const auto is_same = [&](std::string_view secret) { return net::equal_names(secret, name); };
        // Headers may stand in the query of a presigned URL.
        const bool key = name.find("ustomer-key") != std::string::npos || name.find("ustomer-Key") != std::string::npos;
        if (std::ranges::none_of(secret_parameters, is_same) && !key && !out.find(name))
            out.set(name, decode_lenient(value, true));
    }
    for (const auto name : shown_headers)
        if (const auto value = call.find(name); !value.empty()) out.set(name, value);
    const auto operation = classified.operation ? classified.operation.name() : std::string_view();
    if (body.whole && !body.bytes.empty() && has_shown_body(operation)) add_body(out, operation, body.bytes);
    return out;
}

}  // namespace cairn::wire
