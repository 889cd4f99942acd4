#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "admit/check.h"
#include "backend/dir/check.h"
#include "backend/posix/posix_disk.h"
#include "backend/sqlite/sqlite_store.h"
#include "journal/check.h"
#include "node/engine.h"
#include "node/fingerprints.h"
#include "node/session_work.h"
#include "node/store.h"
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

/// The meta store of a data directory that must not be written: SQLite writes beside a file that it only reads, so it
/// gets a copy, which goes with this.
class MetaCopy {
public:
    explicit MetaCopy(const std::string& data) {
        auto place = (std::filesystem::temp_directory_path(error_) / "cairn-check-XXXXXX").string();
        if (error_ || !::mkdtemp(place.data())) return;
        folder_ = place;
        for (const auto* name : {"meta.sqlite", "meta.sqlite-wal"})
            if (const auto from = data + '/' + name; !error_ && std::filesystem::exists(from))
                std::filesystem::copy_file(from, path_of(name), error_);
        std::filesystem::permissions(path_of("meta.sqlite"), std::filesystem::perms::owner_write,
                                     std::filesystem::perm_options::add, ignored_);
    }
    MetaCopy(const MetaCopy&) = delete;
    MetaCopy& operator=(const MetaCopy&) = delete;
    ~MetaCopy() {
        if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored_);
    }

    Result<std::string> path() const {
        if (folder_.empty() || error_)
            return fail(Code::unavailable,
                        fmt::format("meta.sqlite can not be copied to be read: {}",
                                    error_ ? error_.message() : "there is no place for temporary files"));
        return path_of("meta.sqlite");
    }

private:
    std::string path_of(std::string_view name) const { return fmt::format("{}/{}", folder_, name); }

    std::string folder_;
    std::error_code error_, ignored_;
};

/// What ended a part of the check is a finding when it is damage.
Result<void> find_corrupt(const char* part, const Error& error, CheckReport& report) {
    if (error.code != Code::corrupt) return fail(error);
    report.findings.push_back({part, 0, error.message});
    return {};
}

Result<void> check_objects(Disk& disk, const std::string& meta_path, CheckReport& report) {
    const auto meta = open_sqlite(meta_path);
    if (!meta) return fail(meta.error());
    const auto buckets = dir::check_buckets(disk, buckets_folder, **meta);
    if (!buckets) return fail(buckets.error());
    report.objects = buckets->objects;
    report.tombstones = buckets->tombstones;
    for (const auto& finding : buckets->findings) report.findings.push_back({finding.path, 0, finding.what});
    return {};
}

/// The key files. Those of a directory without events may be absent.
Result<void> check_keys(const std::string& data, const std::string& meta_path, CheckReport& report) {
    for (const auto* name : {"master.key", "fingerprint.key"})
        if (const auto key = read_key_file(data + '/' + name); !key && report.events > 0)
            report.findings.push_back({name, 0, key.error().message});
    const auto meta = open_sqlite(meta_path);
    if (!meta) return fail(meta.error());
    if (const auto key = read_key_file(data + "/master.key")) {
        const auto known = is_known_master_key(**meta, *key);
        if (!known) return fail(known.error());
        if (!*known)
            report.findings.push_back(
                {"master.key", 0,
                 "is not the key that the secrets in meta.sqlite are sealed with; no node starts with it"});
    }
    const auto remembered = remembered_fingerprint_key(**meta);
    if (!remembered) return fail(remembered.error());
    const auto key = read_key_file(data + "/fingerprint.key");
    if (key && !remembered->empty() && fingerprint_key_id(*key) != *remembered)
        report.findings.push_back({"fingerprint.key", 0,
                                   "is not the key that the log was written with; the next start makes the "
                                   "fingerprints of what is stored again"});
    return {};
}

Result<void> check_session_graph(Disk& disk, CheckReport& report) {
    const auto path = std::string(session_folder) + "/graph";
    const auto text = read_file(disk, path);
    if (!text && text.error().code == Code::not_found) return {};
    if (!text) return find_corrupt(path.c_str(), text.error(), report);
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
    auto lock = lock_data_folder(data);
    const bool read_only = !lock && lock.error().code == Code::denied;
    if (read_only) lock = lock_read_only_folder(data);
    if (!lock) return fail(lock.error());
    auto disk = open_posix_disk(data);
    if (!disk) return fail(std::move(disk).error());

    CheckReport report;
    const auto view_bytes = bytes_below(data + "/seen") + bytes_below(data + "/view");
    const auto log = journal::check(
        **disk, "log", [&](std::uint64_t done, std::uint64_t total) { progress(done, total + view_bytes); });
    if (!log) CAIRN_TRY(find_corrupt("log", log.error(), report));
    if (log) {
        report.events = log->events;
        report.blocks = log->blocks;
        report.bytes = log->bytes;
        for (const auto& finding : log->findings)
            report.findings.push_back({finding.path, finding.offset, finding.what});
    }

    const auto seen = admit::check(**disk, "seen", report.bytes);
    if (!seen) CAIRN_TRY(find_corrupt("seen", seen.error(), report));
    if (seen)
        for (const auto& damage : *seen) report.findings.push_back({damage.path, damage.offset, damage.what});
    const auto history = history::check(**disk, "view/history", report.bytes);
    if (!history) CAIRN_TRY(find_corrupt("view/history", history.error(), report));
    if (history)
        for (const auto& damage : *history) report.findings.push_back({damage.path, damage.offset, damage.what});
    CAIRN_TRY(check_session_graph(**disk, report));
    progress(report.bytes, report.bytes);

    std::optional<MetaCopy> copy;
    auto meta_path = Result<std::string>(data + "/meta.sqlite");
    if (read_only && std::filesystem::exists(*meta_path, error)) meta_path = copy.emplace(data).path();
    if (!meta_path) return fail(meta_path.error());
    if (const auto meta = check_sqlite(*meta_path); !meta) {
        const bool lost = meta.error().code == Code::not_found && report.events > 0;
        if (meta.error().code != Code::corrupt && !lost) return fail(meta.error());
        report.findings.push_back({"meta.sqlite", 0, meta.error().message});
        return report;
    }
    CAIRN_TRY(check_objects(**disk, *meta_path, report));
    CAIRN_TRY(check_keys(data, *meta_path, report));
    return report;
}

}  // namespace cairn::node
