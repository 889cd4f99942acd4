#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admit/options.h"
#include "base/metrics.h"
#include "base/result.h"
#include "seam/disk.h"
#include "seam/seen.h"

namespace cairn::admit {

/// Seen on the local disk, in the form of docs/format/seen.md. Everything in its folder can be made again
/// from the log; what is damaged is found before it is used, reported by a log line, and made again.
class SeenIndex final : public Seen {
public:
    /// Opens the index in `folder` or makes it, and looks at every event of `source` that it does not have on disk yet.
    /// `disk` and `metrics` outlive it. Blocks. Errors: those of disk and source; invalid, written by a newer version.
    static Result<std::unique_ptr<SeenIndex>> open(Disk& disk, const std::string& folder, SeenSource source,
                                                   Metrics& metrics, SeenOptions options = {});

    /// Stops the work in the background. What is not on disk yet is taken from the log at the next opening.
    ~SeenIndex() override;

    // seam/seen.h. In addition: find() and numbers_of() block while a damaged run is made again. insert() waits when
    // files are written slower than events come; while they cannot be written at all (a full disk) it goes on for some
    // tables in memory, then fails.
    Result<void> find(std::span<const Fingerprint> candidates, Sightings& out) override;
    Result<void> insert(std::span<const Fingerprint> events, std::uint64_t first_number) override;
    void durable(std::uint64_t number) override;
    Result<std::vector<std::uint64_t>> numbers_of(std::uint64_t identity) override;

    /// No event below `number` is retained any more: its files go. Any thread.
    void forget_below(std::uint64_t number);

    /// Waits until there is nothing left to write, merge or repair; or does that work. For tests, benches and
    /// shut-down.
    Result<void> settle();

    /// Reads every file and fails with the first damage. Any thread; blocks. For checks of a data directory.
    Result<void> verify() const;

private:
    class Implementation;
    explicit SeenIndex(std::unique_ptr<Implementation> implementation);
    std::unique_ptr<Implementation> implementation_;
};

}  // namespace cairn::admit
