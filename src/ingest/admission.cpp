#include "ingest/admission.h"

#include <algorithm>
#include <array>

namespace cairn::ingest {

namespace {

constexpr int wait_ms = 100;

}  // namespace

Admission::Admission(EventLog& log, Seen& seen, FindDictionary find_dictionary)
    : log_(log), find_dictionary_(std::move(find_dictionary)), seen_(seen), next_number_(log.end()) {}

void Admission::close(Error error) {
    const std::lock_guard lock(error_mutex_);
    if (closed_) return;
    error_ = Error{error.code == Code::exhausted ? Code::exhausted : Code::unavailable,
                   "closed for writing after a failed append: " + error.message};
    closed_ = true;
}

Result<void> Admission::check_open() const {
    if (!closed_) return {};
    const std::lock_guard lock(error_mutex_);
    return fail(error_);
}

Result<void> Admission::decide(std::vector<Candidate>& candidates, RecordParser& parser,
                               std::vector<std::uint32_t>& order) {
    Verdicts verdicts;
    std::vector<Suspect> unknown;
    while (true) {
        {
            const std::lock_guard lock(mutex_);
            CAIRN_TRY(check_open());
            unknown.clear();
            CAIRN_TRY(look_up(candidates, verdicts, unknown));
            if (unknown.empty()) return number(candidates, order);
        }
        for (const auto& suspect : unknown) {
            const auto verdict = compare(candidates[suspect.candidate], suspect.number, parser);
            if (!verdict) return fail(verdict.error());
            verdicts[{suspect.candidate, suspect.number}] = *verdict;
        }
    }
}

/// Sets the fate of every candidate that stands for itself, as far as the verdicts known so far allow.
Result<void> Admission::look_up(std::vector<Candidate>& candidates, const Verdicts& verdicts,
                                std::vector<Suspect>& unknown) {
    asked_.clear();
    fingerprints_.clear();
    for (std::uint32_t i = 0; i < candidates.size(); ++i) {
        if (candidates[i].same_as != no_candidate) continue;
        asked_.push_back(i);
        fingerprints_.push_back(candidates[i].fingerprint);
    }
    CAIRN_TRY(seen_.find(fingerprints_, sightings_));

    for (std::size_t k = 0; k < asked_.size(); ++k) {
        auto& candidate = candidates[asked_[k]];
        const auto& sighting = sightings_.of[k];
        candidate.fate = candidate.conflicts_with == no_candidate ? Candidate::Fate::stored : Candidate::Fate::conflict;
        if (sighting.kind == Sighting::Kind::duplicate) {
            candidate.fate = Candidate::Fate::duplicate;
            candidate.number = sighting.number;
        }
        if (sighting.kind != Sighting::Kind::suspect) continue;
        const auto end = std::min(sighting.suspects_end, sighting.suspects_begin + versions_max);
        for (auto s = sighting.suspects_begin; s < end; ++s) {
            const auto suspect = sightings_.suspects[s];
            const auto known = verdicts.find({asked_[k], suspect});
            if (known == verdicts.end()) {
                unknown.push_back({asked_[k], suspect});
            } else if (known->second == Verdict::same) {
                candidate.fate = Candidate::Fate::duplicate;
                candidate.number = suspect;
                break;
            } else if (known->second == Verdict::conflict) {
                candidate.fate = Candidate::Fate::conflict;
                candidate.conflicting = suspect;
            }
        }
    }
    return {};
}

Result<void> Admission::number(std::vector<Candidate>& candidates, std::vector<std::uint32_t>& order) {
    const auto is_new = [](const Candidate& candidate) {
        return candidate.fate == Candidate::Fate::stored || candidate.fate == Candidate::Fate::conflict;
    };
    std::array<std::uint32_t, retention_class_count + 1> places{};  // where each class begins in `order`
    std::uint64_t bytes = 0;
    for (const auto i : asked_) {
        if (!is_new(candidates[i])) continue;
        ++places[static_cast<std::size_t>(candidates[i].retention) + 1];
        bytes += candidates[i].raw.size();
    }
    for (std::size_t k = 1; k < places.size(); ++k) places[k] += places[k - 1];
    order.resize(places.back());
    if (order.empty()) return {};
    CAIRN_TRY(log_.admit(bytes));

    for (const auto i : asked_)
        if (is_new(candidates[i])) order[places[static_cast<std::size_t>(candidates[i].retention)]++] = i;
    fingerprints_.clear();
    for (std::size_t k = 0; k < order.size(); ++k) {
        candidates[order[k]].number = next_number_ + k;
        fingerprints_.push_back(candidates[order[k]].fingerprint);
    }
    CAIRN_TRY(seen_.insert(fingerprints_, next_number_));
    next_number_ += order.size();
    return {};
}

Result<Admission::Verdict> Admission::compare(const Candidate& candidate, std::uint64_t number,
                                              RecordParser& parser) const {
    while (!log_.wait(number, wait_ms)) {  // on its way: numbered, but not durable yet
        CAIRN_TRY(check_open());
        CAIRN_TRY(log_.admit(0));
    }
    auto stored = read_event(log_, find_dictionary_, number);
    if (!stored && stored.error().code == Code::not_found) return Verdict::other_identity;  // trimmed
    if (!stored && stored.error().code == Code::corrupt)
        return Verdict::conflict;  // nothing is given up for a damaged record
    if (!stored) return fail(std::move(stored).error());

    const std::size_t size = stored->record.size();
    stored->record.append(RecordParser::padding, '\0');
    const auto record = std::string_view(stored->record).substr(0, size);
    if (!same_identity(parser, candidate.raw, record)) return Verdict::other_identity;
    return same_record(candidate.raw, record) ? Verdict::same : Verdict::conflict;
}

}  // namespace cairn::ingest
