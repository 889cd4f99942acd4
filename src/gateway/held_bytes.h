#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "gateway/body_copy.h"

namespace cairn::gateway {

/// What of an answer waits for its record. It counts as the copies of bodies do; what comes when their memory is spent
/// is kept all the same, but uncounted: spent() says then that no more should be waited for.
class HeldBytes {
public:
    HeldBytes() = default;
    ~HeldBytes() { take(); }
    HeldBytes(const HeldBytes&) = delete;
    HeldBytes& operator=(const HeldBytes&) = delete;

    void add(CopyBudget& budget, std::string_view bytes) {
        budget_ = &budget;
        bytes_.append(bytes);
        if (budget.reserve(bytes.size()))
            counted_ += bytes.size();
        else
            spent_ = true;
    }

    std::size_t size() const { return bytes_.size(); }
    bool spent() const { return spent_; }

    std::string take() {
        if (counted_ > 0) budget_->give_back(std::exchange(counted_, 0));  // empty, it may outlive its budget
        return std::exchange(bytes_, {});
    }

private:
    CopyBudget* budget_ = nullptr;
    std::size_t counted_ = 0;
    bool spent_ = false;
    std::string bytes_;
};

}  // namespace cairn::gateway
