#pragma once

#include <cstdint>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "event/block.h"
#include "follow/events.h"
#include "follow/view.h"
#include "seam/clock.h"
#include "seam/disk.h"
#include "seam/meta_store.h"
#include "view/session/call.h"
#include "view/session/graph.h"
#include "view/session/recent.h"
#include "view/session/told.h"

namespace cairn::session {

struct ViewOptions {
    std::chrono::milliseconds save_pause{300'000};  ///< between two writes of the file; what came since is read again
};

/// Keeps a graph up to date with the log, and on disk. Everything under its folder can be deleted and is learned again
/// from the log, with the same answers.
class SessionView final : public follow::View {
public:
    /// All of them outlive it.
    struct Parts {
        Graph& graph;
        Disk& disk;
        std::string folder;  ///< below the disk's root
        FindDictionary find_dictionary;
        MetaStore& store;
        const Clock& clock;
    };
    explicit SessionView(Parts parts, ViewOptions options = {});

    /// Reads the file, and has the follower go on from where it ends: to be called before it starts. One that is
    /// damaged, or of a log that ended after `log_end`, is named in the log line and learned anew. Errors: those of
    /// disk and store; invalid, a newer version.
    Result<void> open(std::uint64_t log_end);

    /// Writes the file. Not while a follower runs.
    Result<void> save();

    /// For ingest, which tells it of every event from `log_end` on: those need not be read from the log. Once, before
    /// the follower starts.
    LiveLearner& learner(std::uint64_t log_end);

    std::string name() const override { return "session"; }
    void restart(std::uint64_t position) override { position_ = position; }
    Result<Planned> plan(std::uint64_t from, const std::vector<StoredBlock>& blocks) override;

    // It makes no plans.
    Result<void> store(Transaction&, Planned&) override { return {}; }
    Result<void> put(const follow::Plan&) override { return {}; }
    Result<void> publish(Transaction&, const follow::Plan&, std::vector<follow::Plan>&) override { return {}; }
    Result<bool> failed(Transaction&, const follow::Plan&, const Error&) override { return false; }

private:
    /// Learns from the events of a block with `from` <= number < `to`. Error: the block cannot be read.
    Result<void> read(const StoredBlock& block, std::uint64_t from, std::uint64_t to);
    /// The same from their notes.
    Result<void> recall(const StoredBlock& block, const std::vector<CallNote>& notes);
    void learn(const Call& call);
    /// Once a record was taken in that only says who called: another one like it tells nothing new.
    void note(const Call& call, std::string_view space);
    std::string path() const { return parts_.folder + "/graph"; }

    const Parts parts_;
    const ViewOptions options_;
    follow::EventReader reader_;
    Told told_;
    Recent recent_{told_};
    std::uint64_t position_ = 0, saved_ = 0;
    Time save_due_{};
};

}  // namespace cairn::session
