#include "journal/archive_file.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace cairn::journal {

namespace {

/// Drops rows of frames that the manifest does not know (yet).
void cut_table(OpenTable& table, std::uint64_t frames_end) {
    while (!table.table.empty() && table.table.back().offset >= frames_end) table.table.pop_back();
    table.frames_end = frames_end;
}

bool is_sorted_and_inside(std::span<const BlockEntry> table, std::uint64_t frames_end) {
    std::uint64_t number = 0, offset = archive_header_bytes;
    for (const auto& entry : table) {
        if (entry.first_number < number || entry.offset < offset || entry.event_count > block_events_max ||
            entry.block_bytes > block_bytes_max || entry.block_offset() + entry.block_bytes > frames_end)
            return false;
        number = entry.end_number();
        offset = entry.block_offset() + entry.block_bytes;
    }
    return true;
}

Result<OpenTable> load_open_table(Disk& disk, const std::string& path, std::uint64_t frames_end) {
    const auto bytes = read_file(disk, open_table_path(path));
    if (!bytes) return fail(bytes.error());
    auto table = read_open_table(*bytes, open_table_path(path));
    if (!table) return table;
    if (table->frames_end < frames_end) return fail(Code::corrupt, fmt::format("{}: older than its file", path));
    cut_table(*table, frames_end);
    return table;
}

}  // namespace

OpenTable walk_frames(std::string_view bytes, std::uint64_t frames_end, const std::string& path,
                      std::vector<Finding>& findings) {
    OpenTable made;
    made.dictionaries_known = false;
    made.frames_end = std::min<std::uint64_t>(frames_end, bytes.size());
    bytes = bytes.substr(0, made.frames_end);
    std::uint64_t number = 0;
    for (std::size_t offset = archive_header_bytes; offset < bytes.size();) {
        const auto header = read_frame_header(bytes.substr(offset));
        const bool fits = header && header->version <= format_version && header->first_number >= number &&
                          offset + header->frame_bytes() <= bytes.size();
        if (fits) {
            made.table.push_back(entry_of(*header, offset));
            number = header->end_number();
            offset += header->frame_bytes();
            continue;
        }
        const auto next = find_frame(bytes, offset + 8, std::nullopt, 0).value_or(bytes.size());
        const auto next_header = read_frame_header(bytes.substr(next));
        findings.push_back({path, offset, number, next_header ? next_header->first_number : number,
                            "archive frame with a damaged header"});
        offset = next;
    }
    return made;
}

Result<ArchiveFilePointer> ArchiveFile::open(Disk& disk, const std::string& folder, ArchiveFileInfo info,
                                             std::vector<Finding>& findings) {
    const auto path = folder + "/" + info.path;
    auto map = disk.map(path);
    if (!map) return fail(std::move(map).error());
    const auto bytes = (*map)->bytes().substr(0, info.bytes);
    if (bytes.size() < info.bytes)
        findings.push_back({path, bytes.size(), info.first_number, info.end_number,
                            fmt::format("archive file has {} of {} bytes", bytes.size(), info.bytes)});
    if (const auto header = read_archive_header(bytes, path); !header) {
        if (header.error().code == Code::unavailable) return fail(header.error());
        findings.push_back({path, 0, 0, 0, header.error().message});
    }

    const std::shared_ptr<ArchiveFile> file(new ArchiveFile);
    file->map_ = *map;
    file->frames_end_ = std::min<std::uint64_t>(info.bytes, bytes.size());
    bool have_table = false;
    if (info.closed) {
        if (auto footer = read_archive_footer(bytes, path)) {
            file->frames_end_ = footer->frames_end;
            file->table_ = footer->table;
            for (const auto& [id, dictionary] : footer->dictionaries) file->dictionary_ids_.push_back(id);
            have_table = is_sorted_and_inside(file->table_, file->frames_end_);
        } else {
            if (footer.error().code == Code::unavailable) return fail(footer.error());
            findings.push_back({path, bytes.size(), 0, 0, footer.error().message});
        }
    }
    if (!have_table) {
        auto table =
            info.closed ? Result<OpenTable>(fail(Code::not_found, "")) : load_open_table(disk, path, info.bytes);
        if (!table && table.error().code == Code::corrupt)
            findings.push_back({open_table_path(path), 0, 0, 0, table.error().message});
        if (!table || !is_sorted_and_inside(table->table, file->frames_end_))
            table = walk_frames(bytes, file->frames_end_, path, findings);
        file->own_table_ = std::move(table->table);
        file->dictionary_ids_ = std::move(table->dictionary_ids);
        file->dictionaries_known_ = table->dictionaries_known;
        file->table_ = file->own_table_;
    }
    file->info_ = std::move(info);
    return file;
}

Result<ArchiveFilePointer> ArchiveFile::open_grown(Disk& disk, const std::string& folder, ArchiveFileInfo info,
                                                   OpenTable table) {
    auto map = disk.map(folder + "/" + info.path);
    if (!map) return fail(std::move(map).error());
    CAIRN_CHECK((*map)->bytes().size() >= info.bytes);
    const std::shared_ptr<ArchiveFile> file(new ArchiveFile);
    file->map_ = std::move(*map);
    file->frames_end_ = table.frames_end;
    file->own_table_ = std::move(table.table);
    file->own_table_.shrink_to_fit();
    file->dictionary_ids_ = std::move(table.dictionary_ids);
    file->table_ = file->own_table_;
    file->info_ = std::move(info);
    return file;
}

StoredBlock ArchiveFile::block(const BlockEntry& entry) const {
    return {entry.first_number, entry.event_count, info_.retention,
            map_->bytes().substr(entry.block_offset(), entry.block_bytes), map_};
}

Result<ArchiveFile::Frame> ArchiveFile::frame(const BlockEntry& entry) const {
    const auto bytes = map_->bytes().substr(0, frames_end_).substr(entry.offset);
    const auto header = read_frame_header(bytes);
    const bool right = header && header->version <= format_version && header->first_number == entry.first_number &&
                       header->event_count == entry.event_count && header->block_bytes == entry.block_bytes &&
                       header->retention == info_.retention && body_is_whole(*header, bytes);
    if (!right)
        return fail(Code::corrupt, fmt::format("{} at {}: damaged block of events {} to {}", info_.path, entry.offset,
                                               entry.first_number, entry.end_number() - 1));
    return Frame{*header, bytes.substr(0, header->frame_bytes())};
}

}  // namespace cairn::journal
