#include "api/live_calls.h"

#include <algorithm>
#include <charconv>
#include <ranges>

#include <fmt/format.h>

#include "api/v1.h"

namespace cairn::api {

namespace {

using std::chrono::milliseconds;

constexpr std::string_view action = "cairn:TailEvents";

void refuse(const Context& context, CallPointer call, const V1Error& error, std::string_view operation) {
    auto response = v1_error(error, call->request_id);
    answer(context, std::move(call), std::move(response), operation);
}

V1Error too_many(std::string_view what) {
    return {.status = 429,
            .code = "TooMany",
            .message = fmt::format("too many {} are open, or the server is ending", what),
            .field = {},
            .retry_after_seconds = 5};
}

std::expected<Interest, V1Error> read_interest(const Call& call, Members& members) {
    Interest interest{.scope = {}, .query = members.query("q"), .since = {}};
    interest.fields = members.fields("fields");
    const Reach reach{.accounts = members.texts("acct"), .regions = members.texts("region")};
    if (members.error()) return std::unexpected(*members.error());
    auto scope = readable(call, std::string(action), reach);
    if (!scope) return std::unexpected(scope.error());
    interest.scope = **scope;
    return interest;
}

std::optional<std::uint64_t> event_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc() || at != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

void LiveCalls::tail(CallPointer call) {
    if (call->request.method != "GET") return refuse(context_, std::move(call), v1_other_method("GET"), "TailEvents");
    auto body = query_parameters(call->request.query());
    Members members(body, {"q", "acct", "region", "rate", "fields", "last", "lastEventId"});
    const auto rate = members.number("rate", 1000, 0, 1'000'000);
    const auto last = members.number("last", 0, 0, 1000);
    auto resume = std::string(call->request.find("last-event-id"));
    if (resume.empty()) resume = members.text("lastEventId");
    const auto seen = event_number(resume);
    if (!resume.empty() && !seen) members.wrong("lastEventId", "this is no event number");
    auto interest = read_interest(*call, members);
    if (!interest) return refuse(context_, std::move(call), interest.error(), "TailEvents");

    const auto covered = context_.parts.history.covered();
    interest->next = seen ? std::min(*seen + 1, covered) : covered;
    if (last == 0 || seen) return begin_tail(std::move(call), std::move(*interest), rate, 0);
    run_on_pool(
        context_, std::move(call),
        [this, rate, last, wanted = std::move(*interest)](CallPointer running) mutable {
            begin_tail(std::move(running), std::move(wanted), rate, last);
        },
        [this](CallPointer refused) { refuse(context_, std::move(refused), too_many("calls"), "TailEvents"); });
}

void LiveCalls::begin_tail(CallPointer call, Interest interest, std::uint64_t rows_per_second, std::size_t last) {
    if (live_.full()) return refuse(context_, std::move(call), too_many("streams"), "TailEvents");
    auto first = fmt::format("retry: 2000\nevent: hello\ndata: {{\"position\":{},\"watermark\":{},\"rate\":{}}}\n\n",
                             interest.next, context_.parts.history.covered(), rows_per_second);
    if (last > 0) {
        const auto rows = newest(interest, last, true);
        if (!rows) return refuse(context_, std::move(call), v1_error_of(rows.error(), "tail"), "TailEvents");
        if (*rows != "[]") first += fmt::format("event: rows\ndata: {}\n\n", *rows);
    }
    // The head is sent before live writes: a stream can not be refused any more, only ended.
    auto stream = call->responder->stream({.status = 200,
                                           .headers = {{"x-amzn-RequestId", call->request_id},
                                                       {"Content-Type", "text/event-stream"},
                                                       {"Cache-Control", "no-store"},
                                                       {"X-Accel-Buffering", "no"}},
                                           .body = {}});
    if (live_.tail(std::move(interest), rows_per_second, stream, std::move(first))) return;
    stream->write("event: end\ndata: {\"reason\":\"shutdown\"}\n\n");
    stream->close();
}

void LiveCalls::wait(CallPointer call) {
    if (call->request.method != "GET" && call->request.method != "POST")
        return refuse(context_, std::move(call), v1_other_method("GET, POST"), "WaitEvents");
    auto body = query_parameters(call->request.query());
    if (call->request.method == "POST") {
        auto document = read_body(call->request);
        if (!document)
            return refuse(context_, std::move(call),
                          {.code = "InvalidBody", .message = document.error().message, .field = {}}, "WaitEvents");
        body = std::move(*document);
    }
    Members members(body, {"q", "acct", "region", "timeout", "since", "fields"});
    const auto timeout = members.duration("timeout", milliseconds(60'000), milliseconds(300'000));
    const auto now = context_.parts.clock.now();
    const auto since = members.time("since", now).value_or(now - std::chrono::minutes(5));
    auto interest = read_interest(*call, members);
    if (!interest) return refuse(context_, std::move(call), interest.error(), "WaitEvents");
    interest->since = since;
    run_on_pool(
        context_, std::move(call),
        [this, timeout, wanted = std::move(*interest)](CallPointer running) mutable {
            begin_wait(std::move(running), std::move(wanted), timeout);
        },
        [this](CallPointer refused) { refuse(context_, std::move(refused), too_many("calls"), "WaitEvents"); });
}

void LiveCalls::begin_wait(CallPointer call, Interest interest, milliseconds timeout) {
    const auto begun = std::chrono::steady_clock::now();
    const auto reply = [this, begun](CallPointer waiting, const std::optional<std::string>& summary) {
        const auto waited = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun).count();
        auto text = summary ? fmt::format("{{\"matched\":true,\"waitedMs\":{},\"event\":{}}}", waited, *summary)
                            : fmt::format("{{\"matched\":false,\"waitedMs\":{}}}", waited);
        auto response = v1_answer(std::move(text), waiting->request_id);
        answer(context_, std::move(waiting), std::move(response), "WaitEvents");
    };
    // What is published from here on is live's: nothing falls between the search and it.
    interest.next = context_.parts.history.covered();
    auto found = newest(interest, 1, false);
    if (!found) return refuse(context_, std::move(call), v1_error_of(found.error(), "wait"), "WaitEvents");
    if (!found->empty()) return reply(std::move(call), *found);
    // Live may refuse: the call stays ours until it takes it.
    auto waiting = std::make_shared<CallPointer>(std::move(call));
    const bool taken = live_.wait(std::move(interest), timeout, [waiting, reply](std::optional<std::string> summary) {
        reply(std::move(*waiting), summary);
    });
    if (!taken) refuse(context_, std::move(*waiting), too_many("waits"), "WaitEvents");
}

// The newest matches, oldest of them first: as an array, or the one alone.
std::expected<std::string, Error> LiveCalls::newest(const Interest& interest, std::size_t count, bool rows) const {
    auto search = search_of(interest.scope, interest.query, count);
    search.from = interest.since;
    auto page = context_.parts.history.search(search);
    if (!page) return std::unexpected(page.error());
    std::string out = rows ? "[" : "";
    for (auto& found : page->events | std::views::reverse) {
        if (found.number >= interest.next && rows) continue;  // live will show it
        const auto view = view_of(found.record);
        if (!view) return std::unexpected(view.error());
        if (!out.empty() && out.back() != '[') out += ',';
        append_summary(out, **view, found.number, interest.fields);
    }
    if (rows) out += ']';
    return out;
}

}  // namespace cairn::api
