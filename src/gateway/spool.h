#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "gateway/record_sink.h"
#include "seam/disk.h"

namespace cairn::gateway {

struct SpoolOptions {
    std::string folder = "spool";
    std::uint64_t bytes_max = 1u << 30;   ///< of all files; above it nothing is taken
    std::uint64_t file_bytes = 4u << 20;  ///< a larger file is closed, and removed when all of it went on
    std::chrono::milliseconds retry_interval{1'000};
    std::chrono::milliseconds last_patience{5'000};  ///< for giving on what is left, at the end
};

/// Keeps records on the local disk until another sink has them: docs/format/spool.md. A record counts as durable once
/// it is synced here; all records that wait share one sync. Given on in order, at least once: what was under way when
/// the process ended is given again, and the eventID of a record tells that it is the same.
class Spool final : public RecordSink {
public:
    /// Reads what an earlier process left. `disk`, `onward` and `metrics` outlive it. Blocks. Errors: those of Disk.
    static Result<std::unique_ptr<Spool>> open(SpoolOptions options, Disk& disk, RecordSink& onward, Metrics& metrics);

    /// Writes what was submitted; what did not go on stays on the disk.
    ~Spool() override;

    /// Error: exhausted, when the spool or the disk is full; those of Disk.
    void submit(GatewayRecord record, Done done) override;

private:
    struct Waiting {
        GatewayRecord record;
        Done done;
    };
    struct SpoolFile {
        std::string path;
        std::unique_ptr<File> file;
        std::uint32_t version = 0;
        std::uint64_t end = 0;  ///< of the durable frames
        bool closed = false;    ///< nothing is appended any more
    };
    struct Frame {
        GatewayRecord record;
        std::uint64_t end;  ///< its place in the file
    };

    Spool(SpoolOptions options, Disk& disk, RecordSink& onward, Metrics& metrics);

    Result<void> recover();
    void write();
    void write_group(std::deque<Waiting> group);
    Result<void> append(const std::deque<Waiting>& group);
    Result<std::shared_ptr<SpoolFile>> file_for(std::uint64_t sequence);
    void ship();
    bool ship_from(const std::shared_ptr<SpoolFile>& file, std::uint64_t& from);
    Result<std::vector<Frame>> read_frames(SpoolFile& file, std::uint64_t from, std::uint64_t end) const;
    bool give_on(const std::vector<Frame>& frames);
    void remove_first();

    const SpoolOptions options_;
    Disk& disk_;
    RecordSink& onward_;
    Counter &spooled_, &shipped_, &damaged_;
    const std::shared_ptr<std::atomic<std::uint64_t>> bytes_;  ///< of all files; the gauge may outlive all of this

    std::uint64_t last_name_ = 0;  // of the writer

    std::mutex mutex_;
    std::condition_variable to_write_, to_ship_;
    std::deque<Waiting> waiting_;                   // guarded by mutex_, as all below
    std::deque<std::shared_ptr<SpoolFile>> files_;  ///< oldest first
    bool stopping_ = false, ship_no_more_ = false;
    std::chrono::steady_clock::time_point ship_until_{};

    std::thread writer_, shipper_;
};

}  // namespace cairn::gateway
