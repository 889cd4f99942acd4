#include "api/live.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::api {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds frame_interval{100};
constexpr milliseconds pass_interval{2};  // a busy log is read in passes, not event by event
constexpr seconds keep_alive_interval{15}, end_wait{1};
constexpr std::size_t frame_rows_max = 200, frame_bytes_max = 256 * 1024;
constexpr std::size_t reader_bytes_max = 1 << 20;  // what waits for a reader before the log waits for it
constexpr std::size_t read_bytes_max = 1 << 20;
constexpr std::uint64_t lag_events_max = 200'000;  // a stream that is further behind goes on at the head

std::string event_frame(std::string_view event, std::uint64_t id, std::string_view data) {
    return fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, event, data);
}

}  // namespace

Live::Live(const Parts& parts, const Settings& settings)
    : parts_(parts), settings_(settings), parser_({.bytes_max = std::size_t{64} << 20, .depth_max = 1024}) {
    thread_ = std::jthread([this] { work(); });
}

Live::~Live() {
    {
        std::lock_guard lock(mutex_);
        ending_ = stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

bool Live::tail(Interest interest, std::uint64_t rows_per_second, std::shared_ptr<net::Stream> stream,
                std::string first) {
    {
        std::lock_guard lock(mutex_);
        if (ending_ || counts_->streams >= settings_.streams_max) return false;
        ++counts_->streams;
        const auto now = std::chrono::steady_clock::now();
        stream->write(first);
        Tail tail{.interest = std::move(interest),
                  .rows_per_second = rows_per_second,
                  .stream = std::move(stream),
                  .rows = {}};
        tail.second_began = tail.frame_sent = tail.anything_sent = now;
        new_tails_.push_back(std::move(tail));
    }
    wake_.notify_one();
    return true;
}

bool Live::wait(Interest interest, milliseconds timeout, Done done) {
    {
        std::lock_guard lock(mutex_);
        if (ending_ || counts_->waits >= settings_.waits_max) return false;
        ++counts_->waits;
        new_waits_.push_back({.interest = std::move(interest),
                              .deadline = std::chrono::steady_clock::now() + timeout,
                              .done = std::move(done)});
    }
    wake_.notify_one();
    return true;
}

void Live::end() {
    std::unique_lock lock(mutex_);
    ending_ = true;
    wake_.notify_one();
    told_.wait_for(lock, end_wait, [&] { return all_told_; });
}

bool Live::full() const {
    std::lock_guard lock(mutex_);
    return ending_ || counts_->streams >= settings_.streams_max;
}

void Live::work() {
    bool behind = false;
    while (true) {
        bool ending, stopping;
        {
            std::unique_lock lock(mutex_);
            const auto called = [&] {
                return fresh_ || ending_ || stopping_ || !new_tails_.empty() || !new_waits_.empty();
            };
            if (tails_.empty() && waits_.empty())
                wake_.wait(lock, [&] {
                    return stopping_ || (ending_ && !all_told_) || !new_tails_.empty() || !new_waits_.empty();
                });
            else if (!behind)
                wake_.wait_for(lock, frame_interval, called);
            fresh_ = false;
            ending = ending_;
            stopping = stopping_;
        }
        take_new();
        listen(!stopping && !(tails_.empty() && waits_.empty()));
        behind = advance(parts_.history.covered());
        send_frames(ending ? Instant::max() : std::chrono::steady_clock::now());
        finish_waits(std::chrono::steady_clock::now(), ending);
        if (ending) {
            end_tails("shutdown");
            std::lock_guard lock(mutex_);
            all_told_ = true;
            told_.notify_all();
        }
        if (stopping) return;
        if (!behind) std::this_thread::sleep_for(pass_interval);
    }
}

void Live::take_new() {
    std::lock_guard lock(mutex_);
    tails_.splice(tails_.end(), new_tails_);
    waits_.splice(waits_.end(), new_waits_);
    tails_.remove_if([](const Tail& tail) { return tail.gone; });
    waits_.remove_if([](const Wait& wait) { return wait.finished; });
    counts_->streams = tails_.size();
    counts_->waits = waits_.size();
}

// Hears of new events while somebody waits for them: each batch that is told of costs a copy.
void Live::listen(bool wanted) {
    if (wanted == subscription_.has_value()) return;
    if (!wanted) return parts_.history.unsubscribe(*std::exchange(subscription_, std::nullopt));
    subscription_ = parts_.history.subscribe([this](const IndexBatch&) {
        {
            std::lock_guard lock(mutex_);
            if (std::exchange(fresh_, true)) return;
        }
        wake_.notify_one();
    });
}

// Reads one piece of the log for each place somebody stands at; true when something was read and there may be more.
bool Live::advance(std::uint64_t covered) {
    for (auto& tail : tails_) tail.full = tail.stream->waiting_bytes() > reader_bytes_max;
    leave_out_lag(covered);
    std::set<std::uint64_t> places;
    for (const auto& tail : tails_)
        if (!tail.gone && !tail.full && tail.interest.next < covered) places.insert(tail.interest.next);
    for (const auto& wait : waits_)
        if (!wait.finished && wait.interest.next < covered) places.insert(wait.interest.next);
    bool progress = false;
    for (const auto place : places) {
        const auto blocks = parts_.log.read(place, read_bytes_max);
        if (!blocks) {
            log_warning("live events: the log can not be read", {{"from", place}, {"error", blocks.error().message}});
            continue;
        }
        show(place, *blocks, covered);
        progress = true;
    }
    return progress;
}

void Live::show(std::uint64_t from, const std::vector<StoredBlock>& blocks, std::uint64_t covered) {
    auto reached = covered;  // nothing stored from here on: trimmed
    if (!blocks.empty()) {
        for (const auto& block : blocks) show_block(from, block, covered);
        const auto& last = blocks.back();
        reached = std::min(covered, std::max(from + 1, last.first_number + last.event_count));
    }
    for (auto& tail : tails_)
        if (tail.interest.next == from && !tail.full) tail.interest.next = reached;
    for (auto& wait : waits_)
        if (wait.interest.next == from) wait.interest.next = reached;
}

void Live::show_block(std::uint64_t from, const StoredBlock& block, std::uint64_t covered) {
    const auto reader = BlockReader::open(block.bytes, parts_.find_dictionary);
    if (!reader)
        return log_warning("live events: a block can not be read",
                           {{"first", block.first_number}, {"error", reader.error().message}});
    BlockReader::Records records;
    for (std::uint32_t part = 0; part < reader->sub_block_count(); ++part) {
        const auto first = block.first_number + reader->first_of(part);
        const auto last_part = part + 1 == reader->sub_block_count();
        const auto end = block.first_number + (last_part ? reader->event_count() : reader->first_of(part + 1));
        if (end <= from || first >= covered) continue;
        if (const auto read = reader->read_sub_block(part, records); !read) {
            log_warning("live events: a block can not be read", {{"first", first}, {"error", read.error().message}});
            continue;
        }
        for (std::size_t i = 0; i < records.ends.size(); ++i) {
            const auto number = first + i;
            if (number < from || number >= covered) continue;
            if (const auto view = parser_.parse(records.record(i))) show_event(from, number, **view);
        }
    }
}

void Live::show_event(std::uint64_t from, std::uint64_t number, const EventView& event) {
    const auto wanted = [&](const Interest& interest) {
        return interest.next == from && interest.scope.admits(event.account, event.region) &&
               (!interest.since || event.time >= *interest.since) && interest.query.matches(event);
    };
    for (auto& wait : waits_) {
        if (wait.finished || !wanted(wait.interest)) continue;
        std::string summary;
        append_summary(summary, event, number, wait.interest.fields);
        wait.finished = true;
        wait.done(std::move(summary));
    }
    for (auto& tail : tails_) {
        if (tail.gone || tail.full || tail.interest.next != from) continue;
        ++tail.second_seen;
        if (!wanted(tail.interest)) continue;
        ++tail.second_matched;
        if (tail.rows_per_second && tail.second_rows >= tail.rows_per_second) {
            ++tail.second_skipped;
            continue;
        }
        ++tail.second_rows;
        if (!tail.rows.empty()) tail.rows += ',';
        append_summary(tail.rows, event, number, tail.interest.fields);
        tail.last_row = number;
        if (++tail.row_count < frame_rows_max && tail.rows.size() < frame_bytes_max) continue;
        send_rows(tail, std::chrono::steady_clock::now());
        tail.full = tail.stream->waiting_bytes() > reader_bytes_max;
        if (tail.full) tail.interest.next = number + 1;
    }
}

void Live::send_rows(Tail& tail, Instant now) {
    write(tail, event_frame("rows", tail.last_row, '[' + std::exchange(tail.rows, {}) + ']'), now);
    tail.row_count = 0;
}

// A stream that once was at the head and fell behind goes on at the head; one that resumes may catch up.
void Live::leave_out_lag(std::uint64_t covered) {
    for (auto& tail : tails_) {
        const auto lag = covered - std::min(covered, tail.interest.next);
        if (lag == 0) tail.caught_up = true;
        if (!tail.caught_up || lag <= lag_events_max || tail.gone) continue;
        const auto from = std::exchange(tail.interest.next, covered);
        tail.second_skipped += lag;
        write(tail,
              event_frame("gap", covered - 1,
                          fmt::format(R"({{"from":{},"to":{},"count":{},"reason":"slow"}})", from, covered - 1, lag)),
              std::chrono::steady_clock::now());
    }
}

void Live::send_frames(Instant now) {
    for (auto& tail : tails_) {
        if (tail.gone) continue;
        if (tail.stream->closed()) {
            tail.gone = true;
            continue;
        }
        if (tail.row_count && now - tail.frame_sent >= frame_interval) {
            tail.frame_sent = std::min(now, std::chrono::steady_clock::now());
            send_rows(tail, tail.frame_sent);
        }
        if (now != Instant::max() && now - tail.second_began >= seconds(1)) send_stats(tail, now);
    }
}

// Statistics of quiet seconds are left out; a comment keeps the connection alive.
void Live::send_stats(Tail& tail, Instant now) {
    if (tail.second_seen || tail.second_skipped) {
        const auto data = fmt::format(R"({{"seen":{},"matched":{},"skipped":{},"watermark":{}}})", tail.second_seen,
                                      tail.second_matched, tail.second_skipped, tail.interest.next);
        // While rows wait for the next frame a reader must not resume behind them: no id then.
        write(tail,
              tail.row_count || tail.interest.next == 0 ? fmt::format("event: stats\ndata: {}\n\n", data)
                                                        : event_frame("stats", tail.interest.next - 1, data),
              now);
        tail.second_rows = tail.second_seen = tail.second_matched = tail.second_skipped = 0;
    } else if (now - tail.anything_sent >= keep_alive_interval) {
        write(tail, ": still here\n\n", now);
    }
    tail.second_began = now;
}

void Live::finish_waits(Instant now, bool all) {
    for (auto& wait : waits_) {
        if (wait.finished || (!all && now < wait.deadline)) continue;
        wait.finished = true;
        wait.done(std::nullopt);
    }
}

void Live::end_tails(std::string_view reason) {
    for (auto& tail : tails_) {
        if (tail.gone) continue;
        write(tail, fmt::format("event: end\ndata: {{\"reason\":\"{}\"}}\n\n", reason),
              std::chrono::steady_clock::now());
        tail.stream->close();
        tail.gone = true;
    }
}

void Live::write(Tail& tail, const std::string& text, Instant now) {
    tail.anything_sent = now;
    if (tail.gone || tail.stream->write(text)) return;
    tail.stream->close();
    tail.gone = true;
}

}  // namespace cairn::api
