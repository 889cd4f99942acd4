#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "seam/meta_store.h"

namespace cairn::support {

/// A meta store in memory. `work` runs twice for each transaction, the first time for nothing, so that a test notices
/// work with effects of its own. Any thread.
class MemoryMetaStore final : public MetaStore {
public:
    Result<void> transact(const std::function<Result<void>(Transaction&)>& work) override {
        const std::lock_guard lock(mutex_);
        if (failure_) return fail(*failure_);
        auto rehearsal = pairs_;
        if (auto done = run(work, rehearsal); !done) return done;
        auto changed = pairs_;
        if (auto done = run(work, changed); !done) return done;
        pairs_ = std::move(changed);
        return {};
    }

    Result<void> view(const std::function<Result<void>(Transaction&)>& work) override {
        const std::lock_guard lock(mutex_);
        ++view_count_;
        if (failure_) return fail(*failure_);
        auto copy = pairs_;
        return run(work, copy);
    }

    /// From now on every call fails with this; empty: no more.
    void fail_with(std::optional<Error> failure) {
        const std::lock_guard lock(mutex_);
        failure_ = std::move(failure);
    }

    std::size_t view_count() const {
        const std::lock_guard lock(mutex_);
        return view_count_;
    }

    /// Everything that is stored, as one text: to look for what must not be there.
    std::string dump() const {
        const std::lock_guard lock(mutex_);
        std::string text;
        for (const auto& [place, value] : pairs_) text += place.first + " " + place.second + " " + value + "\n";
        return text;
    }

private:
    using Pairs = std::map<std::pair<std::string, std::string>, std::string>;

    class View final : public Transaction {
    public:
        explicit View(Pairs& pairs) : pairs_(pairs) {}

        Result<std::optional<std::string>> get(std::string_view space, std::string_view key) override {
            const auto found = pairs_.find({std::string(space), std::string(key)});
            return found == pairs_.end() ? std::optional<std::string>() : found->second;
        }
        Result<void> put(std::string_view space, std::string_view key, std::string_view value) override {
            pairs_[{std::string(space), std::string(key)}] = value;
            return {};
        }
        Result<void> erase(std::string_view space, std::string_view key) override {
            pairs_.erase({std::string(space), std::string(key)});
            return {};
        }
        Result<std::vector<std::pair<std::string, std::string>>> scan(std::string_view space, std::string_view prefix,
                                                                      std::string_view after,
                                                                      std::size_t count_max) override {
            std::vector<std::pair<std::string, std::string>> found;
            for (const auto& [place, value] : pairs_) {
                if (found.size() == count_max) break;
                if (place.first == space && place.second.starts_with(prefix) && place.second > after)
                    found.emplace_back(place.second, value);
            }
            return found;
        }

    private:
        Pairs& pairs_;
    };

    static Result<void> run(const std::function<Result<void>(Transaction&)>& work, Pairs& pairs) {
        View view(pairs);
        return work(view);
    }

    mutable std::mutex mutex_;
    Pairs pairs_;
    std::optional<Error> failure_;
    std::size_t view_count_ = 0;
};

}  // namespace cairn::support
