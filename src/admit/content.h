#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>

#include "admit/pages.h"
#include "base/hash.h"

namespace cairn::admit {

/// The content hashes of the events [first, end), by number. A damaged one only costs a look at the record: its event
/// is a suspect instead of a duplicate until the file is written again. Opened at the first use. Any thread.
class ContentFile {
public:
    static constexpr std::uint64_t hashes_per_page = page_payload / sizeof(Hash128);

    ContentFile(Disk& disk, std::string path, std::uint64_t file_id, std::uint64_t first, std::uint64_t end)
        : disk_(disk), path_(std::move(path)), file_id_(file_id), first_(first), end_(end) {}

    std::uint64_t file_id() const { return file_id_; }
    std::uint64_t first() const { return first_; }
    std::uint64_t end() const { return end_; }

    /// The hash of `number` and those behind it, as far as they lie on one page. Empty when damaged.
    std::span<const Hash128> from(std::uint64_t number) const;

    /// Where the hash of `number` will be read: fetched into the cache.
    void prefetch(std::uint64_t number) const;

    /// Starts reading from `number` on.
    void will_need(std::uint64_t number, std::uint64_t count) const;

    /// Reads all of it. Error: corrupt. Blocks.
    Result<void> verify() const;

    bool damaged() const { return damaged_.load(std::memory_order_relaxed) || (opened() && opened()->damaged()); }

private:
    const PagedFile* opened() const { return file_.load(std::memory_order_acquire); }
    const PagedFile* open() const;

    Disk& disk_;
    const std::string path_;
    const std::uint64_t file_id_, first_, end_;
    mutable std::mutex mutex_;
    mutable std::shared_ptr<const PagedFile> owner_;  // guarded by mutex_
    mutable std::atomic<const PagedFile*> file_{nullptr};
    mutable std::atomic<bool> damaged_{false};
};

/// Writes the file: `hashes` are those of first, first + 1, ... Durable on return. Blocks.
Result<void> write_content(Disk& disk, const std::string& path, std::uint64_t file_id, std::uint64_t first,
                           std::span<const Hash128> hashes);

}  // namespace cairn::admit
