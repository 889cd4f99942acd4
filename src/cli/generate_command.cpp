#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/moment.h"
#include "cli/command.h"
#include "cli/generate.h"
#include "identity/ids.h"

namespace cairn::cli {

namespace {

struct GenerateFlags {
    std::uint64_t count = 1000, seed = 1;
    double days = 5;
    std::string until;
    std::vector<std::string> accounts;
};

int run_generate(const GenerateFlags& flags) {
    GenerateOptions options;
    options.count = flags.count;
    options.seed = flags.seed;
    options.accounts = flags.accounts.empty() ? std::vector<std::string>{"123456789012"} : flags.accounts;
    for (const auto& account : options.accounts)
        if (!identity::is_account_id(account))
            return failed({Code::invalid, fmt::format("--account {}: an account id is twelve digits", account)});
    options.to = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    if (!flags.until.empty()) {
        const auto until = parse_moment(flags.until, options.to);
        if (!until)
            return failed(
                {Code::invalid,
                 fmt::format("--until {}: not a time such as -2h, 2026-11-21 or 2026-11-21T16:00:00Z", flags.until)});
        options.to = *until;
    }
    options.from = options.to - std::chrono::milliseconds(static_cast<std::int64_t>(flags.days * 86'400'000));
    bool written = true;
    generate(options, [&](std::string_view record) {
        written = written && std::fwrite(record.data(), 1, record.size(), stdout) == record.size() &&
                  std::fputc('\n', stdout) != EOF;
    });
    if (!written || std::fflush(stdout) != 0) {
        if (errno == EPIPE) return 0;  // `| head` has seen enough
        return failed({Code::exhausted, "standard output cannot be written"});
    }
    return 0;
}

}  // namespace

void add_generate(CLI::App& program, Run& run) {
    auto* command =
        program.add_subcommand("generate", "Write made-up but realistic events to standard output, one a line");
    const auto flags = std::make_shared<GenerateFlags>();
    expect_whole_number(*command->add_option("--count", flags->count, "how many")->capture_default_str(), 0);
    expect_whole_number(*command->add_option("--seed", flags->seed, "the same seed and times give the same events")
                             ->capture_default_str(),
                        0);
    command->add_option("--days", flags->days, "spread over this many days")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    command->add_option("--until", flags->until, "up to this time; default: now")->type_name("TIME");
    command->add_option("--account", flags->accounts, "accounts, the first is the busiest; default 123456789012");
    command->footer("  cairn generate --count 5000 > events.ndjson && cairn import events.ndjson");
    command->callback([&run, flags] { run = [flags] { return run_generate(*flags); }; });
}

}  // namespace cairn::cli
