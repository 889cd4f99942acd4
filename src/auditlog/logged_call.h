#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auditlog/home.h"
#include "base/time.h"
#include "wire/own_paths.h"

namespace cairn::auditlog {

/// A call as an entry tells of it. The request is made up again, so that it is read like one that passed a gateway.
struct LoggedCall {
    wire::UpstreamProfile server = wire::UpstreamProfile::generic;
    std::string method;
    std::string target;                                        ///< path style: the bucket is in the path; encoded
    std::string host;                                          ///< as the client named it; may be empty
    std::vector<std::pair<std::string, std::string>> headers;  ///< of the request
    int status = 0;
    std::string error_code, error_message;  ///< as the entry has them; may be empty though the call failed
    std::uint64_t request_bytes = 0, response_bytes = 0;
    Time ended{};
    std::string peer_address, request_id;
    std::string user_identity;              ///< JSON
    std::vector<std::string> deleted_keys;  ///< by a DeleteObjects
};

/// The records of `call`. `entry` is what its eventIDs are derived from.
std::vector<std::string> render(const LoggedCall& call, std::string_view entry, const Home& home);

/// `text` as a path has it: everything but unreserved characters and slashes is percent-encoded.
std::string encode_path(std::string_view text);

/// userIdentity of a user of such a server, who signed with `key_id`; anonymous when both are empty.
std::string user_identity(std::string_view user, std::string_view key_id, const Home& home);

/// The same of a session of a role.
std::string session_identity(std::string_view role, std::string_view session, std::string_view key_id,
                             const Home& home);

}  // namespace cairn::auditlog
