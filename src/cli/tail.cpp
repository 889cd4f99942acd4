#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

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

constexpr std::chrono::seconds pause_between_streams{1}, given_up_after{60};

struct TailFlags {
    SearchFlags search;
    bool json = false;
    std::uint64_t count = 0;
};

Result<std::string> target_of(const SearchFlags& search) {
    const auto query = search.query();
    if (!query) return fail(query.error());
    auto target = "/v1/tail?rate=0&q=" + percent_encode(*query);
    if (!search.account.empty()) target += "&acct=" + percent_encode(search.account);
    if (!search.only_region.empty()) target += "&region=" + percent_encode(search.only_region);
    return target;
}

/// False when nobody reads it any more.
bool print_line(const std::string& line) {
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() && std::fputc('\n', stdout) != EOF;
}

/// Shows what comes, and knows where to go on when a stream ends before it should.
class Follower {
public:
    explicit Follower(const TailFlags& flags) : flags_(flags), colours_(colours_wanted(STDOUT_FILENO)) {}

    /// One stream, until it ends or nobody wants more.
    Result<void> follow(Remote& remote, const std::string& target) {
        connected_ = false;
        EventStream events(
            [&](std::string_view event, std::string_view data) { return !(done_ = !take(event, data)); });
        return remote.stream(target + resumption(), [&](std::string_view bytes) { return events.take(bytes); });
    }

    bool done() const { return done_; }            ///< nobody wants more
    bool connected() const { return connected_; }  ///< the last stream began
    const std::string& end_reason() const { return end_reason_; }

private:
    bool take(std::string_view event, std::string_view data) {
        const auto json = parse_json(data);
        if (!json) return true;
        if (event == "hello") begin(*json);
        if (event == "end") end_reason_ = json->text("reason");
        if (event == "gap") fmt::print(stderr, "some events were passed over: {}\n", printable(data));
        return event != "rows" || show(*json);
    }

    void begin(const Json& hello) {
        connected_ = true;
        const auto* position = hello.find("position");
        if (!next_ && position && position->is_integer()) next_ = position->as_integer();
    }

    bool show(const Json& rows) {
        for (const auto& row : rows.as_array()) {
            if (!print_line(flags_.json ? to_text(row) : event_line(row, colours_))) return false;
            if (const auto* number = row.find("number"); number && number->is_integer())
                next_ = number->as_integer() + 1;
            if (++shown_ == flags_.count) break;
        }
        return std::fflush(stdout) == 0 && (flags_.count == 0 || shown_ < flags_.count);
    }

    std::string resumption() const {
        if (!next_) return {};
        return *next_ > 0 ? fmt::format("&lastEventId={}", *next_ - 1) : "&last=1000";  // the log was empty
    }

    const TailFlags& flags_;
    const bool colours_;
    std::optional<std::int64_t> next_;  ///< number of the first event that was not shown
    std::uint64_t shown_ = 0;
    bool connected_ = false, done_ = false;
    std::string end_reason_;
};

int tail(const TailFlags& flags) {
    using Clock = std::chrono::steady_clock;
    const auto target = target_of(flags.search);
    if (!target) return failed(target.error());
    auto remote = Remote::connect(flags.search.remote);
    if (!remote) return failed(remote.error());
    Follower follower(flags);
    std::optional<Clock::time_point> lost;  // since when there is no stream
    for (;;) {
        const auto ended = follower.follow(*remote, *target);
        if (follower.done()) return 0;
        if (follower.connected()) lost.reset();
        const bool again = lost || follower.connected();
        if (!ended && (!again || !may_come_back(ended.error()))) return failed(ended.error());
        if (!lost) {
            lost = Clock::now();
            const auto reason = ended ? "the node ended the stream: " + printable(follower.end_reason())
                                      : "the stream broke off: " + printable(ended.error().message);
            fmt::print(stderr, "{}; trying again\n", reason);
        } else if (Clock::now() - *lost > given_up_after) {
            return failed(ended ? Error{Code::unavailable, "the node ends every stream at once"} : ended.error());
        }
        std::this_thread::sleep_for(pause_between_streams);
    }
}

}  // namespace

void add_tail(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("tail", "Show events as they are recorded, until Ctrl-C");
    const auto flags = std::make_shared<TailFlags>();
    flags->search.add_to(*command, "as for `cairn lookup`; nothing: every event", false);
    expect_whole_number(
        *command->add_option("--count", flags->count, "end after this many events; 0: never")->capture_default_str(),
        0);
    command->add_flag("--json", flags->json, "one JSON summary a line");
    command->footer(
        "Examples:\n  cairn tail\n  cairn tail has:errorCode\n  cairn tail 'user=root or eventName=ConsoleLogin' "
        "--json\n\nWhen the node is started anew it goes on where it was; after a minute without a node it gives up.");
    command->callback([&run, flags] { run = [flags] { return tail(*flags); }; });
}

}  // namespace cairn::cli
