#include "ingest/candidates.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

namespace cairn::ingest {

bool same_identity(RecordParser& parser, std::string_view one, std::string_view other) {
    const auto first = parser.parse(one);
    if (!first) return false;
    const std::string account((*first)->account), event_id((*first)->event_id);
    const auto second = parser.parse(other);
    return second && (*second)->account == account && (*second)->event_id == event_id;
}

namespace {

void take_note(const EventView& event, std::size_t place, const Check& check, Request& request) {
    const auto& [envelope, origins, may_write] = check.writer;
    const auto& evidence = origins.empty() ? envelope.evidence : origins[place].evidence;
    auto note = check.learner->look(event, !envelope.gateway.empty(), evidence);
    if (!note) return;
    note->number = place;
    request.notes.push_back(std::move(*note));
}

}  // namespace

void check_records(std::span<const std::string_view> texts, const Check& check, RecordParser& parser, Request& request,
                   std::vector<Candidate>& out) {
    const auto& may_write = check.writer.may_write;
    request.receipt.results.resize(texts.size());
    out.clear();
    for (std::size_t i = 0; i < texts.size(); ++i) {
        auto& result = request.receipt.results[i];
        request.bytes += texts[i].size();
        auto parsed = parser.parse(texts[i]);
        if (!parsed) {
            result.reason = std::move(parsed).error().message;
            continue;
        }
        const EventView& event = **parsed;
        result.event_id = event.event_id;
        if (may_write && !may_write(event.account, event.region)) {
            result.reason = fmt::format("not authorized to write events of account {} in region {}",
                                        event.account.substr(0, 64), event.region.substr(0, 64));
            continue;
        }
        Candidate candidate;
        candidate.raw = event.raw;
        candidate.fingerprint = {identity_hash(check.key, event.account, event.event_id), check.key.hash128(event.raw)};
        candidate.position = static_cast<std::uint32_t>(i);
        candidate.retention = retention_class(event.category);
        candidate.time_ms = to_milliseconds(event.time);
        out.push_back(candidate);
        request.index.add(event, 0);
        if (check.learner) take_note(event, i, check, request);
    }
}

void Repeats::find(std::vector<Candidate>& candidates, RecordParser& parser, Request& request) {
    if (candidates.size() < 2) return;
    const std::size_t slots = std::bit_ceil(candidates.size() * 2);
    heads_.assign(slots, no_candidate);
    next_.assign(candidates.size(), no_candidate);
    bool refused = false;
    for (std::uint32_t now = 0; now < candidates.size(); ++now) {
        const auto identity = candidates[now].fingerprint.identity;
        std::size_t slot = identity & (slots - 1);
        while (heads_[slot] != no_candidate && candidates[heads_[slot]].fingerprint.identity != identity)
            slot = (slot + 1) & (slots - 1);
        if (heads_[slot] == no_candidate)
            heads_[slot] = now;
        else
            refused |= !compare(candidates, heads_[slot], now, parser);
    }
    if (!refused) return;

    // The index rows stand beside the candidates and go with them.
    std::size_t kept = 0;
    std::vector<std::uint32_t> moved(candidates.size(), no_candidate);
    for (std::uint32_t i = 0; i < candidates.size(); ++i) {
        auto& candidate = candidates[i];
        if (candidate.same_as == i) {
            request.receipt.results[candidate.position].reason =
                fmt::format("more than {} different records with this eventID in one request", versions_max);
            continue;
        }
        moved[i] = static_cast<std::uint32_t>(kept);
        if (candidate.same_as != no_candidate) candidate.same_as = moved[candidate.same_as];
        if (candidate.conflicts_with != no_candidate) candidate.conflicts_with = moved[candidate.conflicts_with];
        request.index.rows[kept] = request.index.rows[i];
        candidates[kept++] = candidate;
    }
    candidates.resize(kept);
    request.index.rows.resize(kept);
}

/// Compares `now` with all earlier records of its identity hash. False, with same_as set to itself, when those are too
/// many.
bool Repeats::compare(std::vector<Candidate>& candidates, std::uint32_t head, std::uint32_t now, RecordParser& parser) {
    auto& candidate = candidates[now];
    std::uint32_t versions = 0, last = head;
    for (std::uint32_t other = head; other != no_candidate; last = other, other = next_[other], ++versions) {
        const auto& earlier = candidates[other];
        if (earlier.fingerprint.content == candidate.fingerprint.content && earlier.raw == candidate.raw) {
            candidate.same_as = other;
            return true;
        }
        if (!same_identity(parser, candidate.raw, earlier.raw)) continue;
        if (same_record(candidate.raw, earlier.raw)) {
            candidate.same_as = other;
            return true;
        }
        if (candidate.conflicts_with == no_candidate) candidate.conflicts_with = other;
    }
    if (versions >= versions_max) {
        candidate.same_as = now;
        return false;
    }
    next_[last] = now;
    return true;
}

}  // namespace cairn::ingest
