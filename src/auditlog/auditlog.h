#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auditlog/home.h"
#include "base/result.h"

namespace cairn::auditlog {

/// Records out of the audit logs that other servers write themselves, for those who can not put a gateway before them.
/// Pure; any thread.

enum class Format : std::uint8_t {
    minio_audit,  ///< what MinIO's audit webhook posts ("Audit logging" of MinIO's documentation)
    ceph_ops,     ///< the ops log of Ceph's object gateway, as JSON (rgw_ops_log_socket_path, rgw_ops_log_file_path)
};

/// "minio-audit", "ceph-ops".
std::optional<Format> format_named(std::string_view name);

/// The records of one entry: of most calls one, of a DeleteObjects one more for each object, none of what is no call
/// (the empty object with which MinIO tries its webhook; health checks). Nothing secret of the entry gets in. The same
/// entry gives the same eventIDs, so that an entry sent again is a duplicate. Error: invalid, with what is missing.
Result<std::vector<std::string>> records_of(Format format, std::string_view entry, const Home& home);

}  // namespace cairn::auditlog
