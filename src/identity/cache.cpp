#include "identity/cache.h"

#include <limits>
#include <mutex>

#include "base/log.h"

namespace cairn::identity {

namespace {

constexpr std::int64_t ask_interval_ms = 1000;
constexpr std::size_t absent_count_max = 10'000;  // so that guessing ids costs no memory
constexpr auto never = std::numeric_limits<std::int64_t>::min();

}  // namespace

Cache::Cache(const Clock& clock, std::function<Result<Head>()> load_head)
    : clock_(clock), load_head_(std::move(load_head)), asked_ms_(never) {}

bool Cache::take_turn() {
    const auto now = to_milliseconds(clock_.now());
    auto asked = asked_ms_.load();
    // The clock may jump back.
    if (asked != never && now >= asked && now - asked < ask_interval_ms) return false;
    return asked_ms_.compare_exchange_strong(asked, now);
}

Result<void> Cache::refresh() {
    if (!take_turn()) {
        const std::shared_lock lock(mutex_);
        if (head_) return {};
    }
    return update();
}

Result<void> Cache::update() {
    auto head = load_head_();
    const std::unique_lock lock(mutex_);
    if (!head) {
        if (!head_) return fail(std::move(head).error());
        log_warning("changes of keys are not seen while the meta store cannot be read",
                    {{"reason", head.error().message}});
        return {};
    }
    // Two threads may have asked: the older answer must not win.
    if (head_ && head_->version >= head->version) return {};
    found_.clear();
    absent_.clear();
    head_ = std::move(*head);
    return {};
}

std::optional<Cache::Found> Cache::find(const std::string& name) const {
    const std::shared_lock lock(mutex_);
    if (const auto known = found_.find(name); known != found_.end()) return known->second;
    if (absent_.contains(name)) return Found();
    return std::nullopt;
}

void Cache::remember(const std::string& name, const Loaded& loaded) {
    const std::unique_lock lock(mutex_);
    if (!head_ || head_->version != loaded.version) return;
    if (loaded.found) {
        found_.insert_or_assign(name, loaded.found);
        return;
    }
    if (absent_.size() >= absent_count_max) absent_.clear();
    absent_.insert(name);
}

std::string Cache::operator_account() const {
    const std::shared_lock lock(mutex_);
    return head_ ? head_->operator_account : std::string();
}

}  // namespace cairn::identity
