#include <filesystem>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "admit/check.h"
#include "backend/dir/check.h"
#include "backend/posix/posix_disk.h"
#include "backend/sqlite/sqlite_store.h"
#include "journal/check.h"
#include "node/engine.h"
#include "node/session_work.h"
#include "node/trail_work.h"
#include "view/history/check.h"
#include "view/session/graph.h"

namespace cairn::node {

namespace {

std::uint64_t bytes_below(const std::string& folder) {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (auto it = std::filesystem::recursive_directory_iterator(folder, error);
         !error && it != std::filesystem::recursive_directory_iterator(); it.increment(error))
        if (it->is_regular_file(error)) bytes += it->file_size(error);
    return bytes;
}

Result<void> check_objects(Disk& disk, const std::string& data, CheckReport& report) {
    const auto meta = open_sqlite(data + "/meta.sqlite");
    if (!meta) return fail(meta.error());
    const auto buckets = dir::check_buckets(disk, buckets_folder, **meta);
    if (!buckets) return fail(buckets.error());
    report.objects = buckets->objects;
    report.tombstones = buckets->tombstones;
    for (const auto& finding : buckets->findings) report.findings.push_back({finding.path, 0, finding.what});
    return {};
}

Result<void> check_session_graph(Disk& disk, CheckReport& report) {
    const auto path = std::string(session_folder) + "/graph";
    const auto text = read_file(disk, path);
    if (!text) return text.error().code == Code::not_found ? Result<void>() : fail(text.error());
    const auto loaded = session::Graph().load(*text);
    if (!loaded) report.findings.push_back({path, 0, loaded.error().message + "; it is learned again from the log"});
    return {};
}

}  // namespace

Result<CheckReport> check_data_folder(const std::string& data,
                                      const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
    std::error_code error;
    if (!std::filesystem::is_directory(data, error))
        return fail(Code::not_found, fmt::format("{} is not a data directory", data));
    const auto lock = lock_data_folder(data);
    if (!lock) return fail(lock.error());
    auto disk = open_posix_disk(data);
    if (!disk) return fail(std::move(disk).error());

    CheckReport report;
    const auto view_bytes = bytes_below(data + "/seen") + bytes_below(data + "/view");
    const auto log = journal::check(
        **disk, "log", [&](std::uint64_t done, std::uint64_t total) { progress(done, total + view_bytes); });
    if (!log) return fail(log.error());
    report.events = log->events;
    report.blocks = log->blocks;
    report.bytes = log->bytes;
    for (const auto& finding : log->findings) report.findings.push_back({finding.path, finding.offset, finding.what});

    const auto seen = admit::check(**disk, "seen", report.bytes);
    if (!seen) return fail(seen.error());
    for (const auto& damage : *seen) report.findings.push_back({damage.path, damage.offset, damage.what});
    const auto history = history::check(**disk, "view/history", report.bytes);
    if (!history) return fail(history.error());
    for (const auto& damage : *history) report.findings.push_back({damage.path, damage.offset, damage.what});
    CAIRN_TRY(check_session_graph(**disk, report));
    progress(report.bytes, report.bytes);

    if (const auto meta = check_sqlite(data + "/meta.sqlite"); !meta) {
        if (meta.error().code != Code::corrupt) return fail(meta.error());
        report.findings.push_back({"meta.sqlite", 0, meta.error().message});
        return report;
    }
    CAIRN_TRY(check_objects(**disk, data, report));
    return report;
}

}  // namespace cairn::node
