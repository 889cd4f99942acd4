#pragma once

#include <memory>
#include <string>

#include "api/s3_call.h"
#include "api/trail_services.h"
#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "neighbour/buckets/buckets.h"
#include "node/config.h"
#include "seam/clock.h"
#include "seam/disk.h"
#include "seam/event_log.h"
#include "seam/meta_store.h"
#include "seam/object_retention.h"

namespace cairn::node {

/// Where the embedded buckets lie in a data directory.
inline constexpr const char* buckets_folder = "buckets";

/// Trails at work: their settings and keys, the embedded buckets, and the threads that deliver.
class TrailWork {
public:
    /// All of them outlive it.
    struct Parts {
        EventLog& log;
        FindDictionary find_dictionary;
        MetaStore& store;
        const std::string& master_key;
        Disk& disk;
        const Clock& clock;
        Metrics& metrics;
    };
    /// Errors: those of the stores, each naming what it could not read.
    static Result<std::unique_ptr<TrailWork>> open(const Config& config, Parts parts);

    ~TrailWork();

    /// Begins to deliver. Once.
    void start();

    /// Ends after the deliveries that are under way. Blocks.
    void stop();

    const api::TrailServices& services() const;
    const api::S3Services& s3_services() const;
    neighbour::Buckets& buckets();
    EmbeddedStore& objects();

    /// Events below are delivered, or wanted by no trail: the log need not keep them for their sake.
    std::uint64_t published() const;

private:
    struct State;
    explicit TrailWork(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace cairn::node
