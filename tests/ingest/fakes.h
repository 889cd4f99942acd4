#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "base/metrics.h"
#include "ingest/ingest.h"

namespace cairn::ingest::test {

/// An EventLog in memory with a thread of its own. Batches become durable in number order while it is not held.
class FakeLog final : public EventLog {
public:
    explicit FakeLog(std::uint64_t end = 0) : begin_(end), end_(end), thread_([this] { run(); }) {}

    ~FakeLog() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            changed_.notify_all();
        }
        thread_.join();
    }

    void append(Batch batch, Done done) override {
        const std::lock_guard lock(mutex_);
        std::uint64_t next = batch.first_number;
        for (const auto& block : batch.blocks) {
            EXPECT_EQ(block.first_number, next);
            EXPECT_NE(block.encoded.empty(), block.records.empty());
            EXPECT_TRUE(block.records.empty() || block.records.size() == block.fingerprints.size());
            EXPECT_TRUE(block.records.empty() || block.envelopes.size() == 1 ||
                        block.envelopes.size() == block.records.size());
            next += block.fingerprints.size();
        }
        EXPECT_EQ(next, batch.first_number + batch.event_count);
        EXPECT_TRUE(pending_.emplace(batch.first_number, Pending{std::move(batch), std::move(done)}).second);
        changed_.notify_all();
    }

    Result<void> admit(std::uint64_t raw_bytes) const override {
        const std::lock_guard lock(mutex_);
        if (raw_bytes > budget_) return fail(Code::exhausted, "disk budget is spent");
        return {};
    }

    std::uint64_t end() const override {
        const std::lock_guard lock(mutex_);
        return end_;
    }
    std::uint64_t begin() const override { return begin_; }

    Result<std::vector<StoredBlock>> read(std::uint64_t, std::size_t) override {
        return fail(Code::internal, "not here");
    }

    Result<StoredBlock> find(std::uint64_t number) override {
        const std::lock_guard lock(mutex_);
        const auto next = blocks_.upper_bound(number);
        if (number >= end_ || next == blocks_.begin()) return fail(Code::not_found, "no such event");
        const auto& block = std::prev(next)->second;
        if (trimmed_.contains(number)) return fail(Code::not_found, "trimmed");
        if (damaged_.contains(number)) return fail(Code::corrupt, "damaged");
        return block;
    }

    bool wait(std::uint64_t number, int timeout_ms) override {
        std::unique_lock lock(mutex_);
        waiters_.fetch_add(1);
        const bool there =
            changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return end_ > number; });
        waiters_.fetch_sub(1);
        return there;
    }

    void hold() {
        set([&] { held_ = true; });
    }
    void release() {
        set([&] { held_ = false; });
    }
    void fail_from(std::uint64_t number) {
        set([&] { fails_from_ = number; });
    }
    void set_budget(std::uint64_t bytes) {
        set([&] { budget_ = bytes; });
    }
    void trim(std::uint64_t number) {
        set([&] { trimmed_.insert(number); });
    }
    void damage(std::uint64_t number) {
        set([&] { damaged_.insert(number); });
    }
    bool has_waiter() const { return waiters_.load() > 0; }
    std::size_t block_count() const {
        const std::lock_guard lock(mutex_);
        return blocks_.size();
    }

private:
    struct Pending {
        Batch batch;
        Done done;
    };

    template <class Change>
    void set(Change&& change) {
        const std::lock_guard lock(mutex_);
        change();
        changed_.notify_all();
    }

    void run() {
        std::unique_lock lock(mutex_);
        std::uint64_t next = end_;
        while (true) {
            changed_.wait(
                lock, [&] { return stopping_ || (!held_ && !pending_.empty() && pending_.begin()->first == next); });
            if (held_ || pending_.empty() || pending_.begin()->first != next) return;
            auto taken = pending_.extract(pending_.begin());
            auto& [batch, done] = taken.mapped();
            next += batch.event_count;
            const bool fails = batch.first_number + batch.event_count > fails_from_;
            if (!fails) {
                for (auto& block : batch.blocks) store(block);
                end_ = next;
            }
            changed_.notify_all();
            lock.unlock();
            if (fails)
                done(fail(Code::unavailable, "sync failed"));
            else
                done({});
            lock.lock();
        }
    }

    void store(BlockInput& input) {
        auto bytes = std::make_shared<std::string>(std::move(input.encoded));
        if (bytes->empty()) {
            BlockBuilder builder(input.retention);
            for (std::size_t i = 0; i < input.records.size(); ++i)
                builder.add(input.records[i], input.envelopes.size() == 1 ? input.envelopes[0] : input.envelopes[i]);
            *bytes = builder.finish({});
        }
        blocks_[input.first_number] = {input.first_number, static_cast<std::uint32_t>(input.fingerprints.size()),
                                       input.retention, *bytes, bytes};
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    const std::uint64_t begin_;
    std::uint64_t end_;
    std::uint64_t fails_from_ = ~std::uint64_t{0}, budget_ = ~std::uint64_t{0};
    bool held_ = false, stopping_ = false;
    std::atomic<int> waiters_ = 0;
    std::map<std::uint64_t, Pending> pending_;
    std::map<std::uint64_t, StoredBlock> blocks_;
    std::set<std::uint64_t> trimmed_, damaged_;
    std::thread thread_;
};

/// Seen in memory. `mask` makes identities collide on purpose.
class FakeSeen final : public Seen {
public:
    explicit FakeSeen(std::uint64_t mask = ~std::uint64_t{0}) : mask_(mask) {}

    Result<void> find(std::span<const Fingerprint> candidates, Sightings& out) override {
        const Only only(*this);
        out.of.clear();
        out.suspects.clear();
        for (const auto& candidate : candidates) {
            Sighting sighting;
            sighting.suspects_begin = static_cast<std::uint32_t>(out.suspects.size());
            for (const auto& [content, number] : known_[candidate.identity & mask_]) {
                if (content == candidate.content) {
                    sighting.kind = Sighting::Kind::duplicate;
                    sighting.number = number;
                } else if (sighting.kind != Sighting::Kind::duplicate) {
                    sighting.kind = Sighting::Kind::suspect;
                    out.suspects.push_back(number);
                }
            }
            sighting.suspects_end = static_cast<std::uint32_t>(out.suspects.size());
            out.of.push_back(sighting);
        }
        return {};
    }

    Result<void> insert(std::span<const Fingerprint> events, std::uint64_t first_number) override {
        const Only only(*this);
        if (fails) return fail(Code::unavailable, "no room");
        EXPECT_GE(first_number, next_);
        next_ = first_number;
        for (const auto& event : events) known_[event.identity & mask_].push_back({event.content, next_++});
        return {};
    }

    void durable(std::uint64_t number) override {
        EXPECT_GE(number, durable_.load());
        durable_ = number;
    }

    Result<std::vector<std::uint64_t>> numbers_of(std::uint64_t) override { return std::vector<std::uint64_t>{}; }

    std::uint64_t durable_end() const { return durable_; }

    bool fails = false;

private:
    /// One caller at a time.
    struct Only {
        explicit Only(FakeSeen& seen) : seen(seen) { EXPECT_EQ(seen.inside_.fetch_add(1), 0); }
        ~Only() { seen.inside_.fetch_sub(1); }
        FakeSeen& seen;
    };

    const std::uint64_t mask_;
    std::atomic<int> inside_ = 0;
    std::unordered_map<std::uint64_t, std::vector<std::pair<Hash128, std::uint64_t>>> known_;
    std::uint64_t next_ = 0;
    std::atomic<std::uint64_t> durable_ = 0;
};

/// Takes what is published and checks the order.
class FakeView final : public LiveView {
public:
    explicit FakeView(const FakeLog& log) : log_(log), next_(log.end()) {}

    void publish(const IndexBatch& batch) override {
        for (const auto& row : batch.rows) {
            EXPECT_EQ(row.number, next_.load());
            EXPECT_LT(row.number, log_.end());
            const std::lock_guard lock(mutex_);
            ids_.push_back(row.id_hash);
            next_ = row.number + 1;
        }
    }

    std::uint64_t end() const { return next_; }
    std::vector<std::uint64_t> id_hashes() const {
        const std::lock_guard lock(mutex_);
        return ids_;
    }

private:
    const FakeLog& log_;
    std::atomic<std::uint64_t> next_;
    mutable std::mutex mutex_;
    std::vector<std::uint64_t> ids_;
};

class FakeClock final : public Clock {
public:
    Time now() const override { return from_milliseconds(1795276800000); }
};

inline std::string record(const std::string& id, const std::string& name = "RunInstances",
                          const std::string& account = "123456789012", const std::string& category = "Management") {
    return R"({"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"2026-11-21T16:00:00Z","eventSource":"ec2.amazonaws.com","eventName":")" +
           name + R"(","awsRegion":"us-east-1","eventID":")" + id + R"(","recipientAccountId":")" + account +
           R"(","eventType":"AwsApiCall","eventCategory":")" + category + "\"}";
}

/// Notes every record but those named "AssumeNothing".
class FakeLearner final : public LiveLearner {
public:
    std::optional<CallNote> look(const EventView& event, bool from_gateway, std::string_view evidence) override {
        if (event.event_name == "AssumeNothing") return std::nullopt;
        CallNote note;
        note.text = std::string(event.event_id) + (from_gateway ? " gateway " : " trail ") + std::string(evidence);
        return note;
    }
    void publish(std::uint64_t end, std::vector<CallNote> notes) override {
        const std::lock_guard lock(mutex_);
        end_ = end;
        for (const auto& note : notes) noted_.emplace_back(note.number, note.text);
    }

    std::uint64_t end() const {
        const std::lock_guard lock(mutex_);
        return end_;
    }
    std::vector<std::pair<std::uint64_t, std::string>> noted() const {
        const std::lock_guard lock(mutex_);
        return noted_;
    }

private:
    mutable std::mutex mutex_;
    std::uint64_t end_ = 0;  // guarded by mutex_, as is the next
    std::vector<std::pair<std::uint64_t, std::string>> noted_;
};

/// An Ingest on fakes.
struct House {
    explicit House(std::uint64_t end = 0, std::uint64_t mask = ~std::uint64_t{0})
        : log(end),
          seen(mask),
          view(log),
          ingest({log, seen, {&view, &second_view}, [] { return BlockCodec{}; }, {}, key, clock, metrics, {}, &learner},
                 {}) {}

    FakeLog log;
    FakeSeen seen;
    FakeView view;
    FakeView second_view{log};
    FakeLearner learner;
    HashKey key{std::string(32, 'k')};
    FakeClock clock;
    Metrics metrics;
    Ingest ingest;

    /// Copies the records into one buffer with the padding they need.
    struct Body {
        std::shared_ptr<std::string> buffer;
        std::vector<std::string_view> texts;
    };
    static Body body(const std::vector<std::string>& records) {
        Body result{std::make_shared<std::string>(), {}};
        for (const auto& text : records) *result.buffer += text;
        result.buffer->append(RecordParser::padding, '\0');
        std::size_t at = 0;
        for (const auto& text : records) {
            result.texts.push_back(std::string_view(*result.buffer).substr(at, text.size()));
            at += text.size();
        }
        return result;
    }

    Result<Receipt> put(const std::vector<std::string>& records, Writer writer = {}) {
        auto [buffer, texts] = body(records);
        return ingest.submit_and_wait(std::move(buffer), std::move(texts), std::move(writer));
    }

    void put_later(const std::vector<std::string>& records, Ingest::Done done) {
        auto [buffer, texts] = body(records);
        ingest.submit(std::move(buffer), std::move(texts), {}, std::move(done));
    }

    std::uint64_t counted(const char* outcome) {
        return metrics.counter("cairn_ingest_records_total", "", {{"outcome", outcome}}).value();
    }
};

}  // namespace cairn::ingest::test
