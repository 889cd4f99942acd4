#include "wire/own_paths.h"

#include <algorithm>
#include <iterator>

namespace cairn::wire {

namespace {

struct Row {
    UpstreamProfile profile;
    std::string_view prefix;  ///< ends before a slash or the end of the path
    OwnPath kind;
};

constexpr Row table[] = {
    {UpstreamProfile::moto, "/moto-api", OwnPath::administration},
    {UpstreamProfile::localstack, "/_localstack/health", OwnPath::health},
    {UpstreamProfile::localstack, "/_localstack", OwnPath::administration},
    {UpstreamProfile::localstack, "/_aws", OwnPath::administration},
    {UpstreamProfile::minio, "/minio/health", OwnPath::health},
    {UpstreamProfile::minio, "/minio/v2/metrics", OwnPath::health},
    {UpstreamProfile::minio, "/minio/metrics", OwnPath::health},
    {UpstreamProfile::minio, "/minio", OwnPath::administration},
    {UpstreamProfile::ceph, "/admin", OwnPath::administration},
    {UpstreamProfile::ceph, "/swift/healthcheck", OwnPath::health},
    {UpstreamProfile::ceph, "/swift", OwnPath::administration},
    {UpstreamProfile::ceph, "/auth", OwnPath::administration},
};

}  // namespace

std::optional<UpstreamProfile> profile_of(std::string_view name) {
    constexpr std::string_view names[] = {"generic", "aws", "moto", "localstack", "minio", "ceph"};
    const auto* const found = std::ranges::find(names, name);
    if (found == std::end(names)) return std::nullopt;
    return static_cast<UpstreamProfile>(found - std::begin(names));
}

OwnPath own_path(UpstreamProfile profile, std::string_view path) {
    for (const auto& row : table) {
        if (row.profile != profile || !path.starts_with(row.prefix)) continue;
        if (path.size() == row.prefix.size() || path[row.prefix.size()] == '/') return row.kind;
    }
    return OwnPath::none;
}

std::string_view own_event_source(UpstreamProfile profile) {
    switch (profile) {
        case UpstreamProfile::moto: return "admin.moto";
        case UpstreamProfile::localstack: return "admin.localstack";
        case UpstreamProfile::minio: return "admin.minio";
        case UpstreamProfile::ceph: return "admin.ceph";
        default: return {};
    }
}

}  // namespace cairn::wire
