#pragma once

#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "node/config.h"

namespace cairn::cli {

/// What the commands have in common that run until a signal ends them.

/// Signals that end or reload a server are waited for by one thread; all others, made later, have them blocked.
sigset_t block_signals();

/// Sets up the log as `config` says.
void set_up_log(const node::Config& config);

/// Logs which CAIRN_ variables of this process's environment nothing reads, if any: they may be misspelt settings.
void warn_of_unknown_variables();

/// Says that `now` was taken over by a process that began with `before`, and which settings wait for its next start.
void log_reloaded(const node::Config& before, const node::Config& now);

/// "endpoint=URL", one line for each further name, and "pid=NUMBER": written at once as a whole. Error: denied.
Result<void> write_endpoints(const std::string& path,
                             const std::vector<std::pair<std::string, std::string>>& endpoints);

}  // namespace cairn::cli
