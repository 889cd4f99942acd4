#include "admit/finder.h"

#include <algorithm>
#include <tuple>

namespace cairn::admit {

namespace {

constexpr std::uint64_t read_ahead_hashes = 65536;

}  // namespace

std::shared_ptr<const Run> Finder::find(const Tiers& tiers, std::uint64_t forgotten_below, const Alive& alive,
                                        std::span<const Fingerprint> candidates, Sightings& out) {
    forgotten_below_ = forgotten_below;
    alive_ = &alive;
    ahead_ = {};
    ahead_first_ = 0;
    out.of.assign(candidates.size(), {});
    out.suspects.clear();

    for (std::size_t i = 0; i < candidates.size();) {
        while (has_cursor_ && i < candidates.size() && follow(tiers, candidates[i], out.of[i])) {
            patience_ = patience_max;
            ++i;
        }
        // While the cursor is useful only a few are looked up the long way before it is asked again.
        const auto wanted = patience_ > 0 ? small_group_size : group_size;
        const auto count = std::min(wanted, candidates.size() - i);
        if (patience_ > 0) --patience_;
        if (auto damaged = find_group(tiers, candidates.subspan(i, count), std::span(out.of).subspan(i, count), out))
            return damaged;
        i += count;
    }
    return nullptr;
}

bool Finder::follow(const Tiers& tiers, const Fingerprint& candidate, Sighting& sighting) {
    if (candidate.content == Hash128{}) return false;  // stands for "no event" in the column
    for (std::uint64_t number = cursor_; number < cursor_ + look_ahead;) {
        const auto hashes = contents_ahead(tiers, number);
        if (hashes.empty()) return false;
        const auto stop =
            hashes.begin() + static_cast<std::ptrdiff_t>(std::min(hashes.size(), cursor_ + look_ahead - number));
        const auto found = std::find(hashes.begin(), stop, candidate.content);
        number += static_cast<std::uint64_t>(found - hashes.begin());
        if (found == stop) continue;
        if (!retained(number)) return false;
        sighting.kind = Sighting::Kind::duplicate;
        sighting.number = number;
        read_ahead(tiers, number);
        cursor_ = number + 1;
        return true;
    }
    return false;
}

std::span<const Hash128> Finder::contents_ahead(const Tiers& tiers, std::uint64_t number) {
    if (number < ahead_first_ || number - ahead_first_ >= ahead_.size()) {
        ahead_ = contents_from(tiers, number);  // to the end of a page
        ahead_first_ = number;
    }
    return ahead_.subspan(number - ahead_first_);
}

void Finder::read_ahead(const Tiers& tiers, std::uint64_t number) const {
    if ((number + 1) / read_ahead_hashes == cursor_ / read_ahead_hashes) return;
    for (const auto next : {number + 1, number + 1 + read_ahead_hashes})
        if (const auto* file = content_file_of(tiers, next)) file->will_need(next, read_ahead_hashes);
}

std::shared_ptr<const Run> Finder::find_group(const Tiers& tiers, std::span<const Fingerprint> candidates,
                                              std::span<Sighting> sightings, Sightings& out) {
    probes_.clear();
    matches_.clear();
    filter_group(tiers, candidates);
    if (auto damaged = probe_runs()) return damaged;
    if (!matches_.empty()) judge(tiers, candidates, sightings, out);
    return nullptr;
}

void Finder::filter_group(const Tiers& tiers, std::span<const Fingerprint> candidates) {
    const auto count = candidates.size();
    std::uint64_t hashes[group_size];
    for (std::size_t i = 0; i < count; ++i) hashes[i] = candidates[i].identity;

    blocks_.resize(tiers.segments.size() * group_size);
    for (std::size_t s = 0; s < tiers.segments.size(); ++s)
        if (const auto& filter = tiers.segments[s]->filter) filter->locate(hashes, count, &blocks_[s * group_size]);

    for (std::size_t s = 0; s < tiers.segments.size(); ++s) {
        const auto& segment = *tiers.segments[s];
        std::uint8_t found[group_size];
        if (segment.filter)
            Filter::test(hashes, &blocks_[s * group_size], count, found);
        else
            std::fill_n(found, count, std::uint8_t{1});
        for (std::uint32_t i = 0; i < count; ++i) {
            if (found[i] == 0) continue;
            for (const auto& run : segment.runs) {
                run->prefetch_directory(hashes[i]);
                probes_.push_back({i, hashes[i], &run, {}});
            }
            for (const auto& table : segment.tables) {
                numbers_.clear();
                table->find(hashes[i], numbers_);
                for (const auto number : numbers_)
                    if (retained(number)) matches_.push_back({i, number});
            }
        }
    }
}

std::shared_ptr<const Run> Finder::probe_runs() {
    for (auto& probe : probes_)
        if (!(*probe.run)->find_bucket(probe.hash, probe.place)) return *probe.run;
    for (const auto& probe : probes_) {
        numbers_.clear();
        if (!(*probe.run)->search(probe.hash, probe.place, numbers_)) return *probe.run;
        for (const auto number : numbers_)
            if (retained(number)) matches_.push_back({probe.candidate, number});
    }
    return nullptr;
}

void Finder::judge(const Tiers& tiers, std::span<const Fingerprint> candidates, std::span<Sighting> sightings,
                   Sightings& out) {
    std::ranges::sort(matches_, {}, [](const Match& match) { return std::tie(match.candidate, match.number); });
    for (const auto& match : matches_)
        if (match.number < tiers.covered)
            if (const auto* file = content_file_of(tiers, match.number)) file->prefetch(match.number);

    for (auto match = matches_.begin(); match != matches_.end();) {
        const auto candidate = match->candidate;
        auto& sighting = sightings[candidate];
        sighting.kind = Sighting::Kind::suspect;
        sighting.suspects_begin = static_cast<std::uint32_t>(out.suspects.size());
        for (; match != matches_.end() && match->candidate == candidate; ++match) {
            if (sighting.kind == Sighting::Kind::duplicate) continue;
            const auto stored = contents_from(tiers, match->number);
            if (stored.empty() && match->number < tiers.covered)
                damaged_content_ = content_file_of(tiers, match->number);
            if (!stored.empty() && stored.front() == candidates[candidate].content) {
                sighting.kind = Sighting::Kind::duplicate;
                sighting.number = match->number;
                has_cursor_ = true;
                cursor_ = match->number + 1;
                continue;
            }
            out.suspects.push_back(match->number);
        }
        if (sighting.kind == Sighting::Kind::duplicate) {
            out.suspects.resize(sighting.suspects_begin);
            sighting.suspects_begin = 0;
        } else {
            sighting.suspects_end = static_cast<std::uint32_t>(out.suspects.size());
        }
    }
}

}  // namespace cairn::admit
