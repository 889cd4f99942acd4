#include <csignal>
#include <exception>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.h"

int main(int argc, char** argv) {
    using namespace cairn::cli;
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App program{"cairn records every API call: who made it, what was asked, when, from where, and what came of it."};
    program.name("cairn");
    program.set_version_flag("--version", "cairn " CAIRN_VERSION);
    program.require_subcommand(1);
    program.footer("`cairn COMMAND --help` explains each command.");

    Run run;
    add_serve(program, run);
    add_lookup(program, run);
    add_tail(program, run);
    add_wait(program, run);
    add_import(program, run);
    add_keys(program, run);
    add_check(program, run);
    add_generate(program, run);
    add_config(program, run);
    try {
        program.parse(argc, argv);
        return run();
    } catch (const CLI::ParseError& error) {
        const int status = program.exit(error);
        return status == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        fmt::print(stderr, "cairn: {}\n", error.what());
        return 1;
    }
}
