#include "view/trail/contents.h"

namespace cairn::trail {

void Contents::keep(const std::string& key, Batch::Finished finished) {
    const std::lock_guard lock(mutex_);
    std::uint64_t bytes = finished.content.size();
    if (finished.spool) {
        const auto file = disk_.open(*finished.spool, OpenMode::read);
        const auto size = file ? (*file)->size() : Result<std::uint64_t>(std::uint64_t{0});
        bytes = size ? *size : 0;
    }
    (finished.spool ? spooled_ : memory_) += bytes;
    entries_.push_back({key, std::move(finished), bytes});
    places_[key] = std::prev(entries_.end());
    for (auto entry = entries_.begin();
         entry != std::prev(entries_.end()) && (memory_ > limits_.memory_bytes || spooled_ > limits_.spool_bytes);) {
        const auto next = std::next(entry);
        const bool helps = entry->finished.spool ? spooled_ > limits_.spool_bytes : memory_ > limits_.memory_bytes;
        if (helps) drop_locked(entry);
        entry = next;
    }
}

std::optional<std::string> Contents::find(const std::string& key) {
    std::optional<std::string> spool;
    {
        const std::lock_guard lock(mutex_);
        const auto place = places_.find(key);
        if (place == places_.end()) return std::nullopt;
        if (!place->second->finished.spool) return place->second->finished.content;
        spool = place->second->finished.spool;
    }
    auto bytes = read_file(disk_, *spool);
    return bytes ? std::optional(std::move(*bytes)) : std::nullopt;
}

void Contents::drop(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto place = places_.find(key);
    if (place != places_.end()) drop_locked(place->second);
}

void Contents::drop_locked(std::list<Entry>::iterator entry) {
    (entry->finished.spool ? spooled_ : memory_) -= entry->bytes;
    if (entry->finished.spool)
        (void)disk_.remove(*entry->finished.spool);  // one that stays is replaced by the next of its name
    places_.erase(entry->key);
    entries_.erase(entry);
}

}  // namespace cairn::trail
