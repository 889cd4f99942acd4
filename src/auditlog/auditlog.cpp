#include "auditlog/auditlog.h"

#include <utility>

#include "auditlog/ceph.h"
#include "auditlog/minio.h"
#include "base/json.h"
#include "base/time.h"

namespace cairn::auditlog {

std::optional<Format> format_named(std::string_view name) {
    if (name == "minio-audit") return Format::minio_audit;
    if (name == "ceph-ops") return Format::ceph_ops;
    return std::nullopt;
}

Result<std::vector<std::string>> records_of(Format format, std::string_view entry, const Home& home) {
    const auto json = parse_json(entry);
    if (!json) return std::unexpected(json.error());
    if (!json->is_object()) return fail(Code::invalid, "an entry is a JSON object");
    if (json->as_object().empty()) return std::vector<std::string>();
    const auto call = format == Format::minio_audit ? read_minio_entry(*json, home) : read_ceph_entry(*json, home);
    if (!call) return std::unexpected(call.error());
    if (*call && !parse_time(format_time((*call)->ended)))
        return fail(Code::invalid, "no entry of an audit log: its time is in no year from 0000 to 9999");
    return *call ? render(**call, entry, home) : std::vector<std::string>();
}

}  // namespace cairn::auditlog
