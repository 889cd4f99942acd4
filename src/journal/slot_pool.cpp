#include "journal/slot_pool.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"

namespace cairn::journal {

namespace {

/// Written once, so that no commit has to turn reserved space into written space.
Result<void> write_zeros(File& file, std::uint64_t bytes) {
    const std::string zeros(std::min<std::uint64_t>(bytes, 1 << 20), '\0');
    for (std::uint64_t at = 0; at < bytes; at += zeros.size())
        CAIRN_TRY(file.write(at, std::string_view(zeros).substr(0, bytes - at)));
    return file.sync();
}

}  // namespace

Result<SlotPointer> SlotPool::take(std::uint64_t bytes) {
    {
        std::lock_guard lock(mutex_);
        const auto fits = [&](const SlotPointer& slot) { return slot.use_count() == 1 && slot->bytes >= bytes; };
        const auto found = std::ranges::find_if(free_, fits);
        if (found != free_.end()) {
            auto slot = std::move(*found);
            free_.erase(found);
            return slot;
        }
    }
    return make(std::max(bytes, slot_bytes_));
}

Result<SlotPointer> SlotPool::make(std::uint64_t bytes) {
    std::string path;
    {
        std::lock_guard lock(mutex_);
        path = fmt::format("{}/journal/{:04}", folder_, next_name_++);
    }
    const auto made = [&]() -> Result<SlotPointer> {
        auto file = disk_.open(path, OpenMode::create);
        if (!file) return fail(std::move(file).error());
        CAIRN_TRY((*file)->preallocate(bytes));
        CAIRN_TRY((*file)->sync());
        CAIRN_TRY(disk_.sync_folder(folder_ + "/journal"));
        auto map = disk_.map(path);
        if (!map) return fail(std::move(map).error());
        return std::make_shared<Slot>(Slot{path, (*map)->bytes().size(), std::move(*file), std::move(*map)});
    }();
    if (!made) {
        (void)disk_.remove(path);  // a half-made file would hold the space that is missing
        return made;
    }
    std::lock_guard lock(mutex_);
    bytes_ += (*made)->bytes;
    return made;
}

void SlotPool::give_back(SlotPointer slot) {
    std::lock_guard lock(mutex_);
    free_.push_back(std::move(slot));
}

Result<void> SlotPool::prepare() {
    {
        std::lock_guard lock(mutex_);
        if (std::ranges::any_of(free_, [](const SlotPointer& slot) { return slot.use_count() == 1; })) return {};
    }
    auto slot = make(slot_bytes_);
    if (!slot) return fail(std::move(slot).error());
    if (auto written = write_zeros(*(*slot)->file, slot_bytes_); !written) {
        (void)discard((*slot)->path, (*slot)->bytes);
        return written;
    }
    give_back(std::move(*slot));
    return {};
}

Result<void> SlotPool::keep(std::size_t count) {
    std::vector<SlotPointer> surplus;
    {
        std::lock_guard lock(mutex_);
        while (free_.size() > count) {
            surplus.push_back(std::move(free_.back()));
            free_.pop_back();
            bytes_ -= surplus.back()->bytes;
        }
    }
    for (const auto& slot : surplus) CAIRN_TRY(disk_.remove(slot->path));
    return {};
}

Result<void> SlotPool::discard(const std::string& path, std::uint64_t bytes) {
    {
        std::lock_guard lock(mutex_);
        bytes_ -= bytes;
    }
    return disk_.remove(path);
}

void SlotPool::know(const std::string& name, std::uint64_t bytes) {
    std::uint64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    std::lock_guard lock(mutex_);
    next_name_ = std::max(next_name_, number + 1);
    bytes_ += bytes;
}

std::uint64_t SlotPool::bytes() const {
    std::lock_guard lock(mutex_);
    return bytes_;
}

std::uint64_t SlotPool::free_bytes() const {
    std::lock_guard lock(mutex_);
    std::uint64_t bytes = 0;
    for (const auto& slot : free_)
        if (slot.use_count() == 1) bytes += slot->bytes;
    return bytes;
}

}  // namespace cairn::journal
