#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/event_output.h"
#include "cli/moment.h"
#include "cli/remote.h"
#include "cli/terminal.h"

namespace cairn::cli {

namespace {

struct WaitFlags {
    RemoteOptions remote;
    std::vector<std::string> words;
    std::string since = "-5m", account, only_region;
    int timeout_seconds = 60;
    bool json = false, record = false;
};

constexpr int longest_call_seconds = 300;

/// One call to the node, which waits itself; calls again while there is time left.
int wait(const WaitFlags& flags) {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const auto since = parse_moment(flags.since, now);
    if (!since) return failed({Code::invalid, fmt::format("--since {}: not a time such as -2h or 2026-11-21T16:00:00Z", flags.since)});
    auto remote = Remote::connect(flags.remote);
    if (!remote) return failed(remote.error());

    Json request(JsonObject{{"q", fmt::format("{}", fmt::join(flags.words, " "))}, {"since", format_time(*since)}});
    if (!flags.account.empty()) request.set("acct", flags.account);
    if (!flags.only_region.empty()) request.set("region", flags.only_region);
    if (flags.record) request.set("fields", JsonArray{Json("record")});
    for (int left = flags.timeout_seconds; left >= 0; left -= longest_call_seconds) {
        request.set("timeout", std::min(left, longest_call_seconds));
        const auto answer = remote->call("POST", "/v1/wait", to_text(request), {{"Content-Type", "application/json"}});
        if (!answer) return failed(answer.error());
        const auto json = parse_json(*answer);
        if (!json) return failed({Code::internal, "the answer is no JSON: " + json.error().message});
        const auto* event = json->find("event");
        if (!event) continue;
        if (flags.record)
            fmt::print("{}\n", event->text("record"));
        else
            fmt::print("{}\n", flags.json ? to_text(*event) : event_line(*event, colours_wanted(STDOUT_FILENO)));
        return 0;
    }
    fmt::print(stderr, "no such event within {} s\n", flags.timeout_seconds);
    return 3;
}

}  // namespace

void add_wait(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("wait", "Wait until an event is there that matches, and print it: instead of sleeping in tests");
    const auto flags = std::make_shared<WaitFlags>();
    command->add_option("query", flags->words, "as for `cairn lookup`")->required();
    command->add_option("--timeout", flags->timeout_seconds, "seconds")->capture_default_str();
    command->add_option("--since", flags->since, "events whose eventTime is not before this count, also if they are there already")->type_name("TIME")->capture_default_str();
    command->add_option("--account", flags->account, "one account only");
    command->add_option("--in-region", flags->only_region, "one region only")->type_name("REGION");
    command->add_flag("--json", flags->json, "print the summary as JSON");
    command->add_flag("--record", flags->record, "print the raw record");
    command->add_option("--endpoint", flags->remote.endpoint, "the node; default $CAIRN_ENDPOINT, $AWS_ENDPOINT_URL, http://127.0.0.1:4610")->type_name("URL");
    command->add_option("--profile", flags->remote.profile, "profile of the AWS credentials file");
    command->add_option("--ca-bundle", flags->remote.ca_file, "PEM file of certificates to trust")->type_name("FILE");
    command->footer("Exit status: 0 the event is there, 3 the time is over.\n\n  cairn wait eventName=CreateUser user=ana --timeout 30");
    command->callback([&run, flags] { run = [flags] { return wait(*flags); }; });
}

}  // namespace cairn::cli
