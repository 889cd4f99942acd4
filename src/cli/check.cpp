#include <memory>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/terminal.h"
#include "node/engine.h"

namespace cairn::cli {

namespace {

int check(const ConfigFlags& flags) {
    const auto config = flags.load();
    if (!config) return failed(config.error());
    ProgressBar bar("checking");
    const auto report = node::check_data_folder(config->data, [&](std::uint64_t done, std::uint64_t total) {
        bar.show(done, total, fmt::format("{} of {} MB", done / 1'000'000, total / 1'000'000));
    });
    bar.clear();
    if (!report) return failed(report.error());
    const bool colours = colours_wanted(STDOUT_FILENO);
    for (const auto& finding : report->findings)
        fmt::print("{} {} at byte {}: {}\n", coloured("damaged:", Colour::red, colours), finding.file, finding.offset,
                   finding.what);
    fmt::print(
        "{}: {} events in {} blocks, {} bytes read; {} objects in buckets, {} removed by retention; {} finding{}\n",
        config->data, report->events, report->blocks, report->bytes, report->objects, report->tombstones,
        report->findings.size(), report->findings.size() == 1 ? "" : "s");
    return report->findings.empty() ? 0 : 3;
}

}  // namespace

void add_check(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("check", "Verify a whole data directory; changes nothing");
    const auto flags = std::make_shared<ConfigFlags>();
    flags->add_to(*command);
    command->footer("Exit status: 0 whole, 3 damage was found and is named, 1 the check could not be done.");
    command->callback([&run, flags] { run = [flags] { return check(*flags); }; });
}

}  // namespace cairn::cli
