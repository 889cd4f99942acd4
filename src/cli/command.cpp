#include "cli/command.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/terminal.h"

namespace cairn::cli {

void expect_whole_number(CLI::Option& option, std::uint64_t least) {
    option.check(CLI::Validator(
        [least](std::string& text) {
            std::uint64_t value = 0;
            const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
            if (error == std::errc() && at == text.data() + text.size() && value >= least) return std::string();
            return fmt::format("{} is not a whole number{}", text, least ? fmt::format(" of at least {}", least) : "");
        },
        ""));
}

int failed(const Error& error) {
    // a message may quote what a record or a file name says
    std::string lines;
    for (std::string_view rest = error.message;;) {
        const auto end = std::min(rest.find('\n'), rest.size());
        lines += printable(rest.substr(0, end)) + '\n';
        if (end == rest.size()) break;
        rest.remove_prefix(end + 1);
    }
    fmt::print(stderr, "cairn: {}", lines);
    return 1;
}

void ConfigFlags::add_to(CLI::App& command) {
    command.add_option("--config", file, "TOML file with settings; see `cairn config`")->type_name("FILE");
    command.add_option("--data", data, "data directory")->type_name("DIR");
    command.add_option("--set", sets, "one setting, over file and environment; repeatable")->type_name("KEY=VALUE");
}

Result<node::Config> ConfigFlags::load(std::map<std::string, std::string> more) const {
    std::map<std::string, std::string> environment;
    for (const auto& setting : node::settings()) {
        const auto name = node::environment_name(setting.key);
        if (const char* value = std::getenv(name.c_str())) environment[name] = value;
    }
    std::map<std::string, std::string> overrides;
    for (const auto& set : sets) {
        const auto equals = set.find('=');
        if (equals == std::string::npos)
            return fail(Code::invalid, fmt::format("--set {}: not of the form KEY=VALUE", set));
        overrides[set.substr(0, equals)] = set.substr(equals + 1);
    }
    if (!data.empty()) overrides["data"] = data;
    for (auto& [key, value] : more) overrides[key] = std::move(value);
    return node::load_config(file, environment, overrides);
}

}  // namespace cairn::cli
