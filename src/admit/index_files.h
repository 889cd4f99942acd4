#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admit/manifest.h"
#include "admit/merge.h"
#include "admit/tiers.h"
#include "seam/disk.h"

namespace cairn::admit {

/// The folder of a seen index: names, numbers, writes and removes its files. Used by one thread at a time.
class IndexFiles {
public:
    IndexFiles(Disk& disk, std::string folder, std::uint64_t table_entries, std::uint32_t fan_out);

    /// Makes the folder and reads the manifest. Empty when there is none, or a damaged one, or one of another geometry.
    /// Errors: those of the disk; invalid, written by a newer version.
    Result<std::optional<Manifest>> load();

    /// Removes what `tiers` does not name. Failures are left for the next time.
    void remove_left_overs(const Tiers& tiers);

    Result<std::shared_ptr<const Run>> open_run(std::uint64_t file_id);
    Result<std::shared_ptr<Filter>> open_filter(std::uint64_t file_id);
    std::shared_ptr<const ContentFile> content(std::uint64_t file_id, std::uint64_t first) const;

    /// `entries` in order of hash. Null when there are none. Durable once a manifest names it.
    Result<std::shared_ptr<const Run>> write_run(std::span<const Entry> entries, std::uint64_t first,
                                                 std::uint64_t end);
    Result<std::shared_ptr<const ContentFile>> write_contents(std::uint64_t first, std::span<const Hash128> hashes);

    /// One run of many, and its filter. Both null when no entry is retained. On damage `damaged` is set.
    struct Merged {
        std::shared_ptr<const Run> run;
        std::shared_ptr<Filter> filter;
    };
    Result<Merged> merge(Runs inputs, std::uint64_t first, std::uint64_t end, bool with_filter, const Alive& alive,
                         const Yield& yield, std::shared_ptr<const Run>& damaged);
    Result<std::shared_ptr<Filter>> write_filter(Runs inputs, const Yield& yield, std::shared_ptr<const Run>& damaged);

    Result<void> write_manifest(const Tiers& tiers);

    void remove_run(std::uint64_t file_id);
    void remove_filter(std::uint64_t file_id);
    void remove_content(std::uint64_t file_id);

private:
    std::string path_of(std::string_view kind, std::uint64_t file_id) const;
    void remove(const std::string& path);

    Disk& disk_;
    const std::string folder_;
    const std::uint64_t table_entries_;
    const std::uint32_t fan_out_;
    std::uint64_t next_file_id_ = 1;
};

}  // namespace cairn::admit
