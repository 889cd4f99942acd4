#include "view/history/index_file.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace cairn::history {

namespace {

constexpr std::size_t zeros_bytes = 64 * 1024 + bits_slack;
constexpr char zeros[zeros_bytes] = {};
constexpr std::uint32_t key_bytes = 12;
constexpr std::uint32_t directory_bytes = 16;
constexpr std::uint32_t no_group = ~std::uint32_t{0};
constexpr std::uint64_t pages_ahead = 16;

}  // namespace

Result<std::shared_ptr<const IndexFile>> IndexFile::open(Disk& disk, const std::string& path, ScopeRegistry& registry) {
    auto mapped = disk.map(path);
    if (!mapped) return fail(std::move(mapped).error());
    auto file = open(std::move(*mapped), registry);
    if (!file) return fail(file.error().code, path + ": " + file.error().message);
    return file;
}

Result<std::shared_ptr<const IndexFile>> IndexFile::open(std::shared_ptr<const MappedFile> mapped,
                                                         ScopeRegistry& registry) {
    std::shared_ptr<IndexFile> file(new IndexFile);
    file->mapped_ = std::move(mapped);
    file->file_ = file->mapped_->bytes();
    auto header = decode_header(file->file_);
    if (!header) return fail(std::move(header).error());
    file->header_ = *header;
    if (header->file_bytes != file->file_.size())
        return fail(Code::corrupt, "the file has another size than its first page says");

    const auto sums = (*header)[Section::page_sums];
    const auto pages = sums.offset / page_bytes;
    if (sums.offset % page_bytes != 0 || sums.size != (pages - 1) * sizeof(std::uint32_t) ||
        sums.offset + sums.size != header->file_bytes)
        return fail(Code::corrupt, "the page checksums are not where they belong");
    if (crc32c(file->file_.substr(sums.offset)) != header->page_sums_sum)
        return fail(Code::corrupt, "the page checksums are damaged");
    for (std::size_t section = 0; section + 1 < section_count; ++section) {
        const auto& extent = header->sections[section];
        if (extent.offset < page_bytes || extent.offset + extent.size + bits_slack > sums.offset)
            return fail(Code::corrupt, "a section lies outside the checked pages");
    }

    const auto size_is = [&](Section section, std::uint64_t size) { return (*header)[section].size == size; };
    if (header->id_bucket_bits > bits_for(header->rows) ||
        !size_is(Section::keys, std::uint64_t{header->keys} * key_bytes) ||
        !size_is(Section::directory, (std::uint64_t{header->rows} + group_rows - 1) / group_rows * directory_bytes) ||
        !size_is(Section::id_buckets, ((std::uint64_t{1} << header->id_bucket_bits) + 1) * sizeof(std::uint32_t)))
        return fail(Code::corrupt, "a section has an impossible size");

    const auto words = pages / 64 + 1;
    file->checked_ = std::make_unique<std::atomic<std::uint64_t>[]>(words);
    file->checked_[0].store(1, std::memory_order_relaxed);  // the first page has its own checksum
    CAIRN_TRY(file->read_scopes(registry));
    file->mapped_->read_at_random();
    return file;
}

bool IndexFile::check_page(std::uint64_t page) const {
    if (was_checked(page)) return true;
    if (page % pages_ahead == 0 && was_checked(page - 1))  // somebody reads on and on
        mapped_->will_need(page * page_bytes, 2 * pages_ahead * page_bytes);
    const auto expected =
        load<std::uint32_t>(file_.data() + header_[Section::page_sums].offset + (page - 1) * sizeof(std::uint32_t));
    if (crc32c(file_.substr(page * page_bytes, page_bytes)) != expected) return false;
    checked_[page / 64].fetch_or(std::uint64_t{1} << (page % 64), std::memory_order_relaxed);
    return true;
}

const char* IndexFile::bytes(Section section, std::uint64_t offset, std::size_t size) const {
    const auto& extent = header_[section];
    if (offset > extent.size || size > extent.size + bits_slack - offset || size > zeros_bytes) {
        set_damaged();
        return zeros;
    }
    const auto begin = extent.offset + offset;
    const auto last = begin + (size > 0 ? size - 1 : 0);
    for (auto page = begin / page_bytes; page <= last / page_bytes; ++page) {
        if (!check_page(page)) {
            set_damaged();
            return zeros;
        }
    }
    return file_.data() + begin;
}

/// A page that was checked was in memory a while ago, and mostly still is: a hint would cost more than it brings.
void IndexFile::expect(Section section, std::uint64_t offset, std::size_t size) const {
    const auto& extent = header_[section];
    if (offset >= extent.size) return;
    const auto begin = extent.offset + offset;
    const auto end = extent.offset + std::min<std::uint64_t>(offset + size, extent.size);
    for (auto page = begin / page_bytes; page * page_bytes < end; ++page)
        if (!was_checked(page)) mapped_->will_need(page * page_bytes, page_bytes);
}

void IndexFile::expect_rows(std::span<const std::uint32_t> rows) const {
    constexpr std::size_t group_bytes_usual = 768;
    const auto each_group = [&](auto&& use) {
        auto last = no_group;
        for (const auto row : rows) {
            const auto group = row / group_rows;
            if (row < header_.rows && std::exchange(last, group) != group) use(group);
        }
    };
    each_group([&](std::uint32_t group) {
        expect(Section::directory, std::uint64_t{group} * directory_bytes, directory_bytes);
    });
    each_group([&](std::uint32_t group) {
        const char* entry = bytes(Section::directory, std::uint64_t{group} * directory_bytes, directory_bytes);
        expect(Section::rows, load<std::uint32_t>(entry + 12), group_bytes_usual);
    });
}

void IndexFile::expect_id_bucket(std::uint64_t id_hash) const {
    if (header_.rows > 0) expect(Section::id_buckets, std::uint64_t{bucket_of(id_hash)} * 4, 8);
}

void IndexFile::expect_ids(std::uint64_t id_hash) const {
    if (header_.rows == 0) return;
    const char* range = bytes(Section::id_buckets, std::uint64_t{bucket_of(id_hash)} * 4, 8);
    const auto begin = load<std::uint32_t>(range), end = load<std::uint32_t>(range + 4);
    if (begin > end || end > header_.rows) return;  // its reader will see that
    const auto width = id_hash_bits - header_.id_bucket_bits + row_bits();
    const auto first_byte = std::uint64_t{begin} * width / 8;
    expect(Section::ids, first_byte, std::uint64_t{end} * width / 8 + 1 - first_byte);
}

bool IndexFile::check_all() const {
    expect_all();
    const auto pages = header_[Section::page_sums].offset / page_bytes;
    for (std::uint64_t page = 1; page < pages; ++page)
        if (!check_page(page)) set_damaged();
    return !damaged();
}

Result<void> IndexFile::read_scopes(ScopeRegistry& registry) {
    const auto extent = header_[Section::scopes];
    for (auto page = extent.offset / page_bytes; page <= (extent.offset + extent.size) / page_bytes; ++page)
        if (!check_page(page)) return fail(Code::corrupt, "the list of scopes is damaged");
    ByteReader reader(file_.substr(extent.offset, extent.size));
    std::uint32_t next_row = 0;
    for (std::uint32_t i = 0; i < header_.scopes; ++i) {
        ScopeKey key;
        key.account = reader.text();
        key.region = reader.text();
        const auto category = reader.integer<std::uint8_t>();
        key.category = static_cast<Category>(category);
        FileScope scope;
        scope.first_row = next_row;
        scope.rows = reader.integer<std::uint32_t>();
        scope.min_time_ms = reader.integer<std::int64_t>();
        scope.max_time_ms = reader.integer<std::int64_t>();
        if (!reader.ok() || category >= category_count || scope.rows == 0 || scope.rows > header_.rows - next_row)
            return fail(Code::corrupt, "the list of scopes is impossible");
        next_row += scope.rows;
        scope.id = registry.intern(key);
        scopes_.push_back(scope);
    }
    if (next_row != header_.rows) return fail(Code::corrupt, "the list of scopes is incomplete");
    return {};
}

namespace {

/// Where a group of rows lies and how its fields are packed.
struct Group {
    std::int64_t time_base = 0;
    std::uint32_t number_base = 0;
    std::uint32_t offset = 0;
    unsigned time_bits = 0, number_bits = 0;
    std::uint64_t time_unit = 1;

    unsigned width() const { return time_bits + number_bits + 16; }
};

Group read_group_entry(const IndexFile& file, std::uint32_t group) {
    const char* entry = file.bytes(Section::directory, std::uint64_t{group} * directory_bytes, directory_bytes);
    Group read;
    read.time_base = load<std::int64_t>(entry);
    read.number_base = load<std::uint32_t>(entry + 8);
    read.offset = load<std::uint32_t>(entry + 12);
    const char* widths = file.bytes(Section::rows, read.offset, 2);
    read.time_bits = std::min<unsigned>(static_cast<unsigned char>(widths[0]) & 0x3f, packed_bits_max);
    read.time_unit = static_cast<unsigned char>(widths[0]) & 0x80 ? 1000 : 1;
    read.number_bits = std::min<unsigned>(static_cast<unsigned char>(widths[1]), 32);
    return read;
}

FileRow unpack(const IndexFile& file, const Group& group, const char* packed, std::uint32_t index) {
    auto bit = std::uint64_t{index} * group.width();
    const auto time = read_bits(packed, bit, group.time_bits);
    bit += group.time_bits;
    const auto number = read_bits(packed, bit, group.number_bits);
    bit += group.number_bits;
    return {static_cast<std::int64_t>(static_cast<std::uint64_t>(group.time_base) + time * group.time_unit),
            file.first_number() + group.number_base + number, static_cast<std::uint16_t>(read_bits(packed, bit, 16))};
}

}  // namespace

FileRow IndexFile::row(std::uint32_t row) const {
    if (row >= header_.rows) {
        set_damaged();
        return {};
    }
    const auto group = read_group_entry(*this, row / group_rows);
    const auto index = row % group_rows;
    const auto first_byte = std::uint64_t{index} * group.width() / 8;
    const auto last_byte = (std::uint64_t{index} + 1) * group.width() / 8 + bits_slack;
    const char* packed = bytes(Section::rows, group.offset + 2 + first_byte, last_byte - first_byte);
    if (damaged()) return {};
    return unpack(*this, group, packed - first_byte, index);
}

std::uint32_t IndexFile::read_group(std::uint32_t group_index, FileRow* out) const {
    const auto first = group_index * group_rows;
    if (first >= header_.rows) {
        set_damaged();
        return 0;
    }
    const auto count = std::min(group_rows, header_.rows - first);
    const auto group = read_group_entry(*this, group_index);
    const char* packed =
        bytes(Section::rows, group.offset + 2, (std::uint64_t{count} * group.width() + 7) / 8 + bits_slack);
    for (std::uint32_t i = 0; i < count; ++i) out[i] = unpack(*this, group, packed, i);
    return count;
}

void IndexFile::read_bucket(std::uint32_t bucket, std::vector<IdRow>& out) const {
    const char* range = bytes(Section::id_buckets, std::uint64_t{bucket} * 4, 8);
    const auto begin = load<std::uint32_t>(range);
    const auto end = load<std::uint32_t>(range + 4);
    if (begin > end || end > header_.rows) return set_damaged();
    const auto rest_bits = id_hash_bits - header_.id_bucket_bits;
    const auto width = rest_bits + row_bits();
    constexpr std::uint32_t chunk = 1024;
    for (auto from = begin; from < end; from += chunk) {
        const auto to = std::min(end, from + chunk);
        const auto first_byte = std::uint64_t{from} * width / 8;
        const auto last_byte = std::uint64_t{to} * width / 8 + bits_slack;
        const char* packed = bytes(Section::ids, first_byte, last_byte - first_byte);
        for (auto i = from; i < to; ++i) {
            const auto bit = std::uint64_t{i} * width - first_byte * 8;
            const auto rest = read_bits(packed, bit, rest_bits);
            const auto row = static_cast<std::uint32_t>(read_bits(packed, bit + rest_bits, row_bits()));
            if (row >= header_.rows) return set_damaged();
            out.push_back({std::uint64_t{bucket} << rest_bits | rest, row});
        }
    }
}

std::vector<std::uint32_t> IndexFile::rows_of_id(std::uint64_t id_hash) const {
    if (header_.rows == 0) return {};
    const auto wanted = id_hash >> (64 - id_hash_bits);
    std::vector<IdRow> bucket;
    read_bucket(bucket_of(id_hash), bucket);
    std::vector<std::uint32_t> rows;
    for (const auto& entry : bucket)
        if (entry.hash == wanted) rows.push_back(entry.row);
    return rows;
}

IndexFile::Key IndexFile::key(std::uint32_t index) const {
    const char* entry = bytes(Section::keys, std::uint64_t{index} * key_bytes, key_bytes);
    return {load<std::uint64_t>(entry), load<std::uint32_t>(entry + 8)};
}

std::optional<IndexFile::Key> IndexFile::find_key(std::uint64_t hash) const {
    // Hashes are spread evenly: the place of this one is nearly known, and the neighbours say in which direction to go.
    const auto keys = header_.keys;
    if (keys == 0) return std::nullopt;
    std::uint32_t low = 0, high = keys;  // the first key >= hash lies in [low, high]
    auto guess = static_cast<std::uint32_t>(static_cast<unsigned __int128>(hash) * keys >> 64);
    for (std::uint32_t step = 16; low < high; step *= 4) {
        if (key(guess).hash < hash) {
            low = guess + 1;
            if (high - low <= step) break;
            guess = low + step;
            if (key(guess).hash >= hash) {
                high = guess;
                break;
            }
        } else {
            high = guess;
            if (high - low <= step) break;
            guess = high - step;
            if (key(guess).hash < hash) {
                low = guess + 1;
                break;
            }
        }
    }
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        if (key(middle).hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == keys) return std::nullopt;
    const auto found = key(low);
    return found.hash == hash ? std::optional(found) : std::nullopt;
}

}  // namespace cairn::history
