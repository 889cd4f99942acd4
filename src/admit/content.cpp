#include "admit/content.h"

#include <algorithm>
#include <cstring>

#include "base/log.h"

namespace cairn::admit {

const PagedFile* ContentFile::open() const {
    if (const auto* file = opened()) return file;
    if (damaged_.load(std::memory_order_relaxed)) return nullptr;
    std::lock_guard lock(mutex_);
    if (owner_) return owner_.get();
    auto file = PagedFile::open(disk_, path_, FileKind::content, file_id_);
    const auto pages = 1 + (end_ - first_ + hashes_per_page - 1) / hashes_per_page;
    if (!file || (*file)->header().fields[0] != first_ || (*file)->header().page_count != pages) {
        log_error("a file of content hashes cannot be used",
                  {{"file", path_}, {"reason", file ? "header of another file" : file.error().message}});
        damaged_.store(true, std::memory_order_relaxed);
        return nullptr;
    }
    owner_ = std::move(*file);
    file_.store(owner_.get(), std::memory_order_release);
    return owner_.get();
}

std::span<const Hash128> ContentFile::from(std::uint64_t number) const {
    const auto* file = open();
    if (file == nullptr || number < first_ || number >= end_) return {};
    const auto index = number - first_;
    const auto page = 1 + index / hashes_per_page;
    if (!file->check(page)) return {};
    const auto slot = index % hashes_per_page;
    const auto count = std::min(hashes_per_page - slot, end_ - number);
    return {reinterpret_cast<const Hash128*>(file->page(page)) + slot, count};
}

Result<void> ContentFile::verify() const {
    const auto* file = open();
    if (file == nullptr) return fail(Code::corrupt, path_ + ": cannot be used");
    for (std::uint64_t page = 0; page < file->header().page_count; ++page)
        if (!file->check(page))
            return fail(Code::corrupt, path_ + ": damaged at offset " + std::to_string(page * page_bytes));
    return {};
}

void ContentFile::prefetch(std::uint64_t number) const {
    const auto* file = open();
    if (file == nullptr || number < first_ || number >= end_) return;
    const auto index = number - first_;
    __builtin_prefetch(file->page(1 + index / hashes_per_page) + index % hashes_per_page * sizeof(Hash128));
}

void ContentFile::will_need(std::uint64_t number, std::uint64_t count) const {
    const auto* file = open();
    if (file == nullptr || number < first_) return;
    file->will_need(1 + (number - first_) / hashes_per_page, count / hashes_per_page + 1);
}

Result<void> write_content(Disk& disk, const std::string& path, std::uint64_t file_id, std::uint64_t first,
                           std::span<const Hash128> hashes) {
    auto file = disk.open(path, OpenMode::create);
    if (!file) return fail(std::move(file).error());
    CAIRN_TRY((*file)->truncate(0));
    PageWriter pages(std::move(*file), file_id, 1);
    while (!hashes.empty()) {
        const auto part = hashes.first(std::min<std::size_t>(hashes.size(), ContentFile::hashes_per_page));
        std::memcpy(pages.current(), part.data(), part.size_bytes());
        CAIRN_TRY(pages.next());
        hashes = hashes.subspan(part.size());
    }
    CAIRN_TRY(pages.flush());
    PageHeader header;
    header.kind = FileKind::content;
    header.file_id = file_id;
    header.page_count = pages.page_number();
    header.fields[0] = first;
    CAIRN_TRY(pages.file().write(0, encode_header(header)));
    return pages.file().sync();
}

}  // namespace cairn::admit
