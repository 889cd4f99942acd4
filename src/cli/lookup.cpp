#include <cstdio>
#include <memory>

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

struct LookupFlags {
    SearchFlags search;
    std::string from, to, output = "table", cursor, count_by;
    std::uint64_t limit = 50;
    bool oldest_first = false;
};

Time now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

/// Error: invalid, naming the option.
Result<Json> request_of(const LookupFlags& flags) {
    auto request = flags.search.request();
    if (!request) return request;
    for (const auto& [name, text] : {std::pair("from", flags.from), std::pair("to", flags.to)}) {
        if (text.empty()) continue;
        const auto time = parse_moment(text, now());
        if (!time)
            return fail(Code::invalid,
                        fmt::format("--{} {}: not a time such as -2h, 2026-11-21 or 2026-11-21T16:00:00Z", name, text));
        request->set(name, format_time(*time));
    }
    return request;
}

Result<Json> call(Remote& remote, const std::string& target, const Json& request) {
    const auto answer = remote.call("POST", target, to_text(request), {{"Content-Type", "application/json"}});
    if (!answer) return fail(answer.error());
    auto json = parse_json(*answer);
    if (!json) return fail(Code::internal, "the answer is no JSON: " + json.error().message);
    return json;
}

int print_values(const LookupFlags& flags, Remote& remote, Json request) {
    request.set("field", flags.count_by);
    request.set("n", flags.limit);
    const auto answer = call(remote, "/v1/values", request);
    if (!answer) return failed(answer.error());
    if (flags.output != "table") {
        fmt::print("{}\n", to_text(*answer));
        return 0;
    }
    std::vector<std::vector<std::string>> rows;
    if (const auto* values = answer->find("values"))
        for (const auto& value : values->as_array()) {
            const auto* count = value.find("count");
            rows.push_back({std::to_string(count ? count->as_integer() : 0), printable(value.text("value"))});
        }
    fmt::print("{}", render_table({"EVENTS", flags.count_by}, rows, terminal_width(), colours_wanted(STDOUT_FILENO)));
    return 0;
}

void print_nothing_found(const LookupFlags& flags) {
    const auto hint = hint_for_nothing(fmt::format("{}", fmt::join(flags.search.words, " ")));
    fmt::print(stderr, "no such events{}{}\n", hint.empty() ? "" : "; ", hint);
}

void print_page(const LookupFlags& flags, const Json& page) {
    const auto* events = page.find("events");
    const auto& list = events ? events->as_array() : Json().as_array();
    if (flags.output == "page") return fmt::print("{}\n", to_text(page));
    if (flags.output == "table") {
        fmt::print("{}", event_table(list, terminal_width(), colours_wanted(STDOUT_FILENO)));
        std::fflush(stdout);
        const auto* cursor = page.find("cursor");
        if (cursor)
            fmt::print(stderr, "{} events; there are more: --limit {} or a narrower search\n", list.size(),
                       flags.limit * 10);
        if (list.empty()) print_nothing_found(flags);
        return;
    }
    for (const auto& event : list)
        fmt::print("{}\n", flags.output == "records" ? std::string(event.text("record")) : to_text(event));
}

int lookup(const LookupFlags& flags) {
    auto request = request_of(flags);
    if (!request) return failed(request.error());
    auto remote = Remote::connect(flags.search.remote);
    if (!remote) return failed(remote.error());
    if (!flags.count_by.empty()) return print_values(flags, *remote, std::move(*request));

    if (flags.oldest_first) request->set("order", "asc");
    if (flags.output == "records") request->set("fields", JsonArray{Json("record")});
    if (!flags.cursor.empty()) request->set("cursor", flags.cursor);
    JsonArray collected;
    Json cursor;
    // A page holds 1,000 events at most, and may be short where much had to be read.
    do {
        request->set("limit", std::min<std::uint64_t>(flags.limit - collected.size(), 1000));
        if (!cursor.is_null()) request->set("cursor", cursor);
        const auto page = call(*remote, "/v1/search", *request);
        if (!page) return failed(page.error());
        if (const auto* events = page->find("events"))
            collected.insert(collected.end(), events->as_array().begin(), events->as_array().end());
        const auto* next = page->find("cursor");
        cursor = next ? *next : Json();
    } while (!cursor.is_null() && collected.size() < flags.limit);
    print_page(flags, JsonObject{{"events", std::move(collected)}, {"cursor", std::move(cursor)}});
    return 0;
}

}  // namespace

void add_lookup(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("lookup", "Search recorded events: who did what, when, from where");
    const auto flags = std::make_shared<LookupFlags>();
    flags->search.add_to(*command, "what to look for; nothing: the newest events", false);
    command->add_option("--from", flags->from, "not before: -2h, -7d, 2026-11-21, 2026-11-21T16:00:00Z")
        ->type_name("TIME");
    command->add_option("--to", flags->to, "not after")->type_name("TIME");
    expect_whole_number(*command->add_option("--limit", flags->limit, "how many events at most")->capture_default_str(),
                        1);
    command->add_flag("--oldest-first", flags->oldest_first, "instead of newest first");
    command
        ->add_option("--count-by", flags->count_by, "instead of events, how many there are for each value of a field")
        ->type_name("FIELD");
    command
        ->add_option("-o,--output", flags->output,
                     "table; json: one summary a line; records: the raw records, one a line; page: the answer as it is")
        ->check(CLI::IsMember({"table", "json", "records", "page"}))
        ->capture_default_str();
    command->add_option("--cursor", flags->cursor, "go on where the page before ended (its member cursor)");
    command->footer(
        "Examples:\n"
        "  cairn lookup eventName=ConsoleLogin --from -1d\n"
        "  cairn lookup user=stevenzh readOnly=false\n"
        "  cairn lookup 'sourceIP=203.0.113.0/24 errorCode:Denied'\n"
        "  cairn lookup '(eventName=RunInstances or eventName=StopInstances) -region=us-east-1'\n"
        "  cairn lookup 'resource^prod- $.requestParameters.instanceType=m5.large'\n"
        "  cairn lookup errorCode:Denied --from -7d --count-by user\n\n"
        "A query is terms FIELD OP VALUE, joined by `and` (which may be left out) or `or`, with one level of brackets; "
        "`-` before a term\n"
        "negates it. OP is = (is), != (is not), : (contains), ^ (starts with), < <= > >=, or `in (a, b)`; `has:FIELD` "
        "tests\n"
        "presence; a word alone is searched in the whole record. Fields: eventName eventSource eventType category "
        "readOnly\n"
        "errorCode region account user origin principal role accessKey sourceIP userAgent mfa vpcEndpoint resource "
        "resourceType arn\n"
        "eventID requestID sharedEventID errorMessage text, and $.any.path of the record.");
    command->callback([&run, flags] { run = [flags] { return lookup(*flags); }; });
}

}  // namespace cairn::cli
