#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace cairn::gateway {

/// How much memory the copies of all bodies may take together. Any thread.
class CopyBudget {
public:
    explicit CopyBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// False when it is spent.
    bool take(std::size_t bytes) {
        if (taken_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
        give_back(bytes);
        return false;
    }
    void give_back(std::size_t bytes) { taken_.fetch_sub(bytes, std::memory_order_relaxed); }
    std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

private:
    const std::size_t bytes_max_;
    std::atomic<std::size_t> taken_{0};
};

/// A copy of a body as it passes: whole, or nothing once it grows beyond its limit or the budget is spent.
class BodyCopy {
public:
    BodyCopy() = default;
    ~BodyCopy() { drop(); }
    BodyCopy(const BodyCopy&) = delete;
    BodyCopy& operator=(const BodyCopy&) = delete;

    void begin(CopyBudget& budget, std::size_t bytes_max) {
        drop();
        budget_ = &budget;
        bytes_max_ = bytes_max;
        whole_ = true;
    }

    void add(std::string_view data) {
        if (!whole_ || data.empty()) return;
        if (bytes_.size() + data.size() > bytes_max_ || !budget_->take(data.size())) {
            drop();
            whole_ = false;
            return;
        }
        bytes_.append(data);
    }

    bool whole() const { return whole_; }

    /// The bytes; the copy is empty afterwards, and the budget has them back.
    std::string take() {
        if (!bytes_.empty()) budget_->give_back(bytes_.size());  // an empty copy may outlive its budget
        return std::exchange(bytes_, {});
    }

private:
    void drop() { take(); }

    CopyBudget* budget_ = nullptr;
    std::size_t bytes_max_ = 0;
    bool whole_ = false;
    std::string bytes_;
};

}  // namespace cairn::gateway
