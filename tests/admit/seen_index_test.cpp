#include "admit/seen_index.h"

#include <thread>

#include <gtest/gtest.h>

#include "admit/model.h"
#include "base/metrics.h"

namespace cairn::admit {
namespace {

using support::MemoryDisk;

std::unique_ptr<SeenIndex> open(MemoryDisk& disk, const Model& model, Metrics& metrics, bool background = false) {
    auto seen = SeenIndex::open(disk, "seen", model.source(), metrics, model.options(background));
    EXPECT_TRUE(seen) << (seen ? "" : seen.error().message);
    return seen ? std::move(*seen) : nullptr;
}

TEST(SeenIndex, AnEmptyOneKnowsNothing) {
    MemoryDisk disk;
    Metrics metrics;
    Model model;
    const auto seen = open(disk, model, metrics);
    Draw draw(1);
    model.expect_all(*seen, draw.candidates(model, 10));
    model.expect_all(*seen, {});
    EXPECT_TRUE(seen->numbers_of(42)->empty());
}

TEST(SeenIndex, DuplicateConflictAndCollision) {
    MemoryDisk disk;
    Metrics metrics;
    Model model;
    const auto seen = open(disk, model, metrics);
    const Fingerprint stored{0x123456789abcd000, {1, 2}};
    const Fingerprint conflict{stored.identity, {3, 4}};
    const Fingerprint collision{stored.identity | 0xfff, {5, 6}};  // agrees in the 52 bits that files keep
    ingest(model, *seen, std::vector{stored});
    ingest(model, *seen, std::vector{conflict});

    for (const bool on_disk : {false, true}) {
        SCOPED_TRACE(on_disk);
        if (on_disk) {
            Draw draw(2);
            while (model.events.size() < 3000) ingest(model, *seen, std::vector{draw.fresh()});
            seen->durable(model.durable = model.events.size());
            ASSERT_TRUE(seen->settle());
        }
        Sightings out;
        ASSERT_TRUE(seen->find(std::vector{stored, conflict, collision, Fingerprint{stored.identity, {9, 9}}}, out));
        EXPECT_EQ(out.of[0].kind, Sighting::Kind::duplicate);
        EXPECT_EQ(out.of[0].number, 0u);
        EXPECT_EQ(out.of[1].kind, Sighting::Kind::duplicate);
        EXPECT_EQ(out.of[1].number, 1u);
        EXPECT_EQ(out.of[2].kind, on_disk ? Sighting::Kind::suspect : Sighting::Kind::fresh);
        EXPECT_EQ(out.of[3].kind, Sighting::Kind::suspect);
        EXPECT_EQ(out.of[3].suspects_end - out.of[3].suspects_begin, 2u);
        EXPECT_EQ(*seen->numbers_of(stored.identity), (std::vector<std::uint64_t>{1, 0}));
    }
}

// Random work on an index, with restarts, crashes, trims and a log that loses its end, compared with the model.
void run_simulation(std::uint64_t seed, bool background) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MemoryDisk disk;
    Metrics metrics;
    Model model;
    Draw draw(seed);
    model.fan_out = seed % 2 == 0 ? 2 : 4;
    auto seen = open(disk, model, metrics, background);
    for (int step = 0; step < 250 && !::testing::Test::HasFailure(); ++step) {
        switch (draw.below(20)) {
            default: ingest(model, *seen, draw.candidates(model, 1 + draw.below(120))); break;
            case 0: model.expect_all(*seen, draw.candidates(model, 1 + draw.below(300))); break;
            case 1:
            case 2:
            case 3:
            case 4:
                model.durable += draw.below(model.events.size() - model.durable + 1);
                seen->durable(model.durable);
                break;
            case 5: ASSERT_TRUE(seen->settle()); break;
            case 6:
                if (draw.below(4) != 0) break;
                seen.reset();
                if (draw.below(2) == 0) disk.crash(draw.below(1000));
                model.crash();
                if (draw.below(3) == 0)
                    model.cut(model.events.size() - draw.below(std::min<std::size_t>(model.events.size(), 900) + 1));
                seen = open(disk, model, metrics, background);
                break;
            case 7:
                if (draw.below(4) != 0 || model.durable == 0) break;
                model.forgotten = std::max(model.forgotten, draw.below(model.durable) / 3);
                seen->forget_below(model.forgotten);
                break;
            case 8: {
                if (model.durable < 10) break;
                ASSERT_TRUE(seen->settle());  // nothing asks for `alive` now
                const auto first = draw.below(model.durable);
                for (auto number = first; number < std::min(model.durable, first + 50); ++number)
                    model.trimmed.insert(number);
                break;
            }
        }
        if (!seen) return;
    }
    if (::testing::Test::HasFailure()) return;
    model.expect_everything(*seen);
    model.durable = model.events.size();
    seen->durable(model.durable);
    ASSERT_TRUE(seen->settle());
    model.expect_everything(*seen);
    EXPECT_TRUE(seen->verify());
}

TEST(SeenIndex, AnswersAsTheModel) {
    for (std::uint64_t seed = 1; seed <= 60 && !HasFailure(); ++seed) run_simulation(seed, false);
}

TEST(SeenIndex, AnswersAsTheModelWithItsOwnThread) {
    for (std::uint64_t seed = 1; seed <= 30 && !HasFailure(); ++seed) run_simulation(seed, true);
}

}  // namespace
}  // namespace cairn::admit
