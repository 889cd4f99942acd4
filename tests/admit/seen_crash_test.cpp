#include <condition_variable>
#include <thread>

#include <gtest/gtest.h>

#include "admit/manifest.h"
#include "admit/model.h"
#include "admit/seen_index.h"
#include "base/log.h"
#include "base/metrics.h"

namespace cairn::admit {
namespace {

using support::Call;
using support::MemoryDisk;

class SeenCrash : public ::testing::Test {
protected:
    void SetUp() override { configure_log(LogLevel::error, false); }
    void TearDown() override { configure_log(LogLevel::info, false); }
};

Result<std::unique_ptr<SeenIndex>> open(MemoryDisk& disk, const Model& model, Metrics& metrics,
                                        bool background = false) {
    return SeenIndex::open(disk, "seen", model.source(), metrics, model.options(background));
}

void expect_whole_manifest(MemoryDisk& disk) {
    if (!*disk.exists("seen/manifest")) return;
    EXPECT_TRUE(decode_manifest(disk.content("seen/manifest"))) << "a crash damaged the manifest";
}

/// Ingests until the disk dies; what the log made durable stays in the model.
void work_until_dead(MemoryDisk& disk, Model& model, std::uint64_t seed) {
    Metrics metrics;
    Draw draw(seed);
    auto opened = open(disk, model, metrics);
    if (!opened) return;
    auto& seen = **opened;
    while (model.events.size() < 2600) {
        std::vector<Fingerprint> batch;
        for (int i = 0; i < 100; ++i) batch.push_back(draw.fresh());
        const auto first = model.events.size();
        if (!seen.insert(batch, first)) return;
        for (const auto& event : batch) model.add(event);
        model.durable = model.events.size();
        seen.durable(model.durable);
        if (model.events.size() % 300 == 0 && !seen.settle()) return;
    }
    (void)seen.settle();
}

TEST_F(SeenCrash, AtEveryCallOfTheDisk) {
    std::uint64_t calls = 0;
    {
        MemoryDisk disk;
        Model model;
        work_until_dead(disk, model, 1);
        calls = disk.all_calls();
    }
    ASSERT_GT(calls, 200u);
    for (std::uint64_t at = 1; at <= calls && !HasFailure(); ++at) {
        SCOPED_TRACE("stopped at call " + std::to_string(at));
        MemoryDisk disk;
        Model model;
        disk.stop_at(at);
        work_until_dead(disk, model, 1);
        if (at % 3 == 0)
            disk.crash();
        else
            disk.crash(at);
        expect_whole_manifest(disk);

        // The log may lose its end as well, and goes on with other events under the same numbers.
        if (at % 4 == 0) model.cut(model.durable - std::min<std::uint64_t>(model.durable, at % 700));
        work_until_dead(disk, model, 2);
        Metrics metrics;
        auto seen = open(disk, model, metrics);
        ASSERT_TRUE(seen) << seen.error().message;
        model.expect_everything(**seen);
        ASSERT_TRUE((*seen)->settle());
        EXPECT_TRUE((*seen)->verify());
    }
}

TEST_F(SeenCrash, AFailingDiskStopsNoLookupAndIsTriedAgain) {
    configure_log(static_cast<LogLevel>(9), false);
    for (const auto call : {Call::write, Call::sync, Call::rename, Call::open, Call::sync_folder, Call::map}) {
        for (std::uint64_t nth = 1; nth < 12; ++nth) {
            SCOPED_TRACE(std::string(call_name(call)) + " " + std::to_string(nth));
            MemoryDisk disk;
            Model model;
            Metrics metrics;
            auto seen = open(disk, model, metrics);
            ASSERT_TRUE(seen);
            Draw draw(nth);
            disk.plan_failure(call, nth, Code::exhausted);
            for (int i = 0; i < 30; ++i) {
                std::vector<Fingerprint> batch;
                for (int k = 0; k < 50; ++k) batch.push_back(draw.fresh());
                ingest(model, **seen, batch);
                (*seen)->durable(model.durable = model.events.size());
                (void)(*seen)->settle();
            }
            model.expect_everything(**seen);
            disk.heal();
            ASSERT_TRUE((*seen)->settle());
            model.expect_everything(**seen);
            seen->reset();
            disk.crash();
            auto again = open(disk, model, metrics);
            ASSERT_TRUE(again) << again.error().message;
            model.expect_everything(**again);
        }
    }
}

TEST_F(SeenCrash, AFullDiskRefusesInsertsInsteadOfMemory) {
    configure_log(static_cast<LogLevel>(9), false);
    for (const bool background : {false, true}) {
        MemoryDisk disk;
        Model model;
        Metrics metrics;
        auto seen = open(disk, model, metrics, background);
        ASSERT_TRUE(seen);
        Draw draw(3);
        disk.plan_failure(Call::write, 1, Code::exhausted, true);
        Result<void> inserted;
        for (int i = 0; i < 200 && inserted; ++i) {
            std::vector<Fingerprint> batch;
            for (int k = 0; k < 50; ++k) batch.push_back(draw.fresh());
            inserted = (*seen)->insert(batch, model.events.size());
            if (!inserted) break;
            for (const auto& event : batch) model.add(event);
            (*seen)->durable(model.durable = model.events.size());
        }
        ASSERT_FALSE(inserted);
        EXPECT_EQ(inserted.error().code, Code::exhausted);
        model.expect_everything(**seen);
        disk.heal();
        ASSERT_TRUE((*seen)->settle());
        ingest(model, **seen, std::vector{draw.fresh()});
        model.expect_everything(**seen);
    }
}

TEST_F(SeenCrash, AReadOnlyDiskRefusesInsertsInsteadOfMemory) {
    configure_log(static_cast<LogLevel>(9), false);
    MemoryDisk disk;
    Model model;
    Metrics metrics;
    auto seen = open(disk, model, metrics);
    ASSERT_TRUE(seen);
    Draw draw(4);
    const auto insert = [&]() -> Result<void> {
        std::vector<Fingerprint> batch;
        for (int k = 0; k < 50; ++k) batch.push_back(draw.fresh());
        CAIRN_TRY((*seen)->insert(batch, model.events.size()));
        for (const auto& event : batch) model.add(event);
        (*seen)->durable(model.durable = model.events.size());
        return {};
    };
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(insert());
    disk.set_read_only(true);
    Result<void> inserted;
    for (int i = 0; i < 200 && inserted; ++i) inserted = insert();
    ASSERT_FALSE(inserted);
    model.expect_everything(**seen);
    disk.set_read_only(false);
    ASSERT_TRUE((*seen)->settle());
    EXPECT_TRUE(insert());
    model.expect_everything(**seen);
}

/// Nothing of what cannot be read is taken for absent: the index does not open, or it answers as it should.
TEST_F(SeenCrash, ADeviceThatCannotBeReadGivesNoWrongAnswer) {
    configure_log(static_cast<LogLevel>(9), false);
    MemoryDisk whole;
    Model model;
    work_until_dead(whole, model, 7);
    int refused = 0;
    for (const auto call : {Call::open, Call::map, Call::read, Call::size, Call::list, Call::exists})
        for (const bool for_ever : {false, true})
            for (std::uint64_t nth = 1; nth < 12; ++nth) {
                SCOPED_TRACE(std::string(call_name(call)) + " " + std::to_string(nth));
                const auto disk = whole.copy();
                disk->plan_failure(call, nth, Code::unavailable, for_ever);
                Metrics metrics;
                if (auto seen = open(*disk, model, metrics); seen)
                    model.expect_everything(**seen,
                                            false);  // what has no content hash any more is asked for its record
                else
                    ++refused;
                disk->heal();
                auto again = open(*disk, model, metrics);
                ASSERT_TRUE(again) << again.error().message;
                model.expect_everything(**again);
                ASSERT_TRUE((*again)->settle());
                EXPECT_TRUE((*again)->verify());
            }
    EXPECT_GT(refused, 0);
}

TEST_F(SeenCrash, AttemptsOnAFullDiskLeaveNoFilesBehind) {
    configure_log(static_cast<LogLevel>(9), false);
    for (const auto call : {Call::write, Call::sync, Call::rename}) {
        for (std::uint64_t nth = 1; nth < 20; nth += 3) {
            SCOPED_TRACE(std::string(call_name(call)) + " " + std::to_string(nth));
            MemoryDisk disk;
            Model model;
            Metrics metrics;
            auto seen = open(disk, model, metrics);
            ASSERT_TRUE(seen);
            Draw draw(nth);
            disk.plan_failure(call, nth, Code::exhausted, true);
            do {
                std::vector<Fingerprint> batch;
                for (int k = 0; k < 50; ++k) batch.push_back(draw.fresh());
                ingest(model, **seen, batch);
                (*seen)->durable(model.durable = model.events.size());
                ASSERT_LT(model.events.size(), 50'000u);
            } while ((*seen)->settle());
            const auto files = disk.all_files();
            for (int again = 0; again < 3; ++again) ASSERT_FALSE((*seen)->settle());
            EXPECT_EQ(disk.all_files(), files);
            disk.heal();
            ASSERT_TRUE((*seen)->settle());
            model.expect_everything(**seen);
        }
    }
}

TEST_F(SeenCrash, LookupsByIdentityRunBesideEverything) {
    MemoryDisk disk;
    Model model;
    Metrics metrics;
    auto seen = open(disk, model, metrics, true);
    ASSERT_TRUE(seen);
    Draw draw(5);
    std::vector<Fingerprint> all;
    for (int i = 0; i < 20000; ++i) all.push_back(draw.fresh());
    std::atomic<std::size_t> inserted{0};
    std::thread reader([&] {
        for (std::size_t i = 0; inserted.load() < all.size(); i = (i + 7919) % all.size()) {
            const bool there = i < inserted.load();
            const auto numbers = (*seen)->numbers_of(all[i].identity);
            ASSERT_TRUE(numbers);
            EXPECT_TRUE(!there || *numbers == std::vector<std::uint64_t>{i});
        }
    });
    for (std::size_t first = 0; first < all.size(); first += 100) {
        ASSERT_TRUE((*seen)->insert(std::span(all).subspan(first, 100), first));
        (*seen)->durable(first + 100);
        inserted = first + 100;
    }
    reader.join();
}

}  // namespace
}  // namespace cairn::admit
