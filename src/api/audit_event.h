#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "wire/errors.h"

namespace cairn::api {

/// Events of other applications, as PutAuditEvents takes them (CloudTrail user guide, "CloudTrail Lake integrations
/// event schema"). Pure.

/// A channel that audit events are put into.
struct Channel {
    std::string region, account, id;
    std::string arn() const;
};

/// The channel that every account has in every region without creating it. Its id is the same on every node.
Channel default_channel(std::string_view region, std::string_view account);

/// Finds the channel that a call from `account` in `region` names: by ARN, by id, or by "default". Errors:
/// InvalidChannelARN, ChannelNotFound, ChannelInsufficientPermission.
std::expected<Channel, wire::ApiError> find_channel(std::string_view name, std::string_view region,
                                                    std::string_view account);

/// One entry of the request.
struct AuditEntry {
    std::string id, data, checksum;  ///< `checksum` is empty when none was sent
};

/// Why an entry is not taken: errorCode and errorMessage of the answer.
struct AuditProblem {
    std::string code, message;
};

/// Checks an entry's checksum and document: required members, types and lengths.
std::optional<AuditProblem> check_audit_entry(const AuditEntry& entry, const Channel& channel);

/// The id of the event that an entry becomes: of channel, entry id and content, so that a repeated call makes no second
/// event.
std::string audit_event_id(const Channel& channel, const AuditEntry& entry);

/// The record that is stored for an entry that was checked.
std::string render_audit_event(const Channel& channel, const AuditEntry& entry, std::string_view event_id,
                               std::string_view region, Time ingestion_time);

}  // namespace cairn::api
