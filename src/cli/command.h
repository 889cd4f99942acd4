#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "node/config.h"

// The parser of the command line stays inside the .cpp files.
namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace cairn::cli {

/// Adds a command to the program; `run` gives the exit status after parsing. Exit statuses: 0 done, 1 failed (said on
/// standard error), 2 wrong usage, 3 done but something was found (check, validate, import with rejected records, wait
/// without match).
using Run = std::function<int()>;

void add_serve(CLI::App& program, Run& run);
void add_import(CLI::App& program, Run& run);
void add_gateway(CLI::App& program, Run& run);
void add_lookup(CLI::App& program, Run& run);
void add_tail(CLI::App& program, Run& run);
void add_trails(CLI::App& program, Run& run);
void add_wait(CLI::App& program, Run& run);
void add_who(CLI::App& program, Run& run);
void add_keys(CLI::App& program, Run& run);
void add_check(CLI::App& program, Run& run);
void add_validate(CLI::App& program, Run& run);
void add_generate(CLI::App& program, Run& run);
void add_config(CLI::App& program, Run& run);

/// Refuses what is not a whole number of at least `least` (the parser alone takes -1 for the greatest number).
void expect_whole_number(CLI::Option& option, std::uint64_t least);

/// Prints "cairn: message" to standard error; returns 1.
int failed(const Error& error);

/// --config, --data and --set, shared by the commands that open a data directory.
struct ConfigFlags {
    std::string file, data;
    std::vector<std::string> sets;

    void add_to(CLI::App& command);

    /// With the environment of this process. `more` come last.
    Result<node::Config> load(std::map<std::string, std::string> more = {}) const;
};

}  // namespace cairn::cli
