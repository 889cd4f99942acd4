#include "gateway/call_name.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/utf8.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t name_bytes_max = 128;
constexpr std::string_view form_type = "application/x-www-form-urlencoded";

using Pairs = std::vector<std::pair<std::string, std::string>>;

bool has(const Pairs& query, std::string_view name) {
    return std::ranges::any_of(query, [&](const auto& pair) { return pair.first == name; });
}

std::string value_of(const Pairs& query, std::string_view name) {
    const auto found = std::ranges::find_if(query, [&](const auto& pair) { return pair.first == name; });
    return found == query.end() ? std::string() : found->second;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= name_bytes_max && std::ranges::all_of(text, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

bool reads(std::string_view name) {
    static constexpr std::array prefixes{"Get",      "List",     "Describe", "Lookup",  "Head",      "Search",
                                         "BatchGet", "Select",   "Query",    "Scan",    "Simulate",  "View",
                                         "Check",    "Validate", "Estimate", "Preview", "Test",      "Filter",
                                         "Discover", "Verify",   "Detect",   "Poll",    "AssumeRole"};
    return std::ranges::any_of(prefixes, [&](const char* prefix) { return name.starts_with(prefix); });
}

/// The operation in "/service/PREFIX/operation/NAME" (Smithy RPC v2).
std::string rpc_operation(std::string_view path) {
    const auto at = path.rfind("/operation/");
    return at == std::string_view::npos ? std::string() : std::string(path.substr(at + 11));
}

std::string operation_of(const net::Request& request) {
    if (const auto target = request.find("x-amz-target"); !target.empty())
        return std::string(target.substr(target.rfind('.') + 1));
    if (!request.find("smithy-protocol").empty()) return rpc_operation(request.path());
    if (request.find("content-type").starts_with(form_type))
        if (auto action = value_of(net::parse_query(request.body), "Action"); !action.empty()) return action;
    return value_of(net::parse_query(request.query()), "Action");
}

/// Parameters that choose another operation than method and path do.
bool selects(std::string_view name) {
    static constexpr std::array plain{"list-type", "prefix",        "delimiter",          "max-keys",
                                      "marker",    "encoding-type", "start-after",        "fetch-owner",
                                      "versionId", "partNumber",    "continuation-token", "x-id",
                                      "Signature", "Expires",       "AWSAccessKeyId"};
    if (name.starts_with("response-") || name.starts_with("X-Amz-") || name.starts_with("x-amz-")) return false;
    return std::ranges::find(plain, name) == plain.end();
}

std::string on_bucket(std::string_view method, const Pairs& query, bool other) {
    if (other) return method == "GET" && has(query, "location") ? "GetBucketLocation" : "";
    if (method == "GET") return "ListObjects";
    if (method == "PUT") return "CreateBucket";
    if (method == "DELETE") return "DeleteBucket";
    return method == "HEAD" ? "HeadBucket" : "";
}

std::string on_object(const net::Request& request, const Pairs& query, bool other) {
    const std::string_view method = request.method;
    const bool copies = !request.find("x-amz-copy-source").empty();
    if (has(query, "uploadId")) {
        if (method == "GET") return "ListParts";
        if (method == "PUT") return copies ? "UploadPartCopy" : "UploadPart";
        if (method == "POST") return "CompleteMultipartUpload";
        return method == "DELETE" ? "AbortMultipartUpload" : "";
    }
    if (other) return method == "POST" && has(query, "uploads") ? "CreateMultipartUpload" : "";
    if (method == "GET") return "GetObject";
    if (method == "HEAD") return "HeadObject";
    if (method == "PUT") return copies ? "CopyObject" : "PutObject";
    return method == "DELETE" ? "DeleteObject" : "";
}

/// Empty when it is none of the plain calls. Path-style addresses only: hosts are not known here.
std::string s3_operation(const net::Request& request, bool& data) {
    const auto path = request.path().substr(1);
    const auto slash = path.find('/');
    const bool bucket = slash == std::string_view::npos || slash + 1 == path.size();
    const auto query = net::parse_query(request.query());
    const bool other = std::ranges::any_of(query, [](const auto& pair) { return selects(pair.first); });
    if (path.empty()) return request.method == "GET" && !other ? "ListBuckets" : "";
    if (bucket && request.method == "POST" && has(query, "delete")) return data = true, "DeleteObjects";
    auto name = bucket ? on_bucket(request.method, query, other) : on_object(request, query, other);
    data = !bucket || name == "ListObjects" || name == "HeadBucket";
    return name;
}

}  // namespace

CallName name_call(const net::Request& request, const Credential& credential) {
    CallName name;
    const auto service = credential.service.empty() ? std::string("s3") : credential.service;
    name.event_source = valid_utf8(service, name_bytes_max) + ".amazonaws.com";
    std::ranges::transform(name.event_source, name.event_source.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    name.event_name = operation_of(request);
    if (name.event_name.empty() && service == "s3" && request.target.starts_with('/'))
        name.event_name = s3_operation(request, name.data);
    name.read_only = reads(name.event_name);
    if (!is_name(name.event_name)) {
        name.event_name = valid_utf8(request.method + " " + std::string(request.path()), name_bytes_max);
        name.read_only = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
    }
    return name;
}

}  // namespace cairn::gateway
