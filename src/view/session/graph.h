#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "seam/disk.h"
#include "view/session/fact.h"
#include "view/session/origin.h"

namespace cairn::session {

struct GraphOptions {
    std::size_t keys_max = 65'536;  ///< then those not seen for longest are forgotten, sessions first
};

/// The session graph: who is behind a key id, and who gave it to them. Keys of different upstreams live in different
/// spaces. In memory; members may be called from any thread and block for nothing but each other's short work.
class Graph {
public:
    explicit Graph(GraphOptions options = {});
    ~Graph();

    /// Takes in what one call tells. The same call may be told twice, by its answer and by its record.
    void learn(const Observation& call);

    /// For records that can tell no more than who made the call: true when that is known already (and notes that the
    /// key was used), false when it is to be learned. `arn`: of the record's caller; may be empty.
    bool knows_use(std::string_view space, std::string_view key_id, std::string_view arn, Time at, bool from_trail);

    /// From when to when the key that was used then is valid; none when it is not known.
    std::optional<std::pair<Time, Time>> validity(std::string_view space, std::string_view key_id, Time at) const;

    /// userIdentity, with accessKeyId, of who uses the key at that time; null when it is not known, its session has
    /// ended, or only a gateway's own record says so.
    Json find(std::string_view space, std::string_view key_id, Time at) const;

    /// At `at`, or of the newest life when it is empty. No links: the key is unknown.
    Chain chain(std::string_view space, std::string_view key_id, std::optional<Time> at) const;

    /// The spaces that know the key, sorted.
    std::vector<std::string> spaces_of(std::string_view key_id) const;

    /// The keys whose chain ends in somebody who `is_meant`, as far as they were valid between `from` and `to`, by id.
    /// Walks everything that is known.
    std::vector<KeyWindow> keys_of(const IsMeant& is_meant, Time from, Time to) const;

    void clear();

    std::size_t key_count() const;
    std::size_t forgotten() const;

    /// Everything as text, in pieces, and back: docs/format/session_graph.md. Errors: those of `write`; corrupt;
    /// invalid, a newer version.
    Result<void> save(std::uint64_t position, const WriteBytes& write) const;
    Result<std::uint64_t> load(std::string_view text);

private:
    std::vector<std::string> spaces() const;

    struct State;
    const std::unique_ptr<State> state_;
};

}  // namespace cairn::session
