#include "ingest/publisher.h"

namespace cairn::ingest {

namespace {

// Far more than requests can be in flight: the log's thread, which must not block, never finds it full.
constexpr std::size_t items_max = std::size_t{1} << 20;

}  // namespace

Publisher::Publisher(Parts parts, std::uint64_t end, Answer answer, Around around)
    : parts_(std::move(parts)),
      answer_(std::move(answer)),
      around_(std::move(around)),
      end_(end),
      queue_(items_max),
      thread_([this] { run(); }) {}

Publisher::~Publisher() {
    queue_.close();
    thread_.join();
}

void Publisher::appended(Pointer request, Result<void> outcome, bool more_follow) {
    queue_.push({std::move(request), false, std::move(outcome)}, more_follow);
}

void Publisher::wait_for_others(Pointer request) { queue_.push({std::move(request), true, {}}); }

void Publisher::run() {
    for (auto items = queue_.pop_all(); !items.empty(); items = queue_.pop_all()) take(std::move(items));
    if (!failed_) failed_ = Error{Code::unavailable, "shutting down"};
    answer_waiting();
}

void Publisher::take(std::deque<Item> items) {
    std::uint64_t end = end_.load(std::memory_order_relaxed);
    const std::uint64_t before = end;
    for (const auto& item : items) {
        if (item.waits) {
            waiting_.emplace(item.request->needs_end, item.request);
        } else if (!item.outcome) {
            if (!failed_) failed_ = item.outcome.error();
        } else {
            for (auto* view : parts_.views) view->publish(item.request->index);
            end = item.request->needs_end;
            if (parts_.learner) parts_.learner->publish(end, std::move(item.request->notes));
        }
    }
    if (end != before) {
        parts_.seen.durable(end);
        end_.store(end, std::memory_order_release);
    }
    if (around_)
        around_([&] { answer_all(items); });
    else
        answer_all(items);
}

void Publisher::answer_all(std::deque<Item>& items) {
    for (auto& item : items)
        if (!item.waits) answer_(*item.request, std::move(item.outcome));
    answer_waiting();
}

void Publisher::answer_waiting() {
    const std::uint64_t end = end_.load(std::memory_order_relaxed);
    while (!waiting_.empty() && waiting_.begin()->first <= end) {
        answer_(*waiting_.begin()->second, {});
        waiting_.erase(waiting_.begin());
    }
    if (!failed_) return;
    for (const auto& [needed, request] : waiting_) answer_(*request, fail(*failed_));
    waiting_.clear();
}

}  // namespace cairn::ingest
