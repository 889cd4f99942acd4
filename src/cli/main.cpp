#include <algorithm>
#include <csignal>
#include <exception>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/search_flags.h"

namespace {

bool is_command(const CLI::App& program, const std::string& word) {
    const auto named = [&](const CLI::App* command) { return command->get_name() == word; };
    return word.starts_with('-') || std::ranges::any_of(program.get_subcommands({}), named);
}

}  // namespace

int main(int argc, char** argv) {
    using namespace cairn::cli;
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App program{
        "cairn records every API call: who made it, what was asked, when, from where, and what came of it."};
    program.name("cairn");
    program.set_version_flag("--version", "cairn " CAIRN_VERSION);
    program.require_subcommand(1);
    program.footer("`cairn COMMAND --help` explains each command.");

    Run run;
    add_serve(program, run);
    add_gateway(program, run);
    add_lookup(program, run);
    add_tail(program, run);
    add_wait(program, run);
    add_who(program, run);
    add_trails(program, run);
    add_import(program, run);
    add_keys(program, run);
    add_check(program, run);
    add_validate(program, run);
    add_generate(program, run);
    add_config(program, run);
    try {
        std::vector<std::string> arguments(argv + 1, argv + argc);
        if (arguments.empty()) {
            fmt::print(stderr, "{}", program.help());
            return 2;
        }
        if (arguments.front() == "help") arguments = {arguments.size() > 1 ? arguments[1] : "--help", "--help"};
        if (!is_command(program, arguments.front())) {
            fmt::print(stderr, "cairn: there is no command {}; `cairn --help` lists them\n", arguments.front());
            return 2;
        }
        arguments = guarded_arguments(std::move(arguments));
        std::ranges::reverse(arguments);  // as the parser takes them
        program.parse(std::move(arguments));
        return run();
    } catch (const CLI::ParseError& error) {
        const int status = program.exit(error);
        return status == 0 ? 0 : 2;
    } catch (const std::system_error& error) {
        if (error.code() == std::errc::broken_pipe) return 0;  // `| head` has seen enough
        fmt::print(stderr, "cairn: {}\n", error.what());
        return 1;
    } catch (const std::exception& error) {
        fmt::print(stderr, "cairn: {}\n", error.what());
        return 1;
    }
}
