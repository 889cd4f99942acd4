#include "admit/filter.h"

#include <algorithm>
#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::admit {

namespace {

// Odd constants of our own choice; part of the file format.
alignas(32) constexpr std::uint32_t salts[8] = {0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f,
                                                0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09};

// What stands for a block that cannot be trusted: it holds everything.
alignas(32) constexpr auto full_block = [] {
    std::array<char, Filter::block_bytes> bytes{};
    bytes.fill(static_cast<char>(0xff));
    return bytes;
}();

std::uint32_t key_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> (64 - stored_bits)); }

bool block_holds(const char* block, std::uint32_t key) {
    for (unsigned word = 0; word < 8; ++word)
        if ((load<std::uint32_t>(block + 4 * word) >> (key * salts[word] >> 27) & 1) == 0) return false;
    return true;
}

void test_plain(const std::uint64_t* hashes, const char* const* blocks, std::size_t count, std::uint8_t* found) {
    for (std::size_t i = 0; i < count; ++i) found[i] = block_holds(blocks[i], key_of(hashes[i]));
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) __m256i mask_of(std::uint32_t key) {
    const auto salt = _mm256_load_si256(reinterpret_cast<const __m256i*>(salts));
    const auto product = _mm256_mullo_epi32(_mm256_set1_epi32(static_cast<int>(key)), salt);
    return _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_srli_epi32(product, 27));
}

__attribute__((target("avx2"))) void test_avx2(const std::uint64_t* hashes, const char* const* blocks,
                                               std::size_t count, std::uint8_t* found) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto block = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(blocks[i]));
        found[i] = static_cast<std::uint8_t>(_mm256_testc_si256(block, mask_of(key_of(hashes[i]))));
    }
}

__attribute__((target("avx2"))) void add_avx2(char* block, std::uint64_t hash) {
    auto* at = reinterpret_cast<__m256i*>(block);
    _mm256_storeu_si256(at, _mm256_or_si256(_mm256_loadu_si256(at), mask_of(key_of(hash))));
}

const bool has_avx2 = __builtin_cpu_supports("avx2");
#endif

std::uint64_t pages_for(std::uint32_t blocks) {
    return (blocks + Filter::blocks_per_page - 1) / Filter::blocks_per_page;
}

}  // namespace

std::uint32_t Filter::blocks_for(std::uint64_t entries) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>((entries * bits_per_entry + 255) / 256, 1, 0xffffffff));
}

Filter::Filter(std::uint64_t entries_max) : blocks_(blocks_for(entries_max)) {
    memory_ = ZeroedMemory(pages_for(blocks_) * page_bytes);
    base_ = memory_.data();
}

Result<std::shared_ptr<Filter>> Filter::open(Disk& disk, const std::string& path, std::uint64_t file_id) {
    auto file = PagedFile::open(disk, path, FileKind::filter, file_id);
    if (!file) return fail(std::move(file).error());
    const auto& header = (*file)->header();
    const auto blocks = header.fields[0];
    if (blocks == 0 || blocks > 0xffffffff || header.page_count != 1 + pages_for(static_cast<std::uint32_t>(blocks)))
        return fail(Code::corrupt, path + ": header contradicts itself");
    std::shared_ptr<Filter> filter(new Filter);
    filter->blocks_ = static_cast<std::uint32_t>(blocks);
    filter->base_ = (*file)->page(1);
    filter->file_ = std::move(*file);
    return filter;
}

void Filter::locate(const std::uint64_t* hashes, std::size_t count, const char** blocks) const {
    for (std::size_t i = 0; i < count; ++i) {
        const auto block = block_of(hashes[i], blocks_);
        const auto page = block / blocks_per_page;
        if (file_ && !file_->check(1 + page)) {
            blocks[i] = full_block.data();
            continue;
        }
        blocks[i] = base_ + page * page_bytes + block % blocks_per_page * block_bytes;
        __builtin_prefetch(blocks[i]);
    }
}

void Filter::test(const std::uint64_t* hashes, const char* const* blocks, std::size_t count, std::uint8_t* found) {
#if defined(__x86_64__)
    if (has_avx2) return test_avx2(hashes, blocks, count, found);
#endif
    test_plain(hashes, blocks, count, found);
}

bool Filter::may_hold(std::uint64_t hash) const {
    const char* block = nullptr;
    locate(&hash, 1, &block);
    return block_holds(block, key_of(hash));
}

void Filter::add(std::uint64_t hash) {
    CAIRN_CHECK(memory_.data() != nullptr);
    add_to_block(const_cast<char*>(block_at(hash)), hash);
}

void Filter::add_to_block(char* block, std::uint64_t hash) {
#if defined(__x86_64__)
    if (has_avx2) return add_avx2(block, hash);
#endif
    const auto key = key_of(hash);
    for (unsigned word = 0; word < 8; ++word) {
        const auto bit = std::uint32_t{1} << (key * salts[word] >> 27);
        store<std::uint32_t>(block + 4 * word, load<std::uint32_t>(block + 4 * word) | bit);
    }
}

FilterWriter::FilterWriter(PageWriter pages, std::uint64_t file_id, std::uint32_t blocks)
    : pages_(std::move(pages)), file_id_(file_id), blocks_(blocks), page_count_(pages_for(blocks)) {}

Result<FilterWriter> FilterWriter::create(Disk& disk, const std::string& path, std::uint64_t file_id,
                                          std::uint64_t entries_max) {
    auto file = disk.open(path, OpenMode::create);
    if (!file) return fail(std::move(file).error());
    CAIRN_TRY((*file)->truncate(0));
    return FilterWriter(PageWriter(std::move(*file), file_id, 1), file_id, Filter::blocks_for(entries_max));
}

void FilterWriter::add(std::uint64_t hash) {
    const auto block = Filter::block_of(hash, blocks_);
    const auto page = block / Filter::blocks_per_page;
    CAIRN_CHECK(page >= first_page_);
    const auto needed = (page - first_page_ + 1) * page_bytes;
    if (window_.size() < needed) window_.resize(needed);
    Filter::add_to_block(
        window_.data() + (page - first_page_) * page_bytes + block % Filter::blocks_per_page * Filter::block_bytes,
        hash);
}

Result<void> FilterWriter::pass(std::uint64_t hash) {
    return write_pages_below(Filter::block_of(hash, blocks_) / Filter::blocks_per_page);
}

Result<void> FilterWriter::write_pages_below(std::uint64_t page) {
    const auto first = first_page_;
    if (page <= first) return {};
    for (; first_page_ < page; ++first_page_) {
        const auto offset = (first_page_ - first) * page_bytes;
        if (offset < window_.size()) std::memcpy(pages_.current(), window_.data() + offset, page_payload);
        CAIRN_TRY(pages_.next());
    }
    window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(
                                                         (page - first) * page_bytes, window_.size())));
    return {};
}

Result<void> FilterWriter::finish() {
    CAIRN_TRY(write_pages_below(page_count_));
    CAIRN_TRY(pages_.flush());
    PageHeader header;
    header.kind = FileKind::filter;
    header.file_id = file_id_;
    header.page_count = 1 + page_count_;
    header.fields[0] = blocks_;
    CAIRN_TRY(pages_.file().write(0, encode_header(header)));
    return pages_.file().sync();
}

}  // namespace cairn::admit
