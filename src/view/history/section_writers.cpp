#include "view/history/section_writers.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::history {

RowWriter::RowWriter(FileWriter& file) : file_(file) {
    group_.reserve(group_rows);
    file_.begin(Section::rows);
}

void RowWriter::begin_scope(const ScopeKey& key) {
    scope_ = key;
    scope_rows_ = 0;
    scope_min_ = std::numeric_limits<std::int64_t>::max();
    scope_max_ = std::numeric_limits<std::int64_t>::min();
}

void RowWriter::add(const FileRow& row) {
    if (group_.size() == group_rows) flush_group();
    group_.push_back(row);
    ++rows_;
    ++scope_rows_;
    scope_min_ = std::min(scope_min_, row.time_ms);
    scope_max_ = std::max(scope_max_, row.time_ms);
}

void RowWriter::end_scope() {
    if (scope_rows_ == 0) return;
    append_text(scopes_, scope_.account);
    append_text(scopes_, scope_.region);
    append(scopes_, static_cast<std::uint8_t>(scope_.category));
    append(scopes_, scope_rows_);
    append(scopes_, scope_min_);
    append(scopes_, scope_max_);
    auto& header = file_.header();
    header.min_time_ms = scope_count_ == 0 ? scope_min_ : std::min(header.min_time_ms, scope_min_);
    header.max_time_ms = scope_count_ == 0 ? scope_max_ : std::max(header.max_time_ms, scope_max_);
    ++scope_count_;
}

void RowWriter::flush_group() {
    const auto [oldest, newest] = std::ranges::minmax(group_, {}, &FileRow::time_ms);
    const auto [first, last] = std::ranges::minmax(group_, {}, &FileRow::number);
    const bool whole_seconds =
        std::ranges::all_of(group_, [&](const FileRow& row) { return (row.time_ms - oldest.time_ms) % 1000 == 0; });
    const std::int64_t unit = whole_seconds ? 1000 : 1;
    const auto time_bits = bits_for(static_cast<std::uint64_t>((newest.time_ms - oldest.time_ms) / unit));
    const auto number_bits = bits_for(last.number - first.number);
    const auto base = first.number - file_.header().first_number;
    CAIRN_CHECK(time_bits <= packed_bits_max && number_bits <= 32 && base <= no_row);

    append(directory_, oldest.time_ms);
    append(directory_, static_cast<std::uint32_t>(base));
    append(directory_, static_cast<std::uint32_t>(file_.section_bytes()));
    bytes_.clear();
    bytes_.push_back(static_cast<char>(time_bits | (whole_seconds ? 0x80 : 0)));
    bytes_.push_back(static_cast<char>(number_bits));
    BitWriter packed(bytes_);
    for (const auto& row : group_) {
        packed.put(static_cast<std::uint64_t>((row.time_ms - oldest.time_ms) / unit), time_bits);
        packed.put(row.number - first.number, number_bits);
        packed.put(row.code, 16);
    }
    packed.finish();
    file_.append(bytes_);
    group_.clear();
}

void RowWriter::finish() {
    if (!group_.empty()) flush_group();
    file_.end();
    file_.begin(Section::directory);
    file_.append(directory_);
    file_.end();
    file_.begin(Section::scopes);
    file_.append(scopes_);
    file_.end();
    file_.header().rows = rows_;
    file_.header().scopes = scope_count_;
}

IdWriter::IdWriter(FileWriter& file, std::uint32_t rows) : file_(file), row_bits_(bits_for(rows)), packed_(bytes_) {
    const auto bucket_bits = bits_for(rows / 16);
    rest_bits_ = id_hash_bits - bucket_bits;
    file_.header().id_bucket_bits = bucket_bits;
    buckets_.assign((std::size_t{1} << bucket_bits) + 1, 0);
    file_.begin(Section::ids);
}

void IdWriter::add(std::uint64_t hash, std::uint32_t row) {
    packed_.put(hash & ((std::uint64_t{1} << rest_bits_) - 1), rest_bits_);
    packed_.put(row, row_bits_);
    ++buckets_[(hash >> rest_bits_) + 1];
    ++count_;
    if (bytes_.size() >= 64 * 1024) flush();
}

void IdWriter::flush() {
    file_.append(bytes_);
    bytes_.clear();
}

void IdWriter::finish() {
    packed_.finish();
    flush();
    file_.end();
    file_.begin(Section::id_buckets);
    std::uint32_t end = 0;
    for (const auto count : buckets_) append(bytes_, end += count);
    flush();
    file_.end();
}

void IdSorter::write(IdWriter& writer) {
    constexpr unsigned rest = id_hash_bits - part_bits;
    for (std::size_t part = 0; part < parts_.size(); ++part) {
        std::ranges::sort(parts_[part]);
        for (const auto entry : parts_[part])
            writer.add(std::uint64_t{part} << rest | entry >> 32, static_cast<std::uint32_t>(entry));
    }
}

KeyWriter::KeyWriter(FileWriter& file) : file_(file), lists_(file) { file_.begin(Section::lists); }

void KeyWriter::end_key(std::uint64_t hash) {
    if (lists_.empty()) return;
    const auto reference = lists_.finish();
    if (!reference) {
        failed_ = fail(reference.error());
        return;
    }
    append(keys_, hash);
    append(keys_, *reference);
    ++count_;
}

Result<void> KeyWriter::finish() {
    CAIRN_TRY(failed_);
    file_.end();
    file_.begin(Section::keys);
    file_.append(keys_);
    file_.end();
    file_.header().keys = count_;
    return {};
}

}  // namespace cairn::history
