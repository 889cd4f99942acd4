#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/config.h"

namespace cairn::node {

/// `now` with what cannot change while a process runs that began with `before`: what Server::reload() and
/// GatewayWork::reload() take over is as in `now`, all else as in `before`.
Config reloaded_config(const Config& before, const Config& now);

/// Keys of settings that differ and wait for the next start, in the order of settings(). Never their values: some are
/// secret.
std::vector<std::string> waiting_settings(const Config& before, const Config& now);

}  // namespace cairn::node
