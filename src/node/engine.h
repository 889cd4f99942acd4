#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "identity/directory.h"
#include "ingest/ingest.h"
#include "node/config.h"
#include "node/hold.h"
#include "node/session_work.h"
#include "node/store.h"
#include "node/trail_work.h"
#include "seam/event_log.h"
#include "view/history/history.h"

namespace cairn::node {

/// A data directory at work: log, admission, history and ingest, wired together, without any network. Used by the
/// server and by `cairn import --data`. Members may be called from any thread.
class Engine {
public:
    /// Takes the lock of the data directory, recovers the log, opens the views. Blocks for the recovery. Errors:
    /// conflict, naming the process that holds the directory; those of the parts, each naming its file.
    static Result<std::unique_ptr<Engine>> open(const Config& config, Metrics& metrics);

    virtual ~Engine() = default;

    virtual EventLog& log() = 0;
    virtual history::History& history() = 0;
    virtual TrailWork& trails() = 0;
    virtual SessionWork& sessions() = 0;
    virtual ingest::Ingest& ingest() = 0;
    virtual identity::Directory& directory() = 0;
    virtual const Clock& clock() const = 0;
    virtual FindDictionary find_dictionary() = 0;
    virtual const std::string& store_id() const = 0;  ///< Store::id of the data directory

    /// From now on these legal holds are in force.
    virtual void set_holds(std::vector<Hold> holds) = 0;

    /// Waits until everything submitted is answered. Blocks.
    virtual void drain() = 0;
};

/// Verifies a data directory without changing it (docs/format/): every frame, block, sub-block, table, index and the
/// meta store, and that embedded buckets have the files of their objects and no others. `progress` is called with bytes
/// done and in all.
struct CheckReport {
    std::uint64_t events = 0, blocks = 0, bytes = 0;
    std::uint64_t objects = 0, tombstones = 0;  ///< of embedded buckets
    struct Finding {
        std::string file;
        std::uint64_t offset = 0;
        std::string what;  ///< names the event range that is affected
    };
    std::vector<Finding> findings;
};
Result<CheckReport> check_data_folder(const std::string& data,
                                      const std::function<void(std::uint64_t done, std::uint64_t total)>& progress);

}  // namespace cairn::node
