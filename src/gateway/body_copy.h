#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/metrics.h"

namespace cairn::gateway {

/// How much memory the copies of all bodies may take together. Any thread.
class CopyBudget {
public:
    /// `spent` counts the bodies that it left no room for; it outlives the budget.
    CopyBudget(std::size_t bytes_max, Counter& spent) : bytes_max_(bytes_max), spent_(spent) {}

    /// False when it is spent.
    bool take(std::size_t bytes) {
        if (reserve(bytes)) return true;
        spent_.add();
        return false;
    }
    /// Likewise, of something else than a body's copy.
    bool reserve(std::size_t bytes) {
        if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
        give_back(bytes);
        return false;
    }
    void give_back(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
    std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

private:
    const std::size_t bytes_max_;
    Counter& spent_;
    std::atomic<std::size_t> taken_{0};
};

/// A copy of a body as it passes: whole, or only its first bytes once it grows beyond its limit, or nothing once the
/// budget is spent.
class BodyCopy {
public:
    BodyCopy() = default;
    ~BodyCopy() { drop(); }
    BodyCopy(const BodyCopy&) = delete;
    BodyCopy& operator=(const BodyCopy&) = delete;

    /// Of a body longer than `bytes_max` its `first_bytes` are kept.
    void begin(CopyBudget& budget, std::size_t bytes_max, std::size_t first_bytes = 0) {
        drop();
        budget_ = &budget;
        bytes_max_ = bytes_max;
        first_bytes_ = first_bytes;
        whole_ = true;
    }

    void add(std::string_view data) {
        if (!whole_ || data.empty()) return;
        if (bytes_.size() + data.size() <= bytes_max_) {
            if (budget_->take(data.size())) {
                bytes_.append(data);
                return;
            }
            first_bytes_ = 0;
        }
        whole_ = false;
        keep_first(data);
    }

    bool whole() const { return whole_; }
    std::string_view bytes() const { return bytes_; }

    /// The bytes; the copy is empty afterwards, and the budget has them back.
    std::string take() {
        if (!bytes_.empty()) budget_->give_back(bytes_.size());  // an empty copy may outlive its budget
        return std::exchange(bytes_, {});
    }

private:
    void drop() { take(); }

    void keep_first(std::string_view more) {
        if (bytes_.size() < first_bytes_) {
            more = more.substr(0, std::min(more.size(), first_bytes_ - bytes_.size()));
            if (budget_->take(more.size())) bytes_.append(more);
            return;
        }
        budget_->give_back(bytes_.size() - first_bytes_);
        bytes_.resize(first_bytes_);
        bytes_.shrink_to_fit();
    }

    CopyBudget* budget_ = nullptr;
    std::size_t bytes_max_ = 0, first_bytes_ = 0;
    bool whole_ = false;
    std::string bytes_;
};

}  // namespace cairn::gateway
