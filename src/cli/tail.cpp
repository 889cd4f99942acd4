#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/event_output.h"
#include "cli/remote.h"
#include "cli/search_flags.h"
#include "cli/sse.h"
#include "cli/terminal.h"
#include "cli/url.h"

namespace cairn::cli {

namespace {

struct TailFlags {
    SearchFlags search;
    bool json = false;
    std::uint64_t count = 0;
};

Result<std::string> target_of(const SearchFlags& search) {
    const auto query = search.query();
    if (!query) return fail(query.error());
    auto target = "/v1/tail?q=" + percent_encode(*query);
    if (!search.account.empty()) target += "&acct=" + percent_encode(search.account);
    if (!search.only_region.empty()) target += "&region=" + percent_encode(search.only_region);
    return target;
}

/// False when nobody reads it any more.
bool print_line(const std::string& line) {
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF;
}

int tail(const TailFlags& flags) {
    const auto target = target_of(flags.search);
    if (!target) return failed(target.error());
    auto remote = Remote::connect(flags.search.remote);
    if (!remote) return failed(remote.error());
    const bool colours = colours_wanted(STDOUT_FILENO);
    std::uint64_t shown = 0;
    std::string end_reason;
    EventStream events([&](std::string_view event, std::string_view data) {
        const auto json = parse_json(data);
        if (!json) return true;
        if (event == "end") end_reason = json->text("reason");
        if (event == "gap") fmt::print(stderr, "some events were passed over: {}\n", printable(data));
        if (event != "rows") return true;
        for (const auto& row : json->as_array()) {
            if (!print_line(flags.json ? to_text(row) : event_line(row, colours))) return false;
            if (++shown == flags.count) break;
        }
        return std::fflush(stdout) == 0 && (flags.count == 0 || shown < flags.count);
    });
    const auto result = remote->stream(*target, [&](std::string_view bytes) { return events.take(bytes); });
    if (!result) return failed(result.error());
    if (!end_reason.empty()) fmt::print(stderr, "the node ended the stream: {}\n", printable(end_reason));
    return 0;
}

}  // namespace

void add_tail(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("tail", "Show events as they are recorded, until Ctrl-C");
    const auto flags = std::make_shared<TailFlags>();
    flags->search.add_to(*command, "as for `cairn lookup`; nothing: every event", false);
    command->add_option("--count", flags->count, "end after this many events; 0: never")->capture_default_str();
    command->add_flag("--json", flags->json, "one JSON summary a line");
    command->footer(
        "Examples:\n  cairn tail\n  cairn tail has:errorCode\n  cairn tail 'user=root or eventName=ConsoleLogin' "
        "--json");
    command->callback([&run, flags] { run = [flags] { return tail(*flags); }; });
}

}  // namespace cairn::cli
