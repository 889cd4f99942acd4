#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/command.h"
#include "cli/event_output.h"
#include "cli/remote.h"
#include "cli/sse.h"
#include "cli/terminal.h"
#include "cli/url.h"

namespace cairn::cli {

namespace {

struct TailFlags {
    RemoteOptions remote;
    std::vector<std::string> words;
    std::string account, only_region;
    bool json = false;
    std::uint64_t count = 0;
};

std::string target_of(const TailFlags& flags) {
    auto target = "/v1/tail?q=" + percent_encode(fmt::format("{}", fmt::join(flags.words, " ")));
    if (!flags.account.empty()) target += "&acct=" + percent_encode(flags.account);
    if (!flags.only_region.empty()) target += "&region=" + percent_encode(flags.only_region);
    return target;
}

int tail(const TailFlags& flags) {
    auto remote = Remote::connect(flags.remote);
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
            fmt::print("{}\n", flags.json ? to_text(row) : event_line(row, colours));
            if (++shown == flags.count) break;
        }
        std::fflush(stdout);
        return flags.count == 0 || shown < flags.count;
    });
    const auto result = remote->stream(target_of(flags), [&](std::string_view bytes) { return events.take(bytes); });
    if (!result) return failed(result.error());
    if (!end_reason.empty()) fmt::print(stderr, "the node ended the stream: {}\n", printable(end_reason));
    return 0;
}

}  // namespace

void add_tail(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("tail", "Show events as they are recorded, until Ctrl-C");
    const auto flags = std::make_shared<TailFlags>();
    command->add_option("query", flags->words, "as for `cairn lookup`; nothing: every event");
    command->add_option("--account", flags->account, "one account only");
    command->add_option("--in-region", flags->only_region, "one region only")->type_name("REGION");
    command->add_option("--count", flags->count, "end after this many events; 0: never")->capture_default_str();
    command->add_flag("--json", flags->json, "one JSON summary a line");
    command->add_option("--endpoint", flags->remote.endpoint, "the node; default $CAIRN_ENDPOINT, $AWS_ENDPOINT_URL, http://127.0.0.1:4610")->type_name("URL");
    command->add_option("--profile", flags->remote.profile, "profile of the AWS credentials file");
    command->add_option("--ca-bundle", flags->remote.ca_file, "PEM file of certificates to trust")->type_name("FILE");
    command->footer("Examples:\n  cairn tail\n  cairn tail has:errorCode\n  cairn tail 'user=root or eventName=ConsoleLogin' --json");
    command->callback([&run, flags] { run = [flags] { return tail(*flags); }; });
}

}  // namespace cairn::cli
