#include "view/trail/open_files.h"

namespace cairn::trail {

void OpenFiles::add(const std::string& lane, const std::string& key) {
    const std::lock_guard lock(mutex_);
    keys_[lane].insert(key);
}

void OpenFiles::drop(const std::string& lane, const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto trail = keys_.find(lane);
    if (trail == keys_.end()) return;
    trail->second.erase(key);
    if (trail->second.empty()) keys_.erase(trail);
}

std::size_t OpenFiles::count(std::string_view lane) const {
    const std::lock_guard lock(mutex_);
    const auto trail = keys_.find(lane);
    return trail == keys_.end() ? 0 : trail->second.size();
}

void OpenFiles::clear() {
    const std::lock_guard lock(mutex_);
    keys_.clear();
}

}  // namespace cairn::trail
