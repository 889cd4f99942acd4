#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "event/record.h"
#include "ingest/candidates.h"
#include "seam/event_log.h"
#include "seam/seen.h"

namespace cairn::ingest {

/// Decides duplicates and conflicts and gives out event numbers, one request at a time. Once numbers that were given
/// out are lost (a failed append), the identities remembered for them would swallow later records: then nothing is
/// admitted any more until the node starts again.
class Admission {
public:
    Admission(EventLog& log, Seen& seen, FindDictionary find_dictionary);

    /// Decides the fate of every candidate and numbers those to be stored: `order` holds their indexes, grouped by
    /// retention class, in request order inside a class. May wait for a record that is on its way into the log, and
    /// reads stored records to compare. Errors: those of EventLog::admit and of Seen; on an error nothing was admitted.
    Result<void> decide(std::vector<Candidate>& candidates, RecordParser& parser, std::vector<std::uint32_t>& order);

    /// From now on nothing is admitted; the first error counts.
    void close(Error error);

private:
    enum class Verdict : std::uint8_t { other_identity, same, conflict };
    using Verdicts = std::map<std::pair<std::uint32_t, std::uint64_t>, Verdict>;
    struct Suspect {
        std::uint32_t candidate;
        std::uint64_t number;
    };

    Result<void> check_open() const;
    Result<void> look_up(std::vector<Candidate>& candidates, const Verdicts& verdicts, std::vector<Suspect>& unknown);
    Result<void> number(std::vector<Candidate>& candidates, std::vector<std::uint32_t>& order);
    Result<Verdict> compare(const Candidate& candidate, std::uint64_t number, RecordParser& parser) const;

    EventLog& log_;
    const FindDictionary find_dictionary_;

    std::atomic<bool> closed_ = false;
    mutable std::mutex error_mutex_;
    Error error_;  // guarded by error_mutex_

    std::mutex mutex_;
    Seen& seen_;                        // find and insert guarded by mutex_
    std::uint64_t next_number_;         // guarded by mutex_
    std::vector<std::uint32_t> asked_;  // guarded by mutex_, as all below: buffers of one request
    std::vector<Fingerprint> fingerprints_;
    Sightings sightings_;
};

}  // namespace cairn::ingest
