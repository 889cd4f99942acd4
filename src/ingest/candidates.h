#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "event/record.h"
#include "ingest/ingest.h"
#include "ingest/request.h"

namespace cairn::ingest {

inline constexpr std::uint32_t no_candidate = ~std::uint32_t{0};

/// A record of a request that passed the check, and what admission decides about it.
struct Candidate {
    enum class Fate : std::uint8_t { open, stored, conflict, duplicate };

    std::string_view raw;
    Fingerprint fingerprint;
    std::uint32_t position = 0;                   ///< in the request
    std::uint32_t same_as = no_candidate;         ///< an earlier, equal record of the request: shares its fate
    std::uint32_t conflicts_with = no_candidate;  ///< an earlier record of the request: same identity, other content
    RetentionClass retention = RetentionClass::management;
    Fate fate = Fate::open;
    std::int64_t time_ms = 0;       ///< eventTime, which retention looks at
    std::uint64_t number = 0;       ///< stored, conflict: its own; duplicate: that of the stored event
    std::uint64_t conflicting = 0;  ///< conflict with a stored event: its number
};

/// More different records of one identity in one request are refused: each must be compared with all others.
inline constexpr std::uint32_t versions_max = 64;

/// Whether two records that passed the check have the same (account, eventID). `other` needs padding too.
bool same_identity(RecordParser& parser, std::string_view one, std::string_view other);

/// Whose records they are, and who looks at them (null: nobody does).
struct Check {
    const Writer& writer;
    const HashKey& key;
    LiveLearner* learner = nullptr;
};

/// Checks the records of a request: fills in its results, its index rows (one per candidate), its notes (with the place
/// of the record) and `out`.
void check_records(std::span<const std::string_view> texts, const Check& check, RecordParser& parser, Request& request,
                   std::vector<Candidate>& out);

/// Finds equal and conflicting records within a request. Keeps its table from one request to the next.
class Repeats {
public:
    void find(std::vector<Candidate>& candidates, RecordParser& parser, Request& request);

private:
    bool compare(std::vector<Candidate>& candidates, std::uint32_t head, std::uint32_t now, RecordParser& parser);

    std::vector<std::uint32_t> heads_;  ///< by identity hash: the first record of the identity
    std::vector<std::uint32_t> next_;   ///< per candidate: the next record of its identity that differs
};

}  // namespace cairn::ingest
