#include "admit/pages.h"

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"

namespace cairn::admit {

namespace {

constexpr std::string_view magic = "cairnsee";

std::uint32_t checksum(const char* page, std::uint64_t file_id, std::uint64_t page_number) {
    char place[16];
    store<std::uint64_t>(place, file_id);
    store<std::uint64_t>(place + 8, page_number);
    return crc32c({page, page_payload}, crc32c({place, sizeof place}));
}

Result<PageHeader> decode_header(const std::string& path, std::string_view bytes, FileKind kind,
                                 std::uint64_t file_id) {
    const auto damaged = [&](const char* what) { return fail(Code::corrupt, path + ": " + what); };
    if (bytes.size() < page_bytes) return damaged("shorter than its header");
    if (!bytes.starts_with(magic)) return damaged("not a file of the seen index");
    if (!page_is_whole(bytes.data(), file_id, 0)) return damaged("damaged header");

    ByteReader reader(bytes.substr(magic.size(), page_payload - magic.size()));
    const auto version = reader.integer<std::uint32_t>();
    if (version > format_version)
        return fail(Code::invalid, path + ": format version " + std::to_string(version) +
                                       " is newer than this program's " + std::to_string(format_version));
    PageHeader header;
    header.kind = static_cast<FileKind>(reader.integer<std::uint32_t>());
    header.file_id = reader.integer<std::uint64_t>();
    header.page_count = reader.integer<std::uint64_t>();
    for (auto& field : header.fields) field = reader.integer<std::uint64_t>();
    if (header.kind != kind || header.file_id != file_id) return damaged("header of another file");
    if (header.page_count == 0 || header.page_count > std::uint64_t{1} << 40) return damaged("impossible page count");
    return header;
}

}  // namespace

void seal_page(char* page, std::uint64_t file_id, std::uint64_t page_number) {
    store<std::uint32_t>(page + page_payload, checksum(page, file_id, page_number));
}

bool page_is_whole(const char* page, std::uint64_t file_id, std::uint64_t page_number) {
    return load<std::uint32_t>(page + page_payload) == checksum(page, file_id, page_number);
}

std::string encode_header(const PageHeader& header) {
    std::string page(magic);
    append<std::uint32_t>(page, format_version);
    append<std::uint32_t>(page, static_cast<std::uint32_t>(header.kind));
    append<std::uint64_t>(page, header.file_id);
    append<std::uint64_t>(page, header.page_count);
    for (const auto field : header.fields) append<std::uint64_t>(page, field);
    page.resize(page_bytes);
    seal_page(page.data(), header.file_id, 0);
    return page;
}

Result<std::shared_ptr<const PagedFile>> PagedFile::open(Disk& disk, const std::string& path, FileKind kind,
                                                         std::uint64_t file_id, bool may_be_short) {
    auto map = disk.map(path);
    if (!map) return fail(std::move(map).error());
    const auto bytes = (*map)->bytes();
    const auto header = decode_header(path, bytes, kind, file_id);
    if (!header) return fail(header.error());
    const auto there = bytes.size() / page_bytes;
    if (there < header->page_count && !may_be_short)
        return fail(Code::corrupt, path + ": shorter than its header says");

    auto file = std::make_shared<PagedFile>();
    file->path_ = path;
    file->header_ = *header;
    file->base_ = bytes.data();
    file->map_ = std::move(*map);
    file->pages_there_ = std::min<std::uint64_t>(there, header->page_count);
    file->checked_ = std::make_unique<std::atomic<std::uint64_t>[]>(header->page_count / 64 + 1);
    return std::shared_ptr<const PagedFile>(std::move(file));
}

bool PagedFile::check_first(std::uint64_t number) const {
    if (number < pages_there_ && page_is_whole(page(number), header_.file_id, number)) {
        checked_[number >> 6].fetch_or(std::uint64_t{1} << (number & 63), std::memory_order_release);
        return true;
    }
    if (!damaged_.exchange(true, std::memory_order_relaxed))
        log_error("damaged page in the seen index", {{"file", path_}, {"offset", number * page_bytes}});
    return false;
}

void PagedFile::will_need(std::uint64_t first, std::uint64_t count) const {
    if (first >= pages_there_) return;
    count = std::min(count, pages_there_ - first);
    map_->will_need(first * page_bytes, count * page_bytes);
}

PageWriter::PageWriter(std::unique_ptr<File> file, std::uint64_t file_id, std::uint64_t first_page)
    : file_(std::move(file)),
      file_id_(file_id),
      page_(first_page),
      written_page_(first_page),
      buffer_(std::make_unique<char[]>(buffer_bytes)) {}

Result<void> PageWriter::next() {
    seal_page(current(), file_id_, page_);
    ++page_;
    used_ += page_bytes;
    return used_ == buffer_bytes ? flush() : Result<void>{};
}

Result<void> PageWriter::flush() {
    if (used_ == 0) return {};
    CAIRN_TRY(file_->write(written_page_ * page_bytes, {buffer_.get(), used_}));
    std::memset(buffer_.get(), 0, used_);
    written_page_ = page_;
    used_ = 0;
    return {};
}

Result<void> PageWriter::seek(std::uint64_t page) {
    CAIRN_TRY(flush());
    page_ = written_page_ = page;
    return {};
}

}  // namespace cairn::admit
