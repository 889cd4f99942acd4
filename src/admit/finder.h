#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "admit/tiers.h"
#include "seam/seen.h"

namespace cairn::admit {

/// Whether the event with this number is still retained. Null means all are.
using Alive = std::function<bool(std::uint64_t number)>;

/// Looks batches up. Remembers where the last duplicate stood: who imports again what is stored mostly sends it in the
/// order of the log, and then one look at the content hashes ahead of that place answers. One caller at a time.
class Finder {
public:
    /// Null when all were looked up; otherwise a run that turned out to be damaged, and `out` is of no use.
    std::shared_ptr<const Run> find(const Tiers& tiers, std::uint64_t forgotten_below, const Alive& alive,
                                    std::span<const Fingerprint> candidates, Sightings& out);

    /// The content file that some content hash could not be read from, at most one; then forgotten.
    const ContentFile* take_damaged_content() { return std::exchange(damaged_content_, nullptr); }

private:
    struct Probe {
        std::uint32_t candidate;
        std::uint64_t hash;
        const std::shared_ptr<const Run>* run;
        Run::Place place;
    };
    struct Match {
        std::uint32_t candidate;
        std::uint64_t number;
    };

    bool retained(std::uint64_t number) const {
        return number >= forgotten_below_ && (*alive_ == nullptr || (*alive_)(number));
    }
    bool follow(const Tiers& tiers, const Fingerprint& candidate, Sighting& sighting);
    std::span<const Hash128> contents_ahead(const Tiers& tiers, std::uint64_t number);
    void read_ahead(const Tiers& tiers, std::uint64_t number) const;
    std::shared_ptr<const Run> find_group(const Tiers& tiers, std::span<const Fingerprint> candidates,
                                          std::span<Sighting> sightings, Sightings& out);
    void filter_group(const Tiers& tiers, std::span<const Fingerprint> candidates);
    std::shared_ptr<const Run> probe_runs();
    void judge(const Tiers& tiers, std::span<const Fingerprint> candidates, std::span<Sighting> sightings,
               Sightings& out);

    static constexpr std::size_t group_size = 64;
    static constexpr std::size_t small_group_size = 4;
    static constexpr std::size_t look_ahead = 64;
    static constexpr int patience_max = 4;

    std::uint64_t forgotten_below_ = 0;
    const Alive* alive_ = nullptr;
    bool has_cursor_ = false;
    std::uint64_t cursor_ = 0;  // number behind the last duplicate
    int patience_ = 0;          // > 0: the cursor answered lately
    const ContentFile* damaged_content_ = nullptr;
    std::span<const Hash128> ahead_;  // of the tiers at hand, from ahead_first_ on
    std::uint64_t ahead_first_ = 0;

    std::vector<const char*> blocks_;
    std::vector<Probe> probes_;
    std::vector<Match> matches_;
    std::vector<std::uint64_t> numbers_;
};

}  // namespace cairn::admit
