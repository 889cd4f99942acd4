#include <memory>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/remote.h"
#include "cli/search_flags.h"
#include "cli/terminal.h"
#include "cli/url.h"

namespace cairn::cli {

namespace {

struct TrailsFlags {
    RemoteOptions remote;
    std::string account, region, output = "table";
};

bool flag(const Json& json, std::string_view name) {
    const auto* member = json.find(name);
    return member && member->as_bool();
}

/// "3 h 5 min", with its two greatest units.
std::string age(double seconds) {
    const auto whole = static_cast<std::uint64_t>(seconds);
    constexpr std::uint64_t minute = 60, hour = 60 * minute, day = 24 * hour;
    if (whole < minute) return fmt::format("{} s", whole);
    if (whole < hour) return fmt::format("{} min {} s", whole / minute, whole % minute);
    if (whole < day) return fmt::format("{} h {} min", whole / hour, whole % hour / minute);
    return fmt::format("{} d {} h", whole / day, whole % day / hour);
}

/// To the second.
std::string time_of(const Json* delivery) {
    const auto time = delivery ? parse_time(delivery->text("time")) : std::nullopt;
    return time ? format_time(std::chrono::floor<std::chrono::seconds>(*time)) : "-";
}

/// The object's name without its folders, which are told by account, region and day.
std::string name_of(const Json* delivery) {
    if (!delivery) return "-";
    const auto object = delivery->text("object");
    return printable(object.substr(object.rfind('/') + 1));
}

std::string error_of(const Json* error) {
    if (!error) return "-";
    return printable(fmt::format("{} ({}, {})", error->text("code"), error->text("what"), error->text("region")));
}

std::string table_of(const std::vector<Json>& trails) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& trail : trails) {
        const auto *waiting = trail.find("waitingFiles"), *lag = trail.find("lagSeconds");
        const auto files = waiting ? waiting->as_integer() : 0;
        rows.push_back({printable(trail.text("name")), printable(trail.text("account")),
                        printable(trail.text("homeRegion")), flag(trail, "logging") ? "yes" : "no",
                        files > 0 && lag ? age(lag->as_number()) : "-", std::to_string(files),
                        time_of(trail.find("lastFile")), time_of(trail.find("lastDigest")),
                        error_of(trail.find("lastError")), name_of(trail.find("lastFile"))});
    }
    constexpr std::size_t name = 0, logging = 3, error = 8;
    const auto colour_of = [&](std::size_t row, std::size_t column) {
        const auto& cell = rows[row][column];
        if (column == name) return Colour::bold;
        if (column == logging) return cell == "yes" ? Colour::green : Colour::yellow;
        return column == error && cell != "-" ? Colour::red : Colour::plain;
    };
    return render_table(
        {"TRAIL", "ACCOUNT", "HOME", "LOGGING", "LAG", "WAITING", "LAST FILE", "LAST DIGEST", "ERROR", "FILE"}, rows,
        terminal_width(), colours_wanted(STDOUT_FILENO), colour_of);
}

std::string target_of(const TrailsFlags& flags) {
    std::string target = "/v1/trails";
    for (const auto& [name, value] : {std::pair("acct", flags.account), std::pair("region", flags.region)})
        if (!value.empty())
            target +=
                fmt::format("{}{}={}", target.find('?') == std::string::npos ? '?' : '&', name, percent_encode(value));
    return target;
}

int trails(const TrailsFlags& flags) {
    auto remote = Remote::connect(flags.remote);
    if (!remote) return failed(remote.error());
    const auto answer = remote->call("GET", target_of(flags));
    if (!answer) return failed(answer.error());
    if (flags.output == "json") {
        fmt::print("{}\n", *answer);
        return 0;
    }
    const auto json = parse_json(*answer);
    const auto* list = json ? json->find("trails") : nullptr;
    if (!list) return failed({Code::internal, "the answer holds no trails"});
    if (list->as_array().empty())
        fmt::print(stderr, "no trails that you may see; docs/trails.md tells how one is made\n");
    else
        fmt::print("{}", table_of(list->as_array()));
    return 0;
}

}  // namespace

void add_trails(CLI::App& program, Run& run) {
    auto* command =
        program.add_subcommand("trails", "Show trails: what they delivered last, what waits, and what went wrong");
    const auto flags = std::make_shared<TrailsFlags>();
    command->add_option("--account", flags->account, "of one account only");
    command->add_option("--in-region", flags->region, "of one region only")->type_name("REGION");
    command->add_option("-o,--output", flags->output, "table; json: the answer as it is")
        ->check(CLI::IsMember({"table", "json"}))
        ->capture_default_str();
    add_remote_options(*command, flags->remote);
    command->footer(
        "Examples:\n"
        "  cairn trails\n"
        "  cairn trails --output json | jq '.trails[] | select(.lastError)'\n\n"
        "LAG      how long the oldest log file that is closed has been waiting for its bucket; \"-\" when none does\n"
        "WAITING  log files that are closed and not in the bucket yet; they are tried again for 30 days\n"
        "ERROR    of the last attempt, if it failed and nothing was delivered since: AccessDenied, NoSuchBucket, ...; "
        "then what (file,\n"
        "         digest, notice, logs), and in which region\n"
        "FILE     the last log file; its whole key is in the JSON\n\n"
        "A trail whose log files wait loses nothing: mend the bucket or its policy. `cairn validate` looks at what was "
        "delivered.");
    command->callback([&run, flags] { run = [flags] { return trails(*flags); }; });
}

}  // namespace cairn::cli
