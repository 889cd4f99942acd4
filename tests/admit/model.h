#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

#include "admit/seen_index.h"
#include "support/memory_disk.h"

namespace cairn::admit {

/// The log as the index sees it, and the slow, obvious way to answer what Seen answers.
class Model {
public:
    std::vector<Fingerprint> events;  ///< by number, durable or not
    std::uint64_t durable = 0;        ///< numbers below survive a crash
    std::uint64_t forgotten = 0;
    std::uint32_t fan_out = 2;
    std::set<std::uint64_t> trimmed;  ///< read by `alive`; changed only while nothing runs

    std::uint64_t add(const Fingerprint& event) {
        numbers_.emplace(event.identity, events.size());
        events.push_back(event);
        return events.size() - 1;
    }

    void crash() { cut(durable); }

    void cut(std::uint64_t end) {
        events.resize(end);
        durable = std::min<std::uint64_t>(durable, end);
        numbers_.clear();
        for (std::uint64_t number = 0; number < end; ++number) numbers_.emplace(events[number].identity, number);
    }

    bool alive(std::uint64_t number) const { return number >= forgotten && !trimmed.contains(number); }

    std::vector<std::uint64_t> numbers_of(std::uint64_t identity) const {
        std::vector<std::uint64_t> found;
        const auto [begin, end] = numbers_.equal_range(identity);
        for (auto at = begin; at != end; ++at)
            if (alive(at->second)) found.push_back(at->second);
        std::ranges::sort(found, std::greater());
        return found;
    }

    /// What the index may read: everything durable.
    SeenSource source() const {
        SeenSource source;
        source.begin = forgotten;
        source.end = durable;
        source.for_each_fingerprint = [this](std::uint64_t from, const SeenSource::Use& use) -> Result<void> {
            for (auto number = from; number < durable; ++number)
                if (!trimmed.contains(number)) use(number, events[number]);
            return {};
        };
        return source;
    }

    /// Small enough that a few thousand events walk through every level.
    SeenOptions options(bool background = false) const {
        SeenOptions options;
        options.table_entries = 255;
        options.fan_out = fan_out;
        options.background = background;
        options.alive = [this](std::uint64_t number) { return !trimmed.contains(number); };
        return options;
    }

    /// Compares one answer. `exact` is false while content hashes may be damaged: then a duplicate may be a suspect.
    void expect(const Fingerprint& candidate, const Sighting& sighting, const Sightings& all, bool exact = true) const {
        const auto stored = numbers_of(candidate.identity);
        std::set<std::uint64_t> equal;
        for (const auto number : stored)
            if (events[number].content == candidate.content) equal.insert(number);
        if (sighting.kind == Sighting::Kind::duplicate) {
            EXPECT_TRUE(equal.contains(sighting.number)) << sighting.number;
            return;
        }
        EXPECT_TRUE(!exact || equal.empty()) << "a duplicate was missed";
        if (sighting.kind == Sighting::Kind::fresh) {
            EXPECT_TRUE(stored.empty()) << "number " << (stored.empty() ? 0 : stored.front()) << " was missed";
            return;
        }
        const std::set<std::uint64_t> suspects(all.suspects.begin() + sighting.suspects_begin,
                                               all.suspects.begin() + sighting.suspects_end);
        EXPECT_EQ(suspects, std::set<std::uint64_t>(stored.begin(), stored.end()));
    }

    void expect_all(Seen& seen, std::span<const Fingerprint> candidates, bool exact = true) const {
        Sightings out;
        const auto found = seen.find(candidates, out);
        ASSERT_TRUE(found) << found.error().message;
        ASSERT_EQ(out.of.size(), candidates.size());
        for (std::size_t i = 0; i < candidates.size() && !::testing::Test::HasFailure(); ++i) {
            SCOPED_TRACE(i);
            expect(candidates[i], out.of[i], out, exact);
        }
    }

    /// Everything stored, in order, and some of it by number.
    void expect_everything(SeenIndex& seen, bool exact = true) const {
        for (std::size_t first = 0; first < events.size() && !::testing::Test::HasFailure(); first += 1000)
            expect_all(seen, std::span(events).subspan(first, std::min<std::size_t>(1000, events.size() - first)),
                       exact);
        for (std::size_t number = 0; number < events.size() && !::testing::Test::HasFailure(); number += 7) {
            const auto numbers = seen.numbers_of(events[number].identity);
            ASSERT_TRUE(numbers) << numbers.error().message;
            EXPECT_EQ(*numbers, numbers_of(events[number].identity));
        }
    }

private:
    std::unordered_multimap<std::uint64_t, std::uint64_t> numbers_;
};

/// Draws events: new ones, repeated ones in and out of order, and others with the identity of a stored one.
class Draw {
public:
    explicit Draw(std::uint64_t seed) : random_(seed) {}

    std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

    Fingerprint fresh() { return {random_(), {random_(), random_()}}; }

    std::vector<Fingerprint> candidates(const Model& model, std::size_t count) {
        std::vector<Fingerprint> drawn;
        const auto kind = below(4);
        auto next = model.events.empty() ? 0 : below(model.events.size());
        while (drawn.size() < count) {
            const bool repeat = !model.events.empty() && (kind == 0 || (kind == 1 && below(2) == 0));
            if (!repeat) {
                drawn.push_back(fresh());
                if (!model.events.empty() && below(20) == 0)
                    drawn.back().identity = model.events[below(model.events.size())].identity;
                continue;
            }
            if (below(10) == 0) next = below(model.events.size());
            drawn.push_back(model.events[next]);
            next = (next + 1 + (below(8) == 0 ? below(70) : 0)) % model.events.size();
        }
        return drawn;
    }

private:
    std::mt19937_64 random_;
};

/// What ingest does with a batch: looks it up, keeps what is no duplicate, inserts that.
inline void ingest(Model& model, SeenIndex& seen, std::span<const Fingerprint> candidates) {
    Sightings out;
    const auto found = seen.find(candidates, out);
    ASSERT_TRUE(found) << found.error().message;
    std::vector<Fingerprint> kept;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
        model.expect(candidates[i], out.of[i], out);
        if (out.of[i].kind != Sighting::Kind::duplicate) kept.push_back(candidates[i]);
    }
    const auto first = model.events.size();
    for (const auto& event : kept) model.add(event);
    const auto inserted = seen.insert(kept, first);
    ASSERT_TRUE(inserted) << inserted.error().message;
}

}  // namespace cairn::admit
