#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cairn::wire {

/// What kind of server the requests go to.
enum class UpstreamProfile : std::uint8_t { generic, aws, moto, localstack, minio, ceph };

/// "generic", "aws" and so on; nothing for other names.
std::optional<UpstreamProfile> profile_of(std::string_view name);

/// Paths of a server that are no AWS calls.
enum class OwnPath : std::uint8_t {
    none,
    administration,
    health,  ///< health checks and metrics, asked again and again
};

OwnPath own_path(UpstreamProfile profile, std::string_view path);

/// The event source of such calls, never one of AWS: "admin.minio".
std::string_view own_event_source(UpstreamProfile profile);

}  // namespace cairn::wire
