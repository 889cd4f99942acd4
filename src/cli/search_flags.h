#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/remote.h"

namespace CLI {
class App;
}

namespace cairn::cli {

/// --endpoint, --profile and --ca-bundle.
void add_remote_options(CLI::App& command, RemoteOptions& remote);

/// What `cairn lookup`, `tail` and `wait` have in common: a search, where to search, and the node to ask.
struct SearchFlags {
    RemoteOptions remote;
    std::vector<std::string> words;
    std::string account, only_region;

    /// Adds the search as positional argument and the options.
    void add_to(CLI::App& command, const std::string& query_help, bool query_required);

    /// The search as one text. Error: invalid, with the search and a mark below the place where it is wrong.
    Result<std::string> query() const;

    /// The request body that all calls under /v1/ share. Error: that of query().
    Result<Json> request() const;
};

/// Arguments as CLI11 shall see them: in searches, negated terms (-readOnly=true) are no options.
std::vector<std::string> guarded_arguments(std::vector<std::string> arguments);

/// Said when a search that found nothing may not say what was meant; else empty.
std::string hint_for_nothing(std::string_view query);

}  // namespace cairn::cli
