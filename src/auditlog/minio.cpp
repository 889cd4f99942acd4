#include "auditlog/minio.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "sign/text.h"

namespace cairn::auditlog {

namespace {

constexpr std::string_view delete_objects = "DeleteMultipleObjects";

/// The entry has no method: what MinIO calls the handlers tells.
std::string_view method_of(std::string_view api) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> methods{{
        {delete_objects, "POST"},
        {"ResetBucketReplicationStatus", "GET"},
        {"Head", "HEAD"},
        {"Get", "GET"},
        {"List", "GET"},
        {"Put", "PUT"},
        {"Copy", "PUT"},
        {"MakeBucket", "PUT"},
        {"Reset", "PUT"},
        {"Delete", "DELETE"},
        {"Remove", "DELETE"},
        {"Abort", "DELETE"},
        {"Validate", "GET"},
        {"Options", "OPTIONS"},
    }};
    const auto found = std::ranges::find_if(methods, [&](const auto& row) { return api.starts_with(row.first); });
    return found == methods.end() ? "POST" : found->second;
}

std::string query_of(const Json& entry) {
    std::string query;
    const auto* parameters = entry.find("requestQuery");
    if (!parameters) return query;
    for (const auto& [name, value] : parameters->as_object()) {
        query += query.empty() ? '?' : '&';
        sign::append_encoded(query, name);
        query += '=';
        sign::append_encoded(query, value.as_string());
    }
    return query;
}

std::string target_of(const Json& entry, std::string_view api, std::string_view bucket, std::string_view object) {
    if (api.starts_with("AssumeRole")) return "/?Action=" + std::string(api) + "&Version=2011-06-15";
    if (bucket.empty()) return encode_path(entry.text("requestPath")) + query_of(entry);
    auto target = "/" + encode_path(bucket);
    if (!object.empty() && api != delete_objects) target += "/" + encode_path(object);  // there it is the last key
    return target + query_of(entry);
}

/// Whom a key belongs to: its parent, if it is one of a service account or of a session.
std::string_view user_of(const Json& entry) {
    if (const auto parent = entry.text("parentUser"); !parent.empty()) return parent;
    return entry.text("accessKey");
}

std::uint64_t size_of(const Json& api, std::string_view name) {
    const auto* size = api.find(name);
    return size && size->as_integer() > 0 ? static_cast<std::uint64_t>(size->as_integer()) : 0;
}

}  // namespace

Result<std::optional<LoggedCall>> read_minio_entry(const Json& entry, const Home& home) {
    const auto* api = entry.find("api");
    if (!api || !api->is_object())
        return fail(Code::invalid, "no entry of MinIO's audit log: it has no object \"api\"");
    const auto time = parse_time(entry.text("time"));
    if (!time) return fail(Code::invalid, "no entry of MinIO's audit log: \"time\" is no date and time");
    const auto name = api->text("name");
    if (entry.text("requestPath").empty())
        return fail(Code::invalid, "an entry about MinIO's own work, not about a call: it has no \"requestPath\"");

    LoggedCall call;
    call.server = wire::UpstreamProfile::minio;
    call.method = method_of(name);
    call.target = target_of(entry, name, api->text("bucket"), api->text("object"));
    call.host = entry.text("requestHost");
    if (const auto* headers = entry.find("requestHeader"))
        for (const auto& [header, value] : headers->as_object()) call.headers.emplace_back(header, value.as_string());
    if (std::ranges::none_of(call.headers, [](const auto& header) { return header.first == "User-Agent"; }))
        call.headers.emplace_back("User-Agent", entry.text("userAgent"));
    call.status = static_cast<int>(size_of(*api, "statusCode"));
    call.error_message = entry.text("error");
    call.request_bytes = size_of(*api, "rx");
    call.response_bytes = size_of(*api, "tx");
    call.ended = *time;
    call.peer_address = entry.text("remotehost");
    call.request_id = entry.text("requestID");
    call.user_identity = user_identity(user_of(entry), entry.text("accessKey"), home);
    if (const auto* objects = api->find("objects"); objects && call.status < 300)
        for (const auto& object : objects->as_array()) call.deleted_keys.emplace_back(object.text("objectName"));
    return call;
}

}  // namespace cairn::auditlog
