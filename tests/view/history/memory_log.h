#pragma once

#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "seam/event_log.h"

namespace cairn::history::test {

/// An EventLog in memory whose batches are whole blocks. Any thread.
class MemoryLog : public EventLog {
public:
    /// Stores records as blocks of at most `block_events`; returns the number of the first.
    std::uint64_t add(const std::vector<std::string>& records, std::size_t block_events = 7,
                      const BlockCodec& codec = {}) {
        std::uint64_t first = 0;
        {
            std::lock_guard lock(mutex_);
            first = end_;
        }
        for (std::size_t begin = 0; begin < records.size(); begin += block_events) {
            BlockBuilder builder(RetentionClass::management);
            const auto end = std::min(records.size(), begin + block_events);
            for (auto i = begin; i < end; ++i) builder.add(records[i], {});
            put(first + begin, static_cast<std::uint32_t>(end - begin), builder.finish(codec));
        }
        std::lock_guard lock(mutex_);
        end_ = first + records.size();
        changed_.notify_all();
        return first;
    }

    void put(std::uint64_t first, std::uint32_t count, std::string bytes) {
        std::lock_guard lock(mutex_);
        blocks_[first] = {count, std::make_shared<const std::string>(std::move(bytes))};
    }

    /// Forgets whole blocks within [from, to).
    void trim(std::uint64_t from, std::uint64_t to) {
        std::lock_guard lock(mutex_);
        std::erase_if(blocks_,
                      [&](const auto& each) { return each.first >= from && each.first + each.second.count <= to; });
        begin_ = blocks_.empty() ? end_ : blocks_.begin()->first;
    }

    bool holds(std::uint64_t number) { return find(number).has_value(); }

    void append(Batch, Done) override { CAIRN_CHECK(!"not used"); }
    Result<void> admit(std::uint64_t) const override { return {}; }

    std::uint64_t end() const override {
        std::lock_guard lock(mutex_);
        return end_;
    }
    std::uint64_t begin() const override {
        std::lock_guard lock(mutex_);
        return begin_;
    }

    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) override {
        std::lock_guard lock(mutex_);
        std::vector<StoredBlock> found;
        std::size_t bytes = 0;
        auto block = blocks_.upper_bound(from);
        if (block != blocks_.begin() && std::prev(block)->first + std::prev(block)->second.count > from) --block;
        for (; block != blocks_.end() && (found.empty() || bytes < bytes_max); ++block) {
            found.push_back(stored(*block));
            bytes += found.back().bytes.size();
        }
        return found;
    }

    Result<StoredBlock> find(std::uint64_t number) override {
        std::lock_guard lock(mutex_);
        const auto behind = blocks_.upper_bound(number);
        if (behind == blocks_.begin() || std::prev(behind)->first + std::prev(behind)->second.count <= number)
            return fail(Code::not_found, "no event " + std::to_string(number));
        return stored(*std::prev(behind));
    }

    void expect(std::span<const std::uint64_t> numbers) override {
        std::lock_guard lock(mutex_);
        expected_.insert(expected_.end(), numbers.begin(), numbers.end());
    }

    /// What readers hinted at since the last call.
    std::vector<std::uint64_t> take_expected() {
        std::lock_guard lock(mutex_);
        return std::exchange(expected_, {});
    }

    bool wait(std::uint64_t number, int timeout_ms) override {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return end_ > number; });
    }

private:
    struct Block {
        std::uint32_t count = 0;
        std::shared_ptr<const std::string> bytes;
    };

    static StoredBlock stored(const std::pair<const std::uint64_t, Block>& block) {
        return {block.first, block.second.count, RetentionClass::management, *block.second.bytes, block.second.bytes};
    }

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::uint64_t, Block> blocks_;  // guarded by mutex_
    std::vector<std::uint64_t> expected_;    // guarded by mutex_
    std::uint64_t begin_ = 0, end_ = 0;      // guarded by mutex_
};

}  // namespace cairn::history::test
