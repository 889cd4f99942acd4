#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "gateway/known_callers.h"
#include "node/config.h"

namespace cairn::node {

/// Says who is behind the calls to these upstreams, by `book` and by `gateway.identity_file` if one is named. `book`
/// outlives it. Errors: not_found, invalid, of the file.
Result<std::unique_ptr<gateway::KnownCallers>> make_callers(
    const Config& config, std::map<std::string, gateway::UpstreamKeys, std::less<>> upstreams, gateway::KeyBook& book);

}  // namespace cairn::node
