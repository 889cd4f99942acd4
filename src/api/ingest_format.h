#pragma once

#include <memory>
#include <string>

#include "auditlog/auditlog.h"
#include "ingest/slice.h"

namespace cairn::api {

/// The records that stand for the entries of another server's audit log.
struct TranslatedBody {
    std::shared_ptr<const std::string> text;  ///< what the slices view
    ingest::Sliced sliced;                    ///< with the lines of the entries
};

/// What stands beside such records: their keys are none of AWS.
std::string audit_log_evidence(auditlog::Format format, const auditlog::Home& home);

/// What cannot be translated becomes a slice with its problem.
TranslatedBody translate(auditlog::Format format, const ingest::Sliced& entries, const auditlog::Home& home);

}  // namespace cairn::api
