#include <memory>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "base/moment.h"
#include "cli/command.h"
#include "cli/remote.h"
#include "cli/search_flags.h"
#include "cli/terminal.h"
#include "cli/url.h"

namespace cairn::cli {

namespace {

struct WhoFlags {
    RemoteOptions remote;
    std::string id, at, upstream, output = "table";
    bool has_upstream = false;
};

std::string text(const Json& json, std::string_view name) { return printable(json.text(name)); }

/// Who a link is, in few words.
std::string caller_of(const Json& link) {
    const auto* identity = link.find("userIdentity");
    if (!identity) return "?";
    for (const char* name : {"arn", "userName", "principalId", "type"})
        if (!identity->text(name).empty()) return text(*identity, name);
    return "?";
}

void print_chain(const Json& chain, bool colours) {
    std::vector<std::vector<std::string>> rows;
    if (const auto* links = chain.find("links"))
        for (const auto& link : links->as_array()) {
            if (link.find("hidden")) {
                rows.push_back({"(not yours to see)", "", "", "", "", ""});
                continue;
            }
            const auto* identity = link.find("userIdentity");
            rows.push_back({text(link, "accessKeyId"), identity ? text(*identity, "type") : "?", caller_of(link),
                            text(link, "validFrom"), text(link, "validTo"),
                            fmt::format("{} {}", text(link, "evidence"), text(link, "eventID"))});
        }
    if (const auto upstream = text(chain, "upstream"); !upstream.empty()) fmt::print("upstream {}\n", upstream);
    if (!rows.empty())
        fmt::print("{}",
                   render_table({"KEY", "TYPE", "CALLER", "FROM", "TO", "EVIDENCE"}, rows, terminal_width(), colours));
    const auto* origin = chain.find("origin");
    if (!origin) return;
    if (origin->find("hidden")) return fmt::print("origin: not yours to see\n");
    const auto type = text(*origin, "type");
    auto said = type == "gap" ? std::string("not known") : fmt::format("{} {}", type, text(*origin, "name"));
    for (const char* name : {"arn", "provider"})
        if (!origin->text(name).empty()) said += fmt::format(" ({})", text(*origin, name));
    fmt::print("origin: {}\n", said);
    if (!origin->text("gap").empty()) fmt::print("gap: {}\n", text(*origin, "gap"));
}

int who(const WhoFlags& flags) {
    auto target = "/v1/who?id=" + percent_encode(flags.id);
    if (!flags.at.empty()) {
        const auto at =
            parse_moment(flags.at, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
        if (!at)
            return failed(
                {Code::invalid, fmt::format("--at {}: not a time such as -2h or 2026-11-21T16:00:00Z", flags.at)});
        target += "&at=" + percent_encode(format_time(*at));
    }
    if (flags.has_upstream) target += "&upstream=" + percent_encode(flags.upstream);
    auto remote = Remote::connect(flags.remote);
    if (!remote) return failed(remote.error());
    const auto answer = remote->call("GET", target);
    if (!answer) return failed(answer.error());
    if (flags.output == "json") {
        fmt::print("{}\n", *answer);
        return 0;
    }
    const auto json = parse_json(*answer);
    if (!json) return failed({Code::internal, "the answer is no JSON: " + json.error().message});
    if (const auto event = text(*json, "eventID"); !event.empty())
        fmt::print("event {} at {}\n", event, text(*json, "at"));
    if (const auto* chains = json->find("chains"))
        for (const auto& chain : chains->as_array()) print_chain(chain, colours_wanted(STDOUT_FILENO));
    return 0;
}

}  // namespace

void add_who(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("who", "Who is behind an access key or an event, and who gave them the key");
    const auto flags = std::make_shared<WhoFlags>();
    command->add_option("id", flags->id, "an access key id, or the id of an event")->required();
    command->add_option("--at", flags->at, "when the key was used; default: its newest time, or that of the event")
        ->type_name("TIME");
    auto* upstream =
        command->add_option("--upstream", flags->upstream,
                            "the gateway's upstream whose key it is; \"\" for AWS itself; default: all that know it");
    command
        ->add_option("-o,--output", flags->output,
                     "table: the key first, then who gave it out; json: the answer as it is")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    add_remote_options(*command, flags->remote);
    command->footer(
        "Examples:\n"
        "  cairn who ASIAY34FZKBOKMUTVV7A\n"
        "  cairn who 0a1b2c3d-0000-4000-8000-000000000001 --output json\n"
        "  cairn lookup 'origin=ana' --from -7d    # all that ana did, under whatever role");
    command->callback([&run, flags, upstream] {
        flags->has_upstream = upstream->count() > 0;
        run = [flags] { return who(*flags); };
    });
}

}  // namespace cairn::cli
