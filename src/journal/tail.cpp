#include "journal/tail.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/check.h"

namespace cairn::journal {

namespace {

StoredBlock block_in(const SlotPointer& slot, const BlockEntry& entry) {
    return {entry.first_number, entry.event_count, entry.retention_class(),
            slot->map->bytes().substr(entry.block_offset(), entry.block_bytes), slot};
}

std::vector<StoredBlock> archive_blocks(const ArchiveViewPointer& archive, std::uint64_t from, std::size_t bytes_max,
                                        std::uint64_t& damaged) {
    std::vector<StoredBlock> blocks;
    std::size_t bytes = 0;
    ArchiveCursor cursor(archive, from);
    while (const auto place = cursor.next()) {
        if (!blocks.empty() && bytes + place->entry.block_bytes > bytes_max) break;
        if (!place->file->frame(place->entry)) {
            ++damaged;
            continue;
        }
        blocks.push_back(place->file->block(place->entry));
        bytes += place->entry.block_bytes;
    }
    return blocks;
}

}  // namespace

void Contents::set(ArchiveViewPointer archive, std::deque<TailFilePointer> tail, std::vector<Finding> losses,
                   std::uint64_t sealed_number, std::uint64_t end_number) {
    std::lock_guard lock(mutex_);
    archive_ = std::move(archive);
    tail_ = std::move(tail);
    losses_ = std::move(losses);
    for (const auto& file : tail_) losses_.insert(losses_.end(), file->losses.begin(), file->losses.end());
    sealed_number_ = sealed_number;
    end_ = end_number;
}

void Contents::roll(TailFilePointer file) {
    std::lock_guard lock(mutex_);
    if (!tail_.empty()) tail_.back()->open = false;
    if (!file) return;
    file->open = true;
    tail_.push_back(std::move(file));
}

void Contents::commit(std::span<const BlockEntry> entries, std::uint64_t offset, std::uint64_t used_bytes,
                      const Chain& chain, std::int64_t newest_ms, std::int64_t ingest_ms) {
    std::lock_guard lock(mutex_);
    auto& file = *tail_.back();
    if (file.entries.empty()) file.oldest_ingest_ms = ingest_ms;
    for (auto entry : entries) {
        entry.offset += offset;
        file.entries.push_back(entry);
    }
    file.end_sequence += entries.size();
    file.end_number = end_ = entries.back().end_number();
    file.end_chain = chain;
    file.used_bytes = used_bytes;
    file.newest_ms = std::max(file.newest_ms, newest_ms);
    grown_.notify_all();
}

void Contents::seal(ArchiveViewPointer archive) {
    TailFilePointer sealed;  // destroyed after the lock is free
    std::lock_guard lock(mutex_);
    archive_.swap(archive);  // so is the archive as it was
    sealed = std::move(tail_.front());
    tail_.pop_front();
    sealed_number_ = sealed->end_number;
}

void Contents::replace_archive(ArchiveViewPointer archive) {
    std::lock_guard lock(mutex_);
    archive_.swap(archive);
}

TailFilePointer Contents::sealable() const {
    std::lock_guard lock(mutex_);
    return !tail_.empty() && !tail_.front()->open ? tail_.front() : nullptr;
}

std::optional<std::int64_t> Contents::oldest_ingest_ms() const {
    std::lock_guard lock(mutex_);
    if (tail_.empty() || !tail_.back()->open || tail_.back()->entries.empty()) return std::nullopt;
    return tail_.back()->oldest_ingest_ms;
}

ArchiveViewPointer Contents::archive() const {
    std::lock_guard lock(mutex_);
    return archive_;
}

std::uint64_t Contents::begin() const {
    std::lock_guard lock(mutex_);
    if (const auto oldest = archive_->begin()) return *oldest;
    for (const auto& file : tail_)
        if (!file->entries.empty()) return file->entries.front().first_number;
    return end_;
}

std::uint64_t Contents::end() const {
    std::lock_guard lock(mutex_);
    return end_;
}

std::uint64_t Contents::unsealed_bytes() const {
    std::lock_guard lock(mutex_);
    std::uint64_t bytes = 0;
    for (const auto& file : tail_) bytes += file->used_bytes;
    return bytes;
}

bool Contents::wait(std::uint64_t number, int timeout_ms) const {
    std::unique_lock lock(mutex_);
    return grown_.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] { return end_ > number; });
}

std::vector<StoredBlock> Contents::tail_blocks(std::uint64_t from, std::size_t bytes_max) const {
    std::vector<StoredBlock> blocks;
    std::size_t bytes = 0;
    for (const auto& file : tail_) {
        for (const auto& entry : entries_from(file->entries, from)) {
            if (!blocks.empty() && bytes + entry.block_bytes > bytes_max) return blocks;
            blocks.push_back(block_in(file->slot, entry));
            bytes += entry.block_bytes;
        }
    }
    return blocks;
}

Result<std::vector<StoredBlock>> Contents::read(std::uint64_t from, std::size_t bytes_max,
                                                std::uint64_t& damaged) const {
    for (;;) {
        ArchiveViewPointer archive;
        std::uint64_t sealed_number = 0;
        {
            std::lock_guard lock(mutex_);
            if (from >= end_) return std::vector<StoredBlock>();
            if (from >= sealed_number_) return tail_blocks(from, bytes_max);
            archive = archive_;
            sealed_number = sealed_number_;
        }
        auto blocks = archive_blocks(archive, from, bytes_max, damaged);
        if (!blocks.empty()) return blocks;
        from = sealed_number;
    }
}

const Finding* Contents::loss_of(std::uint64_t number) const {
    const auto holds = [&](const Finding& loss) { return loss.first_number <= number && number < loss.end_number; };
    const auto found = std::ranges::find_if(losses_, holds);
    return found == losses_.end() ? nullptr : &*found;
}

Result<StoredBlock> Contents::find(std::uint64_t number) const {
    ArchiveViewPointer archive;
    {
        std::lock_guard lock(mutex_);
        if (number >= end_) return fail(Code::not_found, fmt::format("event {} was not written yet", number));
        if (const auto* const loss = loss_of(number))
            return fail(Code::corrupt,
                        fmt::format("event {}: {} at {}: {}", number, loss->path, loss->offset, loss->what));
        if (number >= sealed_number_) {
            for (const auto& file : tail_) {
                const auto entries = entries_from(file->entries, number);
                if (!entries.empty() && entries.front().first_number <= number)
                    return block_in(file->slot, entries.front());
            }
        }
        archive = archive_;
    }
    if (const auto place = archive->find(number)) return place->file->block(place->entry);
    return fail(Code::not_found, fmt::format("event {} is not stored any more", number));
}

/// The tail was written a moment ago.
void Contents::expect(std::span<const std::uint64_t> numbers) const {
    ArchiveViewPointer archive;
    {
        std::lock_guard lock(mutex_);
        archive = archive_;
    }
    std::optional<ArchiveView::Place> place;
    for (const auto number : numbers) {
        if (place && number >= place->entry.first_number && number < place->entry.end_number()) continue;
        place = archive->find(number);
        if (place) place->file->will_need(place->entry);
    }
}

Result<void> Contents::for_each_fingerprint(std::uint64_t from, const UseFingerprints& use) const {
    const auto give = [&](const FrameHeader& header, std::string_view frame) {
        const auto all = fingerprints_of(header, frame);
        const auto skipped = from > header.first_number ? from - header.first_number : 0;
        use(header.first_number + skipped, all.subspan(skipped));
        from = header.end_number();
    };
    ArchiveViewPointer archive;
    std::vector<std::pair<SlotPointer, BlockEntry>> tail;
    {
        std::lock_guard lock(mutex_);
        archive = archive_;
        for (const auto& file : tail_)
            for (const auto& entry : file->entries) tail.emplace_back(file->slot, entry);
    }
    ArchiveCursor cursor(archive, from);
    while (const auto place = cursor.next())
        if (const auto frame = place->file->frame(place->entry)) give(frame->header, frame->bytes);
    for (const auto& [slot, entry] : tail) {
        if (entry.end_number() <= from) continue;
        const auto bytes = slot->map->bytes().substr(entry.offset);
        const auto header = read_frame_header(bytes);
        if (header && body_is_whole(*header, bytes)) give(*header, bytes);
    }
    return {};
}

}  // namespace cairn::journal
