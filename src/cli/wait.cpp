#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "base/moment.h"
#include "cli/command.h"
#include "cli/event_output.h"
#include "cli/remote.h"
#include "cli/search_flags.h"
#include "cli/terminal.h"

namespace cairn::cli {

namespace {

struct WaitFlags {
    SearchFlags search;
    std::string since = "-5m";
    int timeout_seconds = 60;
    bool json = false, record = false;
};

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds longest_call{300'000}, pause_between_calls{500};

int show(const Json& event, const WaitFlags& flags) {
    if (flags.record)
        fmt::print("{}\n", event.text("record"));
    else
        fmt::print("{}\n", flags.json ? to_text(event) : event_line(event, colours_wanted(STDOUT_FILENO)));
    return 0;
}

/// One call to the node, which waits itself; calls again while there is time left, also when the node is started anew
/// meanwhile.
int wait(const WaitFlags& flags) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    auto since = parse_moment(flags.since, now);
    if (!since)  // as /v1/wait takes it
        if (const auto before = parse_duration(flags.since)) since = now - *before;
    if (!since)
        return failed(
            {Code::invalid, fmt::format("--since {}: not a time such as -2h or 2026-11-21T16:00:00Z", flags.since)});
    auto request = flags.search.request();
    if (!request) return failed(request.error());
    auto remote = Remote::connect(flags.search.remote);
    if (!remote) return failed(remote.error());

    request->set("since", format_time(*since));
    if (flags.record) request->set("fields", JsonArray{Json("record")});
    const auto deadline = Clock::now() + std::chrono::seconds(flags.timeout_seconds);
    for (bool reached = false;;) {
        const auto begun = Clock::now();
        const auto left = std::chrono::ceil<milliseconds>(deadline - begun);
        request->set("timeout", static_cast<double>(std::clamp(left, milliseconds(0), longest_call).count()) / 1000);
        const auto answer = remote->call("POST", "/v1/wait", to_text(*request), {{"Content-Type", "application/json"}});
        const auto now = Clock::now();
        reached = reached || answer || now - begun > pause_between_calls;  // nobody refuses so slowly
        if (!answer && (!reached || !may_come_back(answer.error()) || now >= deadline)) return failed(answer.error());
        if (answer) {
            const auto json = parse_json(*answer);
            if (!json) return failed({Code::internal, "the answer is no JSON: " + json.error().message});
            if (const auto* event = json->find("event")) return show(*event, flags);
        }
        if (now >= deadline) break;
        if (now - begun < longest_call)
            std::this_thread::sleep_for(std::min<Clock::duration>(pause_between_calls, deadline - now));
    }
    fmt::print(stderr, "no such event within {} s\n", flags.timeout_seconds);
    return 3;
}

}  // namespace

void add_wait(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand(
        "wait", "Wait until an event is there that matches, and print it: instead of sleeping in tests");
    const auto flags = std::make_shared<WaitFlags>();
    flags->search.add_to(*command, "as for `cairn lookup`", true);
    expect_whole_number(*command->add_option("--timeout", flags->timeout_seconds, "seconds")->capture_default_str(), 0);
    command
        ->add_option("--since", flags->since,
                     "events whose eventTime is not before this count, also if they are there already")
        ->type_name("TIME")
        ->capture_default_str();
    command->add_flag("--json", flags->json, "print the summary as JSON");
    command->add_flag("--record", flags->record, "print the raw record");
    command->footer(
        "Exit status: 0 the event is there, 3 the time is over.\n\n  cairn wait eventName=CreateUser user=ana "
        "--timeout 30");
    command->callback([&run, flags] { run = [flags] { return wait(*flags); }; });
}

}  // namespace cairn::cli
