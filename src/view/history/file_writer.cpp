#include "view/history/file_writer.h"

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "event/index_row.h"
#include "view/history/bits.h"

namespace cairn::history {

namespace {

constexpr std::string_view magic = "cairnhix";
constexpr std::size_t sum_offset = 12;
constexpr std::size_t buffer_bytes = 1 << 20;

std::string attribute_names() {
    std::string names;
    append<std::uint16_t>(names, attribute_count);
    for (std::size_t i = 0; i < attribute_count; ++i) append_text(names, attribute_name(static_cast<Attribute>(i)));
    return names;
}

std::uint32_t header_sum(std::string_view page) {
    std::string copy(page);
    store<std::uint32_t>(copy.data() + sum_offset, 0);
    return crc32c(copy);
}

}  // namespace

std::string encode_header(const FileHeader& header) {
    std::string page(magic);
    append<std::uint32_t>(page, file_version);
    append<std::uint32_t>(page, 0);
    append(page, header.file_bytes);
    append(page, header.first_number);
    append(page, header.end_number);
    append(page, header.min_time_ms);
    append(page, header.max_time_ms);
    append(page, header.rows);
    append(page, header.keys);
    append(page, header.scopes);
    append(page, header.id_bucket_bits);
    for (const auto& section : header.sections) {
        append(page, section.offset);
        append(page, section.size);
    }
    append(page, header.page_sums_sum);
    page += attribute_names();
    CAIRN_CHECK(page.size() <= page_bytes);
    page.resize(page_bytes);
    store(page.data() + sum_offset, header_sum(page));
    return page;
}

Result<FileHeader> decode_header(std::string_view page) {
    if (page.size() < page_bytes) return fail(Code::corrupt, "the first page is cut short");
    page = page.substr(0, page_bytes);
    ByteReader reader(page);
    if (reader.take(magic.size()) != magic) return fail(Code::corrupt, "not an index file");
    const auto version = reader.integer<std::uint32_t>();
    if (reader.integer<std::uint32_t>() != header_sum(page)) return fail(Code::corrupt, "the first page is damaged");
    if (version > file_version)
        return fail(Code::unavailable,
                    fmt::format("format version {} is newer than this program knows ({})", version, file_version));
    FileHeader header;
    header.file_bytes = reader.integer<std::uint64_t>();
    header.first_number = reader.integer<std::uint64_t>();
    header.end_number = reader.integer<std::uint64_t>();
    header.min_time_ms = reader.integer<std::int64_t>();
    header.max_time_ms = reader.integer<std::int64_t>();
    header.rows = reader.integer<std::uint32_t>();
    header.keys = reader.integer<std::uint32_t>();
    header.scopes = reader.integer<std::uint32_t>();
    header.id_bucket_bits = reader.integer<std::uint32_t>();
    for (auto& section : header.sections) {
        section.offset = reader.integer<std::uint64_t>();
        section.size = reader.integer<std::uint64_t>();
        if (section.offset > header.file_bytes || section.size > header.file_bytes - section.offset)
            return fail(Code::corrupt, "a section lies outside the file");
    }
    header.page_sums_sum = reader.integer<std::uint32_t>();
    if (!reader.rest().starts_with(attribute_names())) return fail(Code::not_found, "other attributes are indexed");
    if (header.rows > rows_max || header.id_bucket_bits > id_hash_bits || header.first_number > header.end_number)
        return fail(Code::corrupt, "the first page holds impossible numbers");
    return header;
}

FileWriter::FileWriter(Disk& disk, std::string path, std::unique_ptr<File> file)
    : disk_(&disk), path_(std::move(path)), file_(std::move(file)) {
    buffer_.reserve(buffer_bytes + 2 * page_bytes);
}

FileWriter::~FileWriter() {
    if (!file_) return;
    file_.reset();
    static_cast<void>(disk_->remove(path_ + ".new"));
}

Result<FileWriter> FileWriter::create(Disk& disk, std::string path) {
    auto file = disk.open(path + ".new", OpenMode::create);
    if (!file) return fail(std::move(file).error());
    CAIRN_TRY((*file)->truncate(0));
    return FileWriter(disk, std::move(path), std::move(*file));
}

void FileWriter::begin(Section section) {
    section_ = section;
    pad_to(8);
    header_[section_].offset = position_;
}

void FileWriter::append(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto part = bytes.substr(0, buffer_bytes);
        buffer_ += part;
        position_ += part.size();
        bytes.remove_prefix(part.size());
        if (buffer_.size() >= buffer_bytes) flush();
    }
}

void FileWriter::end() {
    header_[section_].size = section_bytes();
    append(std::string_view("\0\0\0\0\0\0\0\0", bits_slack));
}

void FileWriter::pad_to(std::size_t multiple) {
    const auto rest = position_ % multiple;
    if (rest > 0) append(std::string(multiple - rest, '\0'));
}

void FileWriter::flush() {
    const auto whole = buffer_.size() / page_bytes * page_bytes;
    for (std::size_t at = 0; at < whole; at += page_bytes)
        sums_.push_back(crc32c(std::string_view(buffer_).substr(at, page_bytes)));
    if (failed_) failed_ = file_->write(position_ - buffer_.size(), std::string_view(buffer_).substr(0, whole));
    buffer_.erase(0, whole);
}

Result<void> FileWriter::finish() {
    pad_to(page_bytes);
    flush();
    std::string sums;
    for (const auto sum : sums_) cairn::append(sums, sum);
    header_[Section::page_sums] = {position_, sums.size()};
    header_.page_sums_sum = crc32c(sums);
    header_.file_bytes = position_ + sums.size();
    CAIRN_TRY(failed_);
    CAIRN_TRY(file_->write(position_, sums));
    CAIRN_TRY(file_->write(0, encode_header(header_)));
    CAIRN_TRY(file_->sync());
    file_.reset();
    CAIRN_TRY(disk_->rename(path_ + ".new", path_));
    return disk_->sync_folder(path_.substr(0, path_.rfind('/')));
}

}  // namespace cairn::history
