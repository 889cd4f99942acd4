#pragma once

#include <memory>

#include "api/session_services.h"
#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "gateway/key_book.h"
#include "node/config.h"
#include "seam/clock.h"
#include "seam/disk.h"
#include "seam/event_log.h"
#include "seam/live_learner.h"
#include "seam/meta_store.h"

namespace cairn::node {

/// Where the session graph lies in a data directory.
inline constexpr const char* session_folder = "view/session";

/// The session graph at work: it learns from the log, and from answers that pass the gateway.
class SessionWork {
public:
    /// All of them outlive it.
    struct Parts {
        EventLog& log;
        FindDictionary find_dictionary;
        MetaStore& store;
        Disk& disk;
        const Clock& clock;
        Metrics& metrics;
    };
    /// Errors: those of disk and store.
    static Result<std::unique_ptr<SessionWork>> open(const Config& config, Parts parts);

    ~SessionWork();

    /// Begins to follow the log. Once.
    void start();

    /// Ends, and writes the graph to disk. Blocks.
    void stop();

    /// For ingest: tells it of what comes in. Before start().
    LiveLearner& learner();

    const api::SessionServices& services() const;
    gateway::KeyBook& book();

    /// Events below are learned from: the log need not keep them for its sake.
    std::uint64_t published() const;

private:
    struct State;
    explicit SessionWork(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A graph of its own that only learns from answers, for a gateway without a log.
std::unique_ptr<gateway::KeyBook> make_key_book();

}  // namespace cairn::node
