#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "follow/view.h"
#include "seam/meta_store.h"
#include "view/trail/chain.h"
#include "view/trail/key_maker.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trails.h"

namespace cairn::trail {

/// Which digest chains begin, end or have a window that is over, and the plans of the digests that come of it. One
/// thread.
class DigestWork {
public:
    /// Trails and keys outlive it. A multi-region trail has a chain in each of `regions`, and where it has files.
    /// `maker` makes the keys that are missing, and digests wait for them; without it they are made at once.
    DigestWork(Trails& trails, SigningKeys& keys, KeyMaker* maker, std::chrono::milliseconds interval,
               std::vector<std::string> regions)
        : trails_(trails), keys_(keys), maker_(maker), interval_(interval), regions_(std::move(regions)) {}

    /// Forgets what was found and stored without being adopted.
    void restart();

    /// Reads the chains that are active. Errors: corrupt; those of the store.
    Result<void> load(Transaction& transaction);

    /// Looks for what is to be done at `now`. `filled` are regions of which a trail has a file, by its id. Errors:
    /// those of the keys.
    using Regions = std::map<std::string_view, std::set<std::string_view>>;
    Result<void> find(Time now, const Regions& filled);
    bool empty() const { return found_.empty(); }

    /// Does what was found: changes chains, adds the plans of their digests. May run more than once; the last time
    /// counts once adopt() is called, which says that it was committed.
    Result<void> store(Transaction& transaction, std::vector<follow::Plan>& plans);
    void adopt();

private:
    enum class Action { begin, end, close };
    struct Work {
        ChainName name;
        Trail trail;
        Action action = Action::close;
        std::optional<SigningKeys::Key> key;
        Time begin{};       ///< of the chain
        bool anew = false;  ///< nothing of the chain is active: it can begin without a key
    };
    using Histories = std::map<std::string, const TrailHistory*>;

    void find_beginnings(const TrailHistory& history, const Regions& filled, Time now);
    void find_ends(const Histories& by_id, Time now);
    Result<std::optional<SigningKeys::Key>> find_key(const std::string& region, Time now);
    Result<std::vector<DigestToDeliver>> digests_of(Transaction& transaction, const Work& work) const;
    follow::Plan plan_of(const Work& work, DigestToDeliver made) const;

    Trails& trails_;
    SigningKeys& keys_;
    KeyMaker* const maker_;
    const std::chrono::milliseconds interval_;
    const std::vector<std::string> regions_;
    std::map<ChainName, Chain> chains_;  // active ones
    std::vector<Work> found_;
    Time found_at_{};
    std::vector<std::pair<ChainName, Chain>> stored_;  // by the last store()
};

}  // namespace cairn::trail
