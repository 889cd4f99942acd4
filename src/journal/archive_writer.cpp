#include "journal/archive_writer.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"

namespace cairn::journal {

namespace {

constexpr std::size_t write_bytes = 1 << 20;

std::string day_text(std::int64_t day) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

void remember(std::vector<std::uint32_t>& ids, std::uint32_t id) {
    if (id != 0 && std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

}  // namespace

/// A file that takes frames, and what it becomes.
struct ArchiveWriter::Growing {
    ArchiveFileInfo info;
    std::unique_ptr<File> file;
    std::string buffer;  // not yet written, ends at info.bytes
    OpenTable table;
    bool created = false;
    bool closed_now = false;

    std::uint64_t written() const { return info.bytes - buffer.size(); }
    Result<void> write_out() {
        if (buffer.empty()) return {};
        CAIRN_TRY(file->write(written(), buffer));
        buffer.clear();
        return {};
    }
};

ArchiveWriter::ArchiveWriter(Disk& disk, const std::string& folder, const ArchiveView& view, ArchiveLimits limits,
                             const FindDictionary& find_dictionary, const std::function<BlockCodec()>& codec)
    : disk_(disk), folder_(folder), view_(view), limits_(limits), find_dictionary_(find_dictionary), codec_(codec) {}

ArchiveWriter::~ArchiveWriter() = default;

Result<void> ArchiveWriter::add(const FrameHeader& header, std::string_view frame) {
    auto& run = runs_[static_cast<std::size_t>(header.retention)];
    const auto sealed = inspect_frame(header, frame, find_dictionary_);
    if (!run.empty() && !may_join(run, sealed, limits_.merge))
        CAIRN_TRY(flush_run(static_cast<std::size_t>(header.retention)));
    if (may_join(run, sealed, limits_.merge)) {
        run.push_back(sealed);
        return {};
    }
    return put(header, frame, sealed.raw_bytes, sealed.dictionary_id);
}

Result<void> ArchiveWriter::flush_run(std::size_t retention) {
    const auto run = std::exchange(runs_[retention], {});
    if (run.size() > 1) {
        const auto codec = codec_();
        const auto joined = join_frames(run, find_dictionary_, codec);
        if (joined) {
            const auto header = read_frame_header(*joined);
            CAIRN_CHECK(header.has_value());
            CAIRN_TRY(put(*header, *joined, header->raw_bytes, codec.dictionary ? codec.dictionary->id() : 0));
            blocks_joined_ += run.size();
            return {};
        }
        log_warning("small blocks are moved as they are", {{"error", joined.error().message}});
    }
    for (const auto& frame : run) CAIRN_TRY(put(frame.header, frame.bytes, frame.raw_bytes, frame.dictionary_id));
    return {};
}

Result<void> ArchiveWriter::put(const FrameHeader& header, std::string_view frame, std::uint32_t raw_bytes,
                                std::uint32_t dictionary_id) {
    const auto growing = file_for(header, frame.size());
    if (!growing) return fail(growing.error());
    auto& file = **growing;
    auto entry = entry_of(header, file.info.bytes);
    entry.raw_bytes = raw_bytes;
    file.table.table.push_back(entry);
    remember(file.table.dictionary_ids, dictionary_id);
    file.info.end_number = header.end_number();
    file.info.event_count += header.event_count;
    file.info.block_count += 1;
    file.info.bytes += frame.size();
    file.info.newest_ms = std::max(file.info.newest_ms, header.newest_ms);
    file.buffer.append(frame);
    return file.buffer.size() < write_bytes ? Result<void>() : file.write_out();
}

/// The file that takes this frame: the open one of its class, unless its day is over or it is full.
Result<ArchiveWriter::Growing*> ArchiveWriter::file_for(const FrameHeader& header, std::size_t frame_bytes) {
    const auto retention = static_cast<std::size_t>(header.retention);
    CAIRN_TRY(open_last(retention));
    auto& files = growing_[retention];
    const auto day = day_of(header.ingest_ms);
    if (!files.empty() && !files.back()->info.closed) {
        const auto& info = files.back()->info;
        if (info.day == day && info.bytes + frame_bytes <= limits_.file_bytes_max) return files.back().get();
        CAIRN_TRY(close(*files.back()));
    }
    auto made = std::make_unique<Growing>();
    made->created = true;
    made->info.retention = header.retention;
    made->info.day = day;
    made->info.first_number = header.first_number;
    made->info.path = fmt::format("archive/{}/{}-{:012}.cairn", retention_class_name(header.retention), day_text(day),
                                  header.first_number);
    const auto path = folder_ + "/" + made->info.path;
    CAIRN_TRY(disk_.make_folder(folder_of(path)));
    auto file = disk_.open(path, OpenMode::create);
    if (!file) return fail(std::move(file).error());
    made->file = std::move(*file);
    CAIRN_TRY(made->file->truncate(0));  // left by a crash before its manifest was stored
    made->buffer = encode_archive_header(header.retention, day, header.first_number);
    made->info.bytes = made->buffer.size();
    files.push_back(std::move(made));
    return files.back().get();
}

/// Goes on with the open file of a class, once.
Result<void> ArchiveWriter::open_last(std::size_t retention) {
    if (std::exchange(opened_[retention], true) || view_.files[retention].empty()) return {};
    const auto& last = view_.files[retention].back();
    if (last->info().closed) return {};
    auto growing = std::make_unique<Growing>();
    growing->info = last->info();
    growing->table.table.assign(last->table().begin(), last->table().end());
    growing->table.dictionary_ids = last->dictionary_ids();
    if (!last->dictionaries_known())
        for (const auto& entry : last->table())
            if (const auto frame = last->frame(entry))
                remember(growing->table.dictionary_ids,
                         inspect_frame(frame->header, frame->bytes, find_dictionary_).dictionary_id);
    auto file = disk_.open(folder_ + "/" + growing->info.path, OpenMode::write);
    if (!file) return fail(std::move(file).error());
    growing->file = std::move(*file);
    const auto size = growing->file->size();
    if (!size) return fail(size.error());
    if (*size > growing->info.bytes) CAIRN_TRY(growing->file->truncate(growing->info.bytes));
    growing_[retention].push_back(std::move(growing));
    return {};
}

Result<void> ArchiveWriter::close(RetentionClass retention) {
    const auto index = static_cast<std::size_t>(retention);
    CAIRN_TRY(flush_run(index));
    CAIRN_TRY(open_last(index));
    auto& files = growing_[index];
    return files.empty() || files.back()->info.closed ? Result<void>() : close(*files.back());
}

Result<void> ArchiveWriter::close(Growing& growing) {
    std::vector<DictionaryPointer> dictionaries;
    for (const auto id : growing.table.dictionary_ids)
        if (auto dictionary = find_dictionary_(id)) dictionaries.push_back(std::move(dictionary));
    growing.table.frames_end = growing.info.bytes;
    const auto footer = encode_archive_footer(growing.info.bytes, growing.table.table, dictionaries);
    growing.buffer += footer;
    growing.info.bytes += footer.size();
    CAIRN_TRY(growing.write_out());
    const auto sha256 = sha256_of_file(disk_, folder_ + "/" + growing.info.path, growing.info.bytes);
    if (!sha256) return fail(sha256.error());
    growing.info.sha256 = *sha256;
    growing.info.closed = growing.closed_now = true;
    return {};
}

Result<void> ArchiveWriter::settle(Growing& growing, Manifest& manifest, ArchiveView& view) {
    const auto path = folder_ + "/" + growing.info.path;
    CAIRN_TRY(growing.write_out());
    CAIRN_TRY(growing.file->sync());
    if (!growing.info.closed) {
        growing.table.frames_end = growing.info.bytes;
        CAIRN_TRY(replace_file(disk_, open_table_path(path), encode_open_table(growing.table)));
    }
    if (growing.created) {
        // Folders may be new as well: each is durable in the one above.
        CAIRN_TRY(disk_.sync_folder(folder_of(path)));
        CAIRN_TRY(disk_.sync_folder(folder_ + "/archive"));
    }
    const auto same = [&](const ArchiveFileInfo& info) { return info.path == growing.info.path; };
    const auto known = std::ranges::find_if(manifest.files, same);
    if (known != manifest.files.end())
        *known = growing.info;
    else
        manifest.files.push_back(growing.info);

    std::vector<Finding> findings;
    auto file = growing.info.closed ? ArchiveFile::open(disk_, folder_, growing.info, findings)
                                    : ArchiveFile::open_grown(disk_, folder_, growing.info, std::move(growing.table));
    if (!file) return fail(file.error());
    for (const auto& finding : findings)
        log_error("archive file is damaged", {{"path", finding.path}, {"what", finding.what}});
    auto& lane = view.files[static_cast<std::size_t>(growing.info.retention)];
    if (!growing.created) lane.pop_back();
    lane.push_back(std::move(*file));
    return {};
}

Result<ArchiveViewPointer> ArchiveWriter::finish(Manifest& manifest) {
    for (std::size_t i = 0; i < runs_.size(); ++i) CAIRN_TRY(flush_run(i));
    auto view = std::make_shared<ArchiveView>(view_);
    for (auto& files : growing_)
        for (auto& growing : files) CAIRN_TRY(settle(*growing, manifest, *view));
    std::ranges::sort(manifest.files, {}, &ArchiveFileInfo::first_number);
    return view;
}

Result<std::string> sha256_of_file(Disk& disk, const std::string& path, std::uint64_t bytes) {
    const auto file = disk.open(path, OpenMode::read);
    if (!file) return fail(file.error());
    Sha256 sha256;
    std::string piece;
    for (std::uint64_t at = 0; at < bytes; at += piece.size()) {
        piece.resize(std::min<std::uint64_t>(write_bytes, bytes - at));
        CAIRN_TRY((*file)->read(at, piece.data(), piece.size()));
        sha256.add(piece);
    }
    return to_hex(sha256.finish());
}

}  // namespace cairn::journal
