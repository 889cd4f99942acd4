#include "view/history/posting_list.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "view/history/bits.h"

namespace cairn::history {

namespace {

constexpr std::uint32_t single_row = 1u << 31;
constexpr std::uint32_t skip_bytes = 8;
constexpr unsigned char gaps_as_varints = 255;

std::size_t varint_bytes(std::uint64_t value) { return value == 0 ? 1 : (bits_for(value) + 6) / 7; }

/// A varint of at most 32 bits at `at`; moves `at` behind it.
std::uint32_t read_varint(const char*& at) {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const auto byte = static_cast<unsigned char>(*at++);
        value |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
        if (byte < 0x80) break;
    }
    return value;
}

}  // namespace

void ListWriter::append_gaps() {
    std::uint32_t gap_max = 0;
    std::size_t as_varints = 0;
    for (std::uint32_t i = 1; i < used_; ++i) {
        const auto gap = rows_[i] - rows_[i - 1] - 1;
        gap_max = std::max(gap_max, gap);
        as_varints += varint_bytes(gap);
    }
    const auto bits = bits_for(gap_max);
    const bool pack = (std::size_t{used_ - 1} * bits + 7) / 8 <= as_varints;
    bytes_.push_back(static_cast<char>(pack ? bits : gaps_as_varints));
    BitWriter packed(bytes_);
    for (std::uint32_t i = 1; i < used_; ++i) {
        const auto gap = rows_[i] - rows_[i - 1] - 1;
        if (pack)
            packed.put(gap, bits);
        else
            append_varint(bytes_, gap);
    }
    packed.finish();
}

void ListWriter::flush_group() {
    if (groups_ == 0) list_begin_ = file_.section_bytes();
    append(skips_, rows_[0]);
    append(skips_, static_cast<std::uint32_t>(file_.section_bytes() - list_begin_));
    ++groups_;
    bytes_.clear();
    append_gaps();
    file_.append(bytes_);
    used_ = 0;
}

Result<std::uint32_t> ListWriter::finish() {
    CAIRN_CHECK(!empty());
    if (groups_ == 0 && used_ == 1) {
        used_ = 0;
        return rows_[0] | single_row;
    }
    bytes_.clear();
    std::uint64_t reference = 0;
    if (groups_ == 0) {
        reference = file_.section_bytes();
        append_varint(bytes_, used_);
        append_varint(bytes_, rows_[0]);
        append_gaps();
    } else {
        const auto count = std::uint64_t{groups_} * group_rows + used_;
        if (used_ > 0) flush_group();
        reference = file_.section_bytes();
        bytes_.clear();
        append_varint(bytes_, count);
        append_varint(bytes_, reference - list_begin_);
        bytes_ += skips_;
    }
    file_.append(bytes_);
    used_ = 0;
    groups_ = 0;
    skips_.clear();
    if (reference >= single_row) return fail(Code::invalid, "more than 2 GiB of lists in one index file");
    return static_cast<std::uint32_t>(reference);
}

ListCursor::ListCursor(const IndexFile& file, std::uint32_t reference) : file_(&file) {
    if (reference & single_row) {
        count_ = 1;
        loaded_ = 0;
        loaded_count_ = 1;
        rows_[0] = reference & ~single_row;
        return;
    }
    header_ = reference;
    const char* const begin = file.bytes(Section::lists, header_, bits_slack);
    const char* at = begin;
    count_ = read_varint(at);
    if (count_ > file.rows() || count_ < 2 || file.damaged()) {
        file.set_damaged();
        count_ = 0;
        return;
    }
    if (count_ <= group_rows) {
        read_gaps(header_ + static_cast<std::uint64_t>(at - begin), 0, count_);
        return;
    }
    const char* const back_begin =
        file.bytes(Section::lists, header_ + static_cast<std::uint64_t>(at - begin), bits_slack);
    const auto count_bytes = static_cast<std::uint64_t>(at - begin);
    at = back_begin;
    const auto back = read_varint(at);
    if (back > header_) {
        file.set_damaged();
        count_ = 0;
        return;
    }
    skips_ = header_ + count_bytes + static_cast<std::uint64_t>(at - back_begin);
    header_ -= back;
}

void ListCursor::read_gaps(std::uint64_t offset, std::uint32_t first, std::uint32_t count) {
    if (count_ <= group_rows) {
        const char* const begin = file_->bytes(Section::lists, offset, bits_slack);
        const char* at = begin;
        first = read_varint(at);
        offset += static_cast<std::uint64_t>(at - begin);
    }
    const auto bits = static_cast<unsigned char>(*file_->bytes(Section::lists, offset++, 1));
    const auto& lists = file_->header()[Section::lists];
    const auto limit = lists.size + bits_slack - std::min(offset, lists.size);
    rows_[0] = first;
    loaded_count_ = count;
    near_ = 0;
    auto row = first;
    if (bits == gaps_as_varints) {
        const auto size = std::min<std::uint64_t>(std::uint64_t{count} * 5, limit);
        const char* at = file_->bytes(Section::lists, offset, size);
        const char* const end = at + size;
        for (std::uint32_t i = 1; i < count; ++i) {
            if (at + 5 > end && at >= end) {
                file_->set_damaged();
                rows_[i] = row;
                continue;
            }
            rows_[i] = row = row + 1 + read_varint(at);
        }
    } else if (bits <= 32) {
        const char* packed =
            file_->bytes(Section::lists, offset, (std::uint64_t{count - 1} * bits + 7) / 8 + bits_slack);
        for (std::uint32_t i = 1; i < count; ++i)
            rows_[i] = row = row + 1 + static_cast<std::uint32_t>(read_bits(packed, std::uint64_t{i - 1} * bits, bits));
    } else {
        file_->set_damaged();
        std::fill_n(rows_.begin(), count, first);
    }
    if (count_ <= group_rows) loaded_ = 0;
}

std::uint32_t ListCursor::first_of(std::uint32_t group) const {
    return cairn::load<std::uint32_t>(file_->bytes(Section::lists, skips_ + std::uint64_t{group} * skip_bytes, 4));
}

void ListCursor::load(std::uint32_t group) {
    if (group == loaded_) return;
    const char* skip = file_->bytes(Section::lists, skips_ + std::uint64_t{group} * skip_bytes, skip_bytes);
    loaded_ = group;
    read_gaps(header_ + cairn::load<std::uint32_t>(skip + 4), cairn::load<std::uint32_t>(skip),
              std::min(group_rows, count_ - group * group_rows));
}

const std::uint32_t* ListCursor::load_group(std::uint32_t group, std::uint32_t& count) {
    load(group);
    count = loaded_count_;
    return rows_.data();
}

std::uint32_t ListCursor::last_group_from(std::uint32_t row) const {
    std::uint32_t low = 0, high = groups();  // the first group that begins behind `row`
    if (loaded_ != no_row) {                 // searches go on from where the last one ended
        if (rows_[0] <= row) {
            low = loaded_ + 1;
            for (std::uint32_t step = 1; low + step < high; step *= 4) {
                if (first_of(low + step) > row) {
                    high = low + step;
                    break;
                }
                low += step;
            }
        } else {
            high = loaded_;
        }
    }
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        if (first_of(middle) > row)
            high = middle;
        else
            low = middle + 1;
    }
    return low == 0 ? no_row : low - 1;
}

std::uint32_t ListCursor::at_or_after(std::uint32_t row) {
    if (count_ == 0) return no_row;
    if (loaded_ == no_row || row < rows_[0] || (row > loaded_end() && groups() > 1)) {
        const auto group = last_group_from(row);
        load(group == no_row ? 0 : group);
        near_ = 0;
    }
    if (row > loaded_end()) {
        if (loaded_ + 1 >= groups()) return no_row;
        load(loaded_ + 1);
    }
    const auto begin = rows_.begin();
    const auto from = near_ < loaded_count_ && rows_[near_] <= row ? begin + near_ : begin;
    if (*from >= row) return *from;
    if (from + 1 != begin + loaded_count_ && from[1] >= row) {
        near_ = static_cast<std::uint32_t>(from + 1 - begin);
        return from[1];
    }
    const auto found = std::lower_bound(from, begin + loaded_count_, row);
    near_ = static_cast<std::uint32_t>(found - begin);
    return near_ == loaded_count_ ? no_row : *found;
}

std::uint32_t ListCursor::at_or_before(std::uint32_t row) {
    if (count_ == 0) return no_row;
    if (loaded_ == no_row || row < rows_[0] || row > loaded_end()) {
        const auto group = groups() == 1 ? (row < rows_[0] ? no_row : 0) : last_group_from(row);
        if (group == no_row) return no_row;
        load(group);
    }
    const auto found = std::upper_bound(rows_.begin(), rows_.begin() + loaded_count_, row);
    return found == rows_.begin() ? no_row : *(found - 1);
}

}  // namespace cairn::history
