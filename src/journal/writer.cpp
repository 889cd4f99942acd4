#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "journal/state.h"

namespace cairn::journal {

namespace {

bool covers_its_numbers(const Batch& batch) {
    auto number = batch.first_number;
    for (const auto& input : batch.blocks) {
        if (input.first_number != number || input.fingerprints.empty()) return false;
        number += input.fingerprints.size();
    }
    return number == batch.first_number + batch.event_count && batch.event_count > 0;
}

}  // namespace

void Journal::State::append(Batch batch, Done done) {
    if (!covers_its_numbers(batch)) return done(fail(Code::internal, "batch does not cover its event numbers"));
    std::optional<Error> refused;
    {
        std::lock_guard lock(queue_mutex);
        const auto number = batch.first_number;
        if (closed) {
            refused = Error{Code::unavailable, closed->message};
        } else if (number < next_number || queue.contains(number)) {
            refused = Error{Code::internal, fmt::format("event number {} was appended before", number)};
        } else {
            const auto bytes = CommitBuilder::bytes_at_most(batch);
            queue_bytes += bytes;
            queue.emplace(number, Pending{std::move(batch), std::move(done), bytes});
            if (writer_waits && number == next_number) queue_changed.notify_all();
        }
    }
    if (refused) done(fail(std::move(*refused)));
}

/// With queue_mutex held: the batches that follow the log's end without a gap, up to one commit.
std::vector<Journal::State::Pending> Journal::State::take_ready() {
    std::vector<Pending> ready;
    std::uint64_t bytes = 0;
    while (!queue.empty() && queue.begin()->first == next_number) {
        auto& first = queue.begin()->second;
        if (!ready.empty() && bytes + first.bytes > options.commit_bytes_max) break;
        bytes += first.bytes;
        next_number += first.batch.event_count;
        ready.push_back(std::move(first));
        queue.erase(queue.begin());
    }
    return ready;
}

void Journal::State::run_writer() {
    std::unique_lock lock(queue_mutex);
    for (;;) {
        writer_waits = true;
        queue_changed.wait(
            lock, [&] { return stopping || retire_wanted || (!queue.empty() && queue.begin()->first == next_number); });
        writer_waits = false;
        if (std::exchange(retire_wanted, false)) {
            retire();
            queue_changed.notify_all();
        }
        auto batches = take_ready();
        if (batches.empty()) {
            if (!stopping) continue;
            lock.unlock();
            fail_all({Code::unavailable, "the log is shutting down"}, {});
            return;
        }
        lock.unlock();
        const auto result = commit(batches);
        if (!result) {
            fail_all(result.error(), std::move(batches));
            return;
        }
        for (auto& one : batches) one.done({});
        lock.lock();
        for (const auto& one : batches) queue_bytes -= one.bytes;
    }
}

/// Closes the log for writing and answers everybody who waits.
void Journal::State::fail_all(const Error& error, std::vector<Pending> batches) {
    bool expected = false;
    {
        std::lock_guard lock(queue_mutex);
        expected = stopping;
        closed = Error{error.code, fmt::format("the log is closed for writing: {}", error.message)};
        for (auto& [number, pending] : queue) batches.push_back(std::move(pending));
        queue.clear();
        queue_bytes = 0;
        numbers->closed = true;
        queue_changed.notify_all();
    }
    if (!expected) log_error("the log is closed for writing until restart", {{"error", error.message}});
    for (auto& one : batches) one.done(fail(error));
}

/// The open journal file takes no more frames.
void Journal::State::retire() {
    contents.roll(nullptr);
    open_file = nullptr;
}

/// Does what needs space until it does not fail for the lack of it. Nothing that `work` writes is acknowledged yet and
/// nothing acknowledged is touched by it, so that it can be repeated: unlike a sync, of which nobody knows what it
/// left.
template <class Work>
auto Journal::State::with_space(Work&& work) -> decltype(work()) {
    for (;;) {
        auto done = work();
        if (done || done.error().code != Code::exhausted) {
            space_is_back();
            return done;
        }
        if (!wait_for_space(done.error())) return done;
    }
}

/// False when there is no time to wait any more.
bool Journal::State::wait_for_space(const Error& error) {
    std::unique_lock lock(queue_mutex);
    if (!out_of_space)
        log_warning("the log is out of space, nothing is taken until there is some", {{"error", error.message}});
    out_of_space = error;
    numbers->out_of_space = true;
    between_files = !open_file;
    queue_changed.notify_all();
    if (leaving) return false;
    wake_sealer();  // what it moves to the archive leaves a journal file to be used again
    queue_changed.wait_for(lock, options.space_retry, [&] { return leaving; });
    return true;
}

void Journal::State::space_is_back() {
    if (!numbers->out_of_space) return;
    std::lock_guard lock(queue_mutex);
    log_info("the log has space again");
    out_of_space.reset();
    numbers->out_of_space = false;
}

void Journal::State::leave() {
    std::lock_guard lock(queue_mutex);
    leaving = true;
    queue_changed.notify_all();
}

void Journal::State::wake_sealer() {
    std::lock_guard lock(sealer_mutex);
    sealer_work = true;
    sealer_wake.notify_one();
}

Result<void> Journal::State::commit(std::vector<Pending>& batches) {
    const auto started = std::chrono::steady_clock::now();
    std::uint64_t bytes = page_bytes;
    for (const auto& one : batches) bytes += one.bytes;
    if (!open_file || write_offset + bytes > open_file->slot->bytes) CAIRN_TRY(take_new_file(bytes));

    const auto now_ms = to_milliseconds(parts.clock.now());
    builder.begin(position, now_ms);
    for (auto& one : batches) builder.add(one.batch);
    builder.finish();
    CAIRN_CHECK(write_offset + builder.bytes().size() <= open_file->slot->bytes);
    CAIRN_TRY(with_space([&] { return open_file->slot->file->write(write_offset, builder.bytes()); }));
    CAIRN_TRY(open_file->slot->file->sync());

    const auto offset = std::exchange(write_offset, write_offset + builder.bytes().size());
    const auto events = builder.end().number - position.number;
    position = builder.end();
    durable_sequence = position.sequence;
    durable_number = position.number;
    contents.commit(builder.entries(), offset, write_offset, position.chain, builder.newest_ms(), now_ms);
    counters.events.add(events);
    counters.commits.add();
    counters.bytes.add(builder.bytes().size());
    counters.commit_seconds.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
    numbers->end = position.number;
    return {};
}

Result<void> Journal::State::take_new_file(std::uint64_t bytes) {
    retire();
    auto slot = with_space([&] { return pool.take(std::max(options.journal_file_bytes, page_bytes + bytes)); });
    if (!slot) return fail(std::move(slot).error());
    auto file = std::make_shared<TailFile>();
    file->slot = std::move(*slot);
    file->header = {++last_generation, position.sequence, position.number, position.chain};
    file->end_sequence = position.sequence;
    file->end_number = position.number;
    file->end_chain = position.chain;
    // Durable before the first frame: a frame without a header is damage, never a crash.
    CAIRN_TRY(with_space([&] { return file->slot->file->write(0, encode_slot_header(file->header)); }));
    CAIRN_TRY(file->slot->file->sync());
    position.generation = file->header.generation;
    write_offset = page_bytes;
    open_file = file;
    contents.roll(std::move(file));
    wake_sealer();
    return {};
}

Result<void> Journal::State::retire_open_file() {
    std::unique_lock lock(queue_mutex);
    if (closed) {
        // The writer is gone: nobody else changes the tail's end.
        contents.roll(nullptr);
        return {};
    }
    retire_wanted = true;
    queue_changed.notify_all();
    queue_changed.wait(lock, [&] { return !retire_wanted || closed || out_of_space; });
    if (!retire_wanted || closed) return {};
    if (!between_files) return fail(*out_of_space);
    retire_wanted = false;
    return {};
}

void Journal::State::stop_writer() {
    {
        std::lock_guard lock(queue_mutex);
        stopping = true;
        queue_changed.notify_all();
    }
    if (writer.joinable()) writer.join();
}

}  // namespace cairn::journal
