#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "admit/pages.h"
#include "base/memory.h"

namespace cairn::admit {

/// Of an identity hash its top 52 bits are stored. Two identities that agree in them are told apart by their records.
inline constexpr unsigned stored_bits = 52;

/// A split-block Bloom filter (Putze, Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007): a hash
/// owns one bit in each of the 8 words of one 32-byte block. The block is chosen by the top bits, so that hashes in
/// order fill a filter from front to back. In memory, where bits can be added, or a mapped file.
class Filter {
public:
    static constexpr unsigned bits_per_entry = 12;
    static constexpr std::size_t block_bytes = 32;
    static constexpr std::uint64_t blocks_per_page = page_payload / block_bytes;

    static std::uint32_t blocks_for(std::uint64_t entries);

    /// An empty one in memory.
    explicit Filter(std::uint64_t entries_max);

    /// Errors as PagedFile::open.
    static Result<std::shared_ptr<Filter>> open(Disk& disk, const std::string& path, std::uint64_t file_id);

    /// Finds the blocks of `count` hashes and has them fetched into the cache. A damaged page passes every hash.
    void locate(const std::uint64_t* hashes, std::size_t count, const char** blocks) const;

    /// For blocks found by locate(): sets `found[i]` to whether hash i may be among those added.
    static void test(const std::uint64_t* hashes, const char* const* blocks, std::size_t count, std::uint8_t* found);

    bool may_hold(std::uint64_t hash) const;

    /// In memory only.
    void prefetch(std::uint64_t hash) const { __builtin_prefetch(block_at(hash), 1); }
    void add(std::uint64_t hash);

    bool damaged() const { return file_ && file_->damaged(); }
    std::uint64_t file_id() const { return file_ ? file_->header().file_id : 0; }
    const PagedFile* file() const { return file_.get(); }

    static std::uint64_t block_of(std::uint64_t hash, std::uint32_t blocks) { return (hash >> 32) * blocks >> 32; }
    static void add_to_block(char* block, std::uint64_t hash);

private:
    Filter() = default;
    const char* block_at(std::uint64_t hash) const {
        const auto block = block_of(hash, blocks_);
        return base_ + block / blocks_per_page * page_bytes + block % blocks_per_page * block_bytes;
    }

    std::uint32_t blocks_ = 0;
    const char* base_ = nullptr;  ///< of page 1, or of the memory
    ZeroedMemory memory_;
    std::shared_ptr<const PagedFile> file_;
};

/// Writes a filter file front to back. Hashes come in windows: those after pass(hash) are not below `hash`; within a
/// window any order goes.
class FilterWriter {
public:
    static Result<FilterWriter> create(Disk& disk, const std::string& path, std::uint64_t file_id,
                                       std::uint64_t entries_max);

    void add(std::uint64_t hash);
    Result<void> pass(std::uint64_t hash);

    /// Completes the file and makes it durable. Blocks.
    Result<void> finish();

private:
    FilterWriter(PageWriter pages, std::uint64_t file_id, std::uint32_t blocks);
    Result<void> write_pages_below(std::uint64_t page);

    PageWriter pages_;
    std::uint64_t file_id_;
    std::uint32_t blocks_;
    std::uint64_t page_count_;
    std::uint64_t first_page_ = 0;  ///< of window_, counted without the header
    std::vector<char> window_;
};

}  // namespace cairn::admit
