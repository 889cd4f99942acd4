#include "view/session/recent.h"

#include <chrono>
#include <utility>

#include "view/session/call.h"
#include "view/session/facts.h"

namespace cairn::session {

namespace {

constexpr std::size_t bytes_max = std::size_t{16} << 20;
constexpr std::chrono::milliseconds publish_pause{200};  // from durable to published it takes far less

std::size_t bytes_of(const CallNote& note) { return sizeof(note) + note.text.size(); }

}  // namespace

void Recent::begin_at(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    begun_ = true;
    begin_ = end_ = number;
}

std::optional<CallNote> Recent::look(const EventView& event, bool from_gateway, std::string_view evidence) {
    const bool more = tells_more(event.event_source, event.event_name, event.error_code);
    if (!is_call(event.category) || (!more && event.access_key_id.empty())) return std::nullopt;
    const auto said = evidence.empty() ? Said{} : said_in(evidence);
    if (from_gateway && said && said->confidence == "foreign") return std::nullopt;
    CallNote note{.at = event.time};
    const bool names_caller = from_gateway && may_name_caller(event.error_message);
    if (!more && !names_caller && said && from_gateway != said->space.empty()) {
        const auto use = use_of(event.access_key_id, event.arn, said->space);
        note.key = use.key;
        note.use = use.use;
        if (told_.knows(use, event.time)) return note;
    }
    note.text = pack(call_of(event, !from_gateway, evidence));
    return note;
}

void Recent::publish(std::uint64_t end, std::vector<CallNote> notes) {
    const std::lock_guard lock(mutex_);
    end_ = end;
    for (auto& note : notes) {
        bytes_ += bytes_of(note);
        notes_.push_back(std::move(note));
    }
    if (bytes_ > bytes_max) drop(end);
    published_.notify_one();
}

std::optional<std::vector<CallNote>> Recent::take(std::uint64_t from, std::uint64_t to) {
    std::unique_lock lock(mutex_);
    if (!begun_ || from < begin_) return std::nullopt;
    if (!published_.wait_for(lock, publish_pause, [&] { return end_ >= to; }) || from < begin_) return std::nullopt;
    drop(from);
    std::vector<CallNote> taken;
    while (!notes_.empty() && notes_.front().number < to) {
        bytes_ -= bytes_of(notes_.front());
        taken.push_back(std::move(notes_.front()));
        notes_.pop_front();
    }
    begin_ = to;
    return taken;
}

/// Leaves what is at `end` or behind it.
void Recent::drop(std::uint64_t end) {
    while (!notes_.empty() && notes_.front().number < end) {
        bytes_ -= bytes_of(notes_.front());
        notes_.pop_front();
    }
    begin_ = end;
}

}  // namespace cairn::session
