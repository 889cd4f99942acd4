#include "journal/archive.h"

#include <algorithm>

namespace cairn::journal {

namespace {

using Files = std::vector<ArchiveFilePointer>;

/// The first file that ends after `number`.
Files::const_iterator file_from(const Files& files, std::uint64_t number) {
    return std::ranges::partition_point(files, [&](const auto& file) { return file->info().end_number <= number; });
}

}  // namespace

std::optional<ArchiveView::Place> ArchiveView::find(std::uint64_t number) const {
    for (const auto& lane : files) {
        const auto file = file_from(lane, number);
        if (file == lane.end() || (*file)->info().first_number > number) continue;
        const auto entries = entries_from((*file)->table(), number);
        if (!entries.empty() && entries.front().first_number <= number) return Place{*file, entries.front()};
    }
    return std::nullopt;
}

std::optional<std::uint64_t> ArchiveView::begin() const {
    std::optional<std::uint64_t> oldest;
    for (const auto& lane : files)
        if (!lane.empty()) oldest = std::min(oldest.value_or(UINT64_MAX), lane.front()->info().first_number);
    return oldest;
}

std::uint64_t ArchiveView::bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& lane : files)
        for (const auto& file : lane) bytes += file->info().bytes;
    return bytes;
}

ArchiveCursor::ArchiveCursor(ArchiveViewPointer view, std::uint64_t from) : view_(std::move(view)) {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        const auto& files = view_->files[i];
        const auto file = file_from(files, from);
        lanes_[i].file = static_cast<std::size_t>(file - files.begin());
        if (file != files.end())
            lanes_[i].entry = (*file)->table().size() - entries_from((*file)->table(), from).size();
    }
}

const BlockEntry* ArchiveCursor::head(std::size_t retention) const {
    const auto& lane = lanes_[retention];
    const auto& files = view_->files[retention];
    return lane.file == files.size() ? nullptr : &files[lane.file]->table()[lane.entry];
}

std::optional<ArchiveView::Place> ArchiveCursor::next() {
    std::size_t best = lanes_.size();
    const BlockEntry* best_entry = nullptr;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        auto& lane = lanes_[i];
        const auto& files = view_->files[i];
        while (lane.file < files.size() && lane.entry == files[lane.file]->table().size()) lane = {lane.file + 1, 0};
        const auto* const entry = head(i);
        if (entry != nullptr && (best_entry == nullptr || entry->first_number < best_entry->first_number)) {
            best = i;
            best_entry = entry;
        }
    }
    if (best_entry == nullptr) return std::nullopt;
    auto& lane = lanes_[best];
    ++lane.entry;
    return ArchiveView::Place{view_->files[best][lane.file], *best_entry};
}

}  // namespace cairn::journal
