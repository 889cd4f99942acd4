#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/hash.h"
#include "seam/event_log.h"

namespace cairn::support {

/// A small record that tells its number, so that a test knows what should be read back.
inline std::string record_of(std::uint64_t number) {
    return R"({"eventVersion":"1.08","eventTime":"2026-11-21T11:00:00Z","eventSource":"s3.amazonaws.com","eventName":"PutObject","eventID":"0fb1f6d2-0000-4000-8000-)" +
           std::string(12 - std::to_string(number % 1'000'000'000'000).size(), '0') + std::to_string(number) +
           R"(","number":)" + std::to_string(number) + "}";
}

inline Fingerprint fingerprint_of(std::uint64_t number) {
    return {hash64(std::to_string(number), 1), {hash64(std::to_string(number), 2), hash64(std::to_string(number), 3)}};
}

inline Envelope some_envelope() {
    Envelope envelope;
    envelope.ingest_time = from_milliseconds(1'795'262'400'000);
    envelope.writer = "arn:aws:iam::123456789012:user/tester";
    return envelope;
}

/// Events [first, first + count) as an encoded block, or as records for the log to join.
inline BlockInput input_of(std::uint64_t first, std::uint32_t count, bool encoded,
                           RetentionClass retention = RetentionClass::management) {
    BlockInput input;
    input.retention = retention;
    input.first_number = first;
    for (std::uint32_t i = 0; i < count; ++i) {
        input.fingerprints.push_back(fingerprint_of(first + i));
        input.records.push_back(record_of(first + i));
    }
    input.envelopes.push_back(some_envelope());
    if (!encoded) return input;
    BlockBuilder builder(retention);
    for (const auto& record : input.records) builder.add(record, input.envelopes.front());
    input.encoded = builder.finish({});
    input.records.clear();
    input.envelopes.clear();
    return input;
}

inline Batch batch_of(std::uint64_t first, std::uint32_t count, bool encoded,
                      RetentionClass retention = RetentionClass::management) {
    Batch batch;
    batch.first_number = first;
    batch.event_count = count;
    batch.blocks.push_back(input_of(first, count, encoded, retention));
    return batch;
}

/// Waits for answers of the log.
class Answers {
public:
    EventLog::Done expect() {
        std::lock_guard lock(mutex_);
        ++expected_;
        return [this](Result<void> result) {
            std::lock_guard inner(mutex_);
            results_.push_back(std::move(result));
            arrived_.notify_all();
        };
    }
    /// All results in the order they came.
    std::vector<Result<void>> wait() {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [&] { return results_.size() == expected_; });
        return results_;
    }

private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::size_t expected_ = 0;
    std::vector<Result<void>> results_;
};

inline Result<void> append_and_wait(EventLog& log, Batch batch) {
    Answers answers;
    log.append(std::move(batch), answers.expect());
    return answers.wait().front();
}

/// The events of all blocks from `from` on, decoded: (number, record).
inline std::vector<std::pair<std::uint64_t, std::string>> read_all(EventLog& log, std::uint64_t from = 0,
                                                                   std::size_t bytes_max = 4096) {
    std::vector<std::pair<std::uint64_t, std::string>> events;
    for (;;) {
        const auto blocks = log.read(from, bytes_max);
        if (!blocks || blocks->empty()) return events;
        for (const auto& block : *blocks) {
            const auto reader = BlockReader::open(block.bytes, [](std::uint32_t) { return nullptr; });
            for (std::uint32_t i = 0; i < block.event_count; ++i)
                events.emplace_back(block.first_number + i,
                                    reader ? reader->record(i).value_or("(damaged)") : "(damaged block)");
            from = block.first_number + block.event_count;
        }
    }
}

}  // namespace cairn::support
