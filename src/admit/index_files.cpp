#include "admit/index_files.h"

#include <set>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::admit {

namespace {

constexpr std::string_view manifest_name = "manifest";

std::string name_of(std::string_view kind, std::uint64_t file_id) { return fmt::format("{:012}.{}", file_id, kind); }

std::uint64_t entry_count(Runs runs) {
    std::uint64_t count = 0;
    for (const auto& run : runs) count += run->entry_count();
    return count;
}

}  // namespace

IndexFiles::IndexFiles(Disk& disk, std::string folder, std::uint64_t table_entries, std::uint32_t fan_out)
    : disk_(disk), folder_(std::move(folder)), table_entries_(table_entries), fan_out_(fan_out) {}

std::string IndexFiles::path_of(std::string_view kind, std::uint64_t file_id) const {
    return folder_ + "/" + name_of(kind, file_id);
}

Result<std::optional<Manifest>> IndexFiles::load() {
    CAIRN_TRY(disk_.make_folder(folder_));
    const auto path = folder_ + "/" + std::string(manifest_name);
    const auto bytes = read_file(disk_, path);
    if (!bytes && bytes.error().code == Code::not_found) return std::optional<Manifest>();
    auto manifest = bytes ? decode_manifest(*bytes) : Result<Manifest>(fail(bytes.error()));
    if (!manifest) {
        if (manifest.error().code != Code::corrupt) return fail(std::move(manifest).error());
        log_error("the seen index is made again from the log", {{"file", path}, {"reason", manifest.error().message}});
        return std::optional<Manifest>();
    }
    next_file_id_ = manifest->next_file_id;
    if (manifest->table_entries != table_entries_ || manifest->fan_out != fan_out_) {
        log_warning("the seen index is made again from the log",
                    {{"file", path}, {"reason", "its sizes were changed"}});
        return std::optional<Manifest>();
    }
    return std::optional<Manifest>(std::move(*manifest));
}

void IndexFiles::remove_left_overs(const Tiers& tiers) {
    std::set<std::string> wanted{std::string(manifest_name)};
    for (const auto& segment : tiers.segments) {
        for (const auto& run : segment->runs) wanted.insert(name_of("run", run->file_id()));
        if (segment->filter && segment->filter->file_id() != 0)
            wanted.insert(name_of("filter", segment->filter->file_id()));
    }
    for (const auto& content : tiers.contents) wanted.insert(name_of("content", content->file_id()));
    const auto names = disk_.list(folder_);
    if (!names) return;
    for (const auto& name : *names)
        if (!wanted.contains(name)) remove(folder_ + "/" + name);
}

Result<std::shared_ptr<const Run>> IndexFiles::open_run(std::uint64_t file_id) {
    return Run::open(disk_, path_of("run", file_id), file_id);
}

Result<std::shared_ptr<Filter>> IndexFiles::open_filter(std::uint64_t file_id) {
    return Filter::open(disk_, path_of("filter", file_id), file_id);
}

std::shared_ptr<const ContentFile> IndexFiles::content(std::uint64_t file_id, std::uint64_t first) const {
    return std::make_shared<ContentFile>(disk_, path_of("content", file_id), file_id, first, first + table_entries_);
}

Result<std::shared_ptr<const Run>> IndexFiles::write_run(std::span<const Entry> entries, std::uint64_t first,
                                                         std::uint64_t end) {
    if (entries.empty()) return std::shared_ptr<const Run>();
    const auto id = next_file_id_++;
    auto writer = RunWriter::create(disk_, path_of("run", id), id, first, end, entries.size());
    if (!writer) return fail(std::move(writer).error());
    for (const auto& entry : entries) CAIRN_TRY(writer->add(entry));
    CAIRN_TRY(writer->finish());
    return open_run(id);
}

Result<std::shared_ptr<const ContentFile>> IndexFiles::write_contents(std::uint64_t first,
                                                                      std::span<const Hash128> hashes) {
    const auto id = next_file_id_++;
    CAIRN_TRY(write_content(disk_, path_of("content", id), id, first, hashes));
    return content(id, first);
}

Result<IndexFiles::Merged> IndexFiles::merge(Runs inputs, std::uint64_t first, std::uint64_t end, bool with_filter,
                                             const Alive& alive, const Yield& yield,
                                             std::shared_ptr<const Run>& damaged) {
    const auto run_id = next_file_id_++, filter_id = next_file_id_++;
    const auto entries = entry_count(inputs);
    const auto write = [&]() -> Result<bool> {
        auto run = RunWriter::create(disk_, path_of("run", run_id), run_id, first, end, entries);
        if (!run) return fail(std::move(run).error());
        std::optional<FilterWriter> filter;
        if (with_filter) {
            auto created = FilterWriter::create(disk_, path_of("filter", filter_id), filter_id, entries);
            if (!created) return fail(std::move(created).error());
            filter.emplace(std::move(*created));
        }
        auto outcome = merge_runs(inputs, alive, *run, filter ? &*filter : nullptr, yield);
        damaged = outcome.damaged;
        CAIRN_TRY(std::move(outcome.result));
        if (run->entry_count() == 0) return false;
        CAIRN_TRY(run->finish());
        if (filter) CAIRN_TRY(filter->finish());
        return true;
    };
    const auto written = write();
    if (!written || !*written) {
        remove_run(run_id);
        if (with_filter) remove_filter(filter_id);
        if (!written) return fail(written.error());
        return Merged{};
    }
    auto run = open_run(run_id);
    if (!run) return fail(std::move(run).error());
    if (!with_filter) return Merged{std::move(*run), nullptr};
    auto filter = open_filter(filter_id);
    if (!filter) return fail(std::move(filter).error());
    return Merged{std::move(*run), std::move(*filter)};
}

Result<std::shared_ptr<Filter>> IndexFiles::write_filter(Runs inputs, const Yield& yield,
                                                         std::shared_ptr<const Run>& damaged) {
    const auto id = next_file_id_++;
    const auto write = [&]() -> Result<void> {
        auto filter = FilterWriter::create(disk_, path_of("filter", id), id, entry_count(inputs));
        if (!filter) return fail(std::move(filter).error());
        auto outcome = fill_filter(inputs, *filter, yield);
        damaged = outcome.damaged;
        CAIRN_TRY(std::move(outcome.result));
        return filter->finish();
    };
    if (auto written = write(); !written) {
        remove_filter(id);
        return fail(std::move(written).error());
    }
    return open_filter(id);
}

Result<void> IndexFiles::write_manifest(const Tiers& tiers) {
    Manifest manifest;
    manifest.table_entries = table_entries_;
    manifest.fan_out = fan_out_;
    manifest.covered = tiers.covered;
    manifest.next_file_id = next_file_id_;
    for (const auto& segment : tiers.segments) {
        if (segment->runs.empty()) continue;
        Manifest::Segment entry{
            segment->level, segment->first, segment->end, segment->filter ? segment->filter->file_id() : 0, {}};
        for (const auto& run : segment->runs) entry.runs.push_back({run->file_id(), run->first(), run->end()});
        manifest.segments.push_back(std::move(entry));
    }
    for (const auto& content : tiers.contents) manifest.contents.push_back({content->file_id(), content->first()});
    CAIRN_TRY(disk_.sync_folder(folder_));
    return replace_file(disk_, folder_ + "/" + std::string(manifest_name), encode_manifest(manifest));
}

void IndexFiles::remove_run(std::uint64_t file_id) { remove(path_of("run", file_id)); }
void IndexFiles::remove_filter(std::uint64_t file_id) { remove(path_of("filter", file_id)); }
void IndexFiles::remove_content(std::uint64_t file_id) { remove(path_of("content", file_id)); }

void IndexFiles::remove(const std::string& path) {
    // What stays is removed at the next opening.
    if (const auto removed = disk_.remove(path); !removed && removed.error().code != Code::not_found)
        log_warning("a file of the seen index could not be removed",
                    {{"file", path}, {"reason", removed.error().message}});
}

}  // namespace cairn::admit
