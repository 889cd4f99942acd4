#include "cli/search_flags.h"

#include <algorithm>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/terminal.h"
#include "match/query.h"

namespace cairn::cli {

namespace {

constexpr std::string_view search_commands[] = {"lookup", "tail", "wait"};

/// The search in one line with a mark below the byte `position`.
std::string marked(std::string_view query, std::size_t position) {
    constexpr std::size_t before_max = 60, after_max = 60;
    const auto is_start = [](char c) { return (c & 0xc0) != 0x80; };
    std::size_t begin = position > before_max ? position - before_max : 0;
    while (begin < position && !is_start(query[begin])) ++begin;
    std::size_t end = std::min(query.size(), position + after_max);
    while (end < query.size() && !is_start(query[end])) ++end;

    std::string line(query.substr(begin, end - begin));
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    const auto columns = static_cast<std::size_t>(std::ranges::count_if(line.substr(0, position - begin), is_start));
    return fmt::format("    {}\n    {}^", line, std::string(columns, ' '));
}

bool is_negated_term(std::string_view argument) {
    if (argument.size() < 3 || argument[0] != '-' || argument.starts_with("-o=")) return false;
    const char first = argument[1];
    const bool name = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '$';
    return name && (argument.find_first_of("=:^<>") != std::string_view::npos ||
                    argument.find(" in ") != std::string_view::npos);
}

}  // namespace

void add_remote_options(CLI::App& command, RemoteOptions& remote) {
    command
        .add_option("--endpoint", remote.endpoint,
                    "the node; default $CAIRN_ENDPOINT, $AWS_ENDPOINT_URL, http://127.0.0.1:4610")
        ->type_name("URL");
    command.add_option("--profile", remote.profile, "profile of the AWS credentials file");
    command.add_option("--ca-bundle", remote.ca_file, "PEM file of certificates to trust")->type_name("FILE");
}

void SearchFlags::add_to(CLI::App& command, const std::string& query_help, bool query_required) {
    command.add_option("query", words, query_help)->required(query_required);
    command.add_option("--account", account, "one account only");
    command.add_option("--in-region,--region", only_region, "one region only")->type_name("REGION");
    add_remote_options(command, remote);
}

Result<std::string> SearchFlags::query() const {
    auto text = fmt::format("{}", fmt::join(words, " "));
    const auto parsed = match::Query::parse(text);
    if (parsed) return text;
    const auto& error = parsed.error();
    return fail(Code::invalid,
                fmt::format("{}\n{}", printable(error.message), marked(text, std::min(error.position, text.size()))));
}

Result<Json> SearchFlags::request() const {
    auto text = query();
    if (!text) return fail(std::move(text).error());
    Json request(JsonObject{{"q", std::move(*text)}});
    if (!account.empty()) request.set("acct", account);
    if (!only_region.empty()) request.set("region", only_region);
    return request;
}

std::vector<std::string> guarded_arguments(std::vector<std::string> arguments) {
    if (arguments.empty() || std::ranges::find(search_commands, arguments.front()) == std::end(search_commands))
        return arguments;
    for (auto& argument : arguments)
        if (is_negated_term(argument)) argument.insert(0, 1, ' ');  // the grammar skips spaces
    return arguments;
}

std::string hint_for_nothing(std::string_view query) {
    if (query.find('*') == std::string_view::npos || query.find("$.") != std::string_view::npos) return {};
    return "\"*\" stands for itself: FIELD^TEXT finds what starts with a text, FIELD:TEXT what contains it";
}

}  // namespace cairn::cli
