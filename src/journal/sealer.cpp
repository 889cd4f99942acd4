#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"
#include "journal/state.h"

namespace cairn::journal {

namespace {

constexpr std::chrono::milliseconds tick_interval{1000};
constexpr std::size_t free_slots = 2;

}  // namespace

bool is_expired(const ArchiveFileInfo& file, const Retention& retention, Time now) {
    const auto& keep = retention.keep[static_cast<std::size_t>(file.retention)];
    return keep && from_milliseconds(file.newest_ms) + *keep < now;
}

/// After a change that failed half-way the disk may hold either manifest: before anything is done that the other would
/// not survive (an archive file is written again from its old end), the old one is made the newer one.
Result<void> Journal::State::settle_manifest() {
    if (!manifest_unsure) return {};
    CAIRN_TRY(store_manifest(parts.disk, parts.folder, manifest));
    manifest_unsure = false;
    return {};
}

/// Makes `changed` the manifest.
Result<void> Journal::State::store_manifest_changed(Manifest changed) {
    changed.durable_sequence = std::max<std::uint64_t>(durable_sequence, changed.sealed_sequence);
    changed.durable_number = std::max<std::uint64_t>(durable_number, changed.sealed_number);
    changed.next_generation = last_generation + 1;
    if (auto stored = store_manifest(parts.disk, parts.folder, changed); !stored) {
        manifest.revision = changed.revision;
        manifest_unsure = true;
        return stored;
    }
    manifest = std::move(changed);
    return {};
}

Result<void> Journal::State::seal_one(const TailFilePointer& file) {
    std::lock_guard lock(maintenance_mutex);
    if (contents.sealable() != file) return {};  // another caller was faster
    CAIRN_TRY(settle_manifest());
    const auto archive = contents.archive();
    ArchiveWriter archive_writer(parts.disk, parts.folder, *archive, options.archive, parts.find_dictionary,
                                 parts.codec);
    auto changed = manifest;
    const auto bytes = file->slot->map->bytes();
    for (const auto& entry : file->entries) {
        const auto frame = bytes.substr(entry.offset);
        const auto header = read_frame_header(frame);
        if (header && body_is_whole(*header, frame)) {
            CAIRN_TRY(archive_writer.add(*header, frame.substr(0, header->frame_bytes())));
            continue;
        }
        changed.losses.push_back({file->slot->path, entry.offset, entry.first_number, entry.end_number(),
                                  "frame was damaged before it was moved to the archive"});
        log_error("journal frame is damaged", {{"path", file->slot->path},
                                               {"offset", entry.offset},
                                               {"first", entry.first_number},
                                               {"end", entry.end_number()}});
    }
    auto view = archive_writer.finish(changed);
    if (!view) return fail(std::move(view).error());
    changed.losses.insert(changed.losses.end(), file->losses.begin(), file->losses.end());
    changed.first_generation = file->header.generation + 1;
    changed.sealed_sequence = file->end_sequence;
    changed.sealed_number = file->end_number;
    changed.sealed_chain = file->end_chain;
    std::vector<std::string> closed_files;
    for (const auto& info : changed.files) {
        const auto same = [&](const ArchiveFileInfo& known) { return known.path == info.path && known.closed; };
        if (info.closed && std::ranges::none_of(manifest.files, same)) closed_files.push_back(info.path);
    }
    CAIRN_TRY(store_manifest_changed(std::move(changed)));

    archive_bytes = (*view)->bytes();
    contents.seal(std::move(*view));
    pool.give_back(file->slot);
    counters.blocks_joined.add(archive_writer.blocks_joined());
    for (const auto& path : closed_files) (void)parts.disk.remove(open_table_path(parts.folder + "/" + path));
    return pool.keep(free_slots);
}

Result<void> Journal::State::seal_all() {
    CAIRN_TRY(retire_open_file());
    while (const auto file = contents.sealable()) CAIRN_TRY(seal_one(file));
    return {};
}

Result<TrimReport> Journal::State::trim(const Retention& retention, const Hold& hold, std::uint64_t read_by_all) {
    std::lock_guard lock(maintenance_mutex);
    CAIRN_TRY(settle_manifest());
    const auto now_ms = to_milliseconds(parts.clock.now());
    const auto expired = [&](const ArchiveFileInfo& file) {
        return is_expired(file, retention, from_milliseconds(now_ms));
    };

    // An open file that is past its day and expired is closed first, so that its tombstone can name its hash.
    auto changed = manifest;
    auto view = contents.archive();
    ArchiveWriter archive_writer(parts.disk, parts.folder, *view, options.archive, parts.find_dictionary, parts.codec);
    for (const auto& file : manifest.files)
        if (!file.closed && expired(file) && file.day < day_of(now_ms)) CAIRN_TRY(archive_writer.close(file.retention));
    auto with_closed = archive_writer.finish(changed);
    if (!with_closed) return fail(std::move(with_closed).error());

    TrimReport report;
    std::vector<ArchiveFileInfo> kept;
    for (auto& file : changed.files) {
        if (!expired(file) || !file.closed) {
            kept.push_back(std::move(file));
        } else if (file.end_number > read_by_all) {
            ++report.unread_files;
            kept.push_back(std::move(file));
        } else if (hold && hold(file)) {
            ++report.held_files;
            kept.push_back(std::move(file));
        } else {
            const auto keep = retention.keep[static_cast<std::size_t>(file.retention)]->count();
            report.trimmed.push_back({file.retention, file.first_number, file.end_number, file.event_count, file.bytes,
                                      file.sha256, file.path, now_ms, fmt::format("older than {} ms", keep)});
        }
    }
    const auto was_closed = [](const auto& files) { return std::ranges::count(files, true, &ArchiveFileInfo::closed); };
    const bool closed_any =
        was_closed(kept) + static_cast<std::ptrdiff_t>(report.trimmed.size()) != was_closed(manifest.files);
    if (report.trimmed.empty() && !closed_any) return report;
    changed.files = std::move(kept);
    changed.tombstones.insert(changed.tombstones.end(), report.trimmed.begin(), report.trimmed.end());
    CAIRN_TRY(store_manifest_changed(std::move(changed)));

    auto left = std::make_shared<ArchiveView>();
    for (std::size_t i = 0; i < retention_class_count; ++i)
        for (const auto& file : (*with_closed)->files[i]) {
            const auto same = [&](const Tombstone& tombstone) { return tombstone.path == file->info().path; };
            if (std::ranges::none_of(report.trimmed, same)) left->files[i].push_back(file);
        }
    archive_bytes = left->bytes();
    contents.replace_archive(std::move(left));
    for (const auto& tombstone : report.trimmed) {
        const auto path = parts.folder + "/" + tombstone.path;
        (void)parts.disk.remove(open_table_path(path));
        CAIRN_TRY(parts.disk.remove(path));
        CAIRN_TRY(parts.disk.sync_folder(path.substr(0, path.rfind('/'))));
    }
    return report;
}

/// What the sealer does once a second or when woken: a spare journal file, sealing what is full or old.
void Journal::State::tick() {
    const auto complain = [](const Result<void>& result, const char* what) {
        if (!result) log_warning(what, {{"error", result.error().message}});
        return result.has_value();
    };
    while (const auto file = contents.sealable())
        if (!complain(seal_one(file), "sealing a journal file failed, it is tried again")) break;
    const bool within_budget =
        options.disk_budget_bytes == 0 ||
        used_bytes() + contents.unsealed_bytes() + options.journal_file_bytes <= options.disk_budget_bytes;
    if (within_budget && !numbers->closed) complain(pool.prepare(), "no spare journal file can be made");
    const auto oldest = contents.oldest_ingest_ms();
    if (oldest && *oldest + options.seal_age.count() < to_milliseconds(parts.clock.now())) (void)retire_open_file();
    update_numbers();
}

void Journal::State::run_sealer() {
    std::unique_lock lock(sealer_mutex);
    while (!sealer_stopping) {
        lock.unlock();
        tick();
        lock.lock();
        sealer_wake.wait_for(lock, tick_interval, [&] { return sealer_stopping || sealer_work; });
        sealer_work = false;
    }
}

}  // namespace cairn::journal
