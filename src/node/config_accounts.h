#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "gateway/options.h"
#include "identity/directory.h"
#include "node/hold.h"

namespace cairn::node {

/// A TOML file, taken apart: scalar settings as text with their place, the accounts, the legal holds, and the
/// upstreams and listeners of a gateway.
struct ConfigFile {
    struct Value {
        std::string key;  ///< "storage.codec"
        std::string text;
        unsigned line = 0;
    };
    std::vector<Value> values;
    std::vector<identity::FixedAccount> accounts;
    std::vector<Hold> holds;
    std::vector<gateway::UpstreamOptions> upstreams;
    std::vector<gateway::ListenerOptions> listeners;
};

/// Error: invalid, naming file, line and what is wrong; not_found when the file cannot be read.
Result<ConfigFile> read_config_file(const std::string& path);

}  // namespace cairn::node
