#include "gateway/spool.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "gateway/spool_frame.h"
#include "support/memory_disk.h"

namespace cairn::gateway {
namespace {

using std::chrono::milliseconds;

class Onward final : public RecordSink {
public:
    void submit(GatewayRecord record, Done done) override {
        {
            std::lock_guard lock(mutex_);
            if (!away) taken_.emplace_back(record.sequence, record.text + record.evidence);
        }
        done(away ? Result<void>(fail(Code::unavailable, "away")) : Result<void>());
    }
    std::vector<std::pair<std::uint64_t, std::string>> taken() {
        std::lock_guard lock(mutex_);
        return taken_;
    }
    bool wait_for(std::size_t count) {
        for (int i = 0; i < 1000 && taken().size() < count; ++i) std::this_thread::sleep_for(milliseconds(5));
        return taken().size() >= count;
    }

    std::atomic<bool> away{false};

private:
    std::mutex mutex_;
    std::vector<std::pair<std::uint64_t, std::string>> taken_;
};

SpoolOptions quick() {
    SpoolOptions options;
    options.retry_interval = milliseconds(5);
    return options;
}

class SpoolTest : public testing::Test {
protected:
    std::unique_ptr<Spool> open(SpoolOptions options = quick()) {
        auto opened = Spool::open(std::move(options), disk_, onward_, metrics_);
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? std::move(*opened) : nullptr;
    }
    Result<void> put(Spool& spool, std::uint64_t sequence, std::string record = "") {
        std::mutex mutex;
        std::condition_variable answered;
        std::optional<Result<void>> outcome;
        if (record.empty()) record = "{\"n\":" + std::to_string(sequence);
        spool.submit({std::move(record), "}", sequence}, [&](Result<void> result) {
            std::lock_guard lock(mutex);
            outcome = std::move(result);
            answered.notify_all();
        });
        std::unique_lock lock(mutex);
        answered.wait(lock, [&] { return outcome.has_value(); });
        return *outcome;
    }

    support::MemoryDisk disk_;
    Onward onward_;
    Metrics metrics_;
};

TEST_F(SpoolTest, RecordsGoOnInOrderAndLeaveNothing) {
    auto spool = open();
    for (std::uint64_t i = 1; i <= 50; ++i) ASSERT_TRUE(put(*spool, i));
    ASSERT_TRUE(onward_.wait_for(50));
    const auto taken = onward_.taken();
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(taken[i].first, i + 1);
    EXPECT_EQ(taken[6].second, "{\"n\":7}");
    spool.reset();
    EXPECT_TRUE(disk_.list("spool")->empty());
}

TEST_F(SpoolTest, WhatIsAcknowledgedSurvivesPowerLossWhileTheOtherSideIsAway) {
    onward_.away = true;
    auto spool = open();
    for (std::uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(put(*spool, i));
    disk_.crash();
    spool.reset();
    EXPECT_TRUE(onward_.taken().empty());
    onward_.away = false;
    spool = open();
    ASSERT_TRUE(onward_.wait_for(20));
    EXPECT_EQ(onward_.taken().front().first, 1u);
    EXPECT_EQ(onward_.taken().back().first, 20u);
    EXPECT_TRUE(put(*spool, 21));
    EXPECT_TRUE(onward_.wait_for(21));
}

TEST_F(SpoolTest, WhatStaysAtTheEndIsGivenOnLater) {
    onward_.away = true;
    {
        auto spool = open();
        for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(put(*spool, i));
    }
    onward_.away = false;
    auto spool = open();
    EXPECT_TRUE(onward_.wait_for(5));
}

TEST_F(SpoolTest, FilesAreClosedAtTheirSize) {
    onward_.away = true;
    auto options = quick();
    options.file_bytes = 200;
    auto spool = open(options);
    for (std::uint64_t i = 1; i <= 20; ++i) ASSERT_TRUE(put(*spool, i, std::string(90, 'r')));
    EXPECT_GT(disk_.list("spool")->size(), 5u);
    onward_.away = false;
    ASSERT_TRUE(onward_.wait_for(20));
    for (int i = 0; i < 500 && disk_.list("spool")->size() > 1; ++i) std::this_thread::sleep_for(milliseconds(5));
    EXPECT_LE(disk_.list("spool")->size(), 1u);
}

TEST_F(SpoolTest, AFullSpoolRefusesUntilThereIsRoom) {
    onward_.away = true;
    auto options = quick();
    options.file_bytes = 200;
    options.bytes_max = 1'000;
    auto spool = open(options);
    std::uint64_t taken = 0;
    while (put(*spool, taken + 1, std::string(90, 'r'))) ++taken;
    EXPECT_GT(taken, 5u);
    const auto refused = put(*spool, 99, std::string(90, 'r'));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    onward_.away = false;
    ASSERT_TRUE(onward_.wait_for(taken));
    for (int i = 0; i < 500 && !put(*spool, 1000 + static_cast<std::uint64_t>(i)); ++i)
        std::this_thread::sleep_for(milliseconds(5));
    EXPECT_TRUE(put(*spool, 5000));
}

TEST_F(SpoolTest, AFailedSyncRefusesItsRecordsAndNoLaterOnes) {
    for (const auto call : {support::Call::write, support::Call::sync, support::Call::open}) {
        SCOPED_TRACE(support::call_name(call));
        auto options = quick();
        options.folder = std::string("spool-") + support::call_name(call);
        auto spool = open(options);
        disk_.plan_failure(call, 1, Code::exhausted);
        EXPECT_FALSE(put(*spool, 1));
        EXPECT_TRUE(put(*spool, 2));
    }
    EXPECT_TRUE(onward_.wait_for(3));
}

TEST_F(SpoolTest, ARecordThatComesAgainHasItsPlace) {
    onward_.away = true;
    auto spool = open();
    disk_.plan_failure(support::Call::sync, 1, Code::unavailable);
    EXPECT_FALSE(put(*spool, 7));
    EXPECT_TRUE(put(*spool, 7));
    spool.reset();
    spool = open();
    EXPECT_TRUE(put(*spool, 7));
    onward_.away = false;
    EXPECT_TRUE(onward_.wait_for(2));
}

TEST_F(SpoolTest, AFileThatIsCutOrFlippedGivesItsRecordsUpToThere) {
    std::string file = spool_header();
    std::vector<std::size_t> ends;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        const auto record = "{\"record\":" + std::to_string(i) + "}";
        append_spool_frame(file, {record, i == 2 ? "" : "{}", i});
        ends.push_back(file.size());
    }
    const auto whole_before = [&](std::size_t at) {
        return static_cast<std::size_t>(std::ranges::count_if(ends, [&](std::size_t end) { return end <= at; }));
    };
    const auto given = [&](const std::string& bytes) {
        support::MemoryDisk disk;
        EXPECT_TRUE(disk.make_folder("spool"));
        EXPECT_TRUE(replace_file(disk, "spool/00000000000000000001", bytes));
        Onward onward;
        Metrics metrics;
        auto opened = Spool::open(quick(), disk, onward, metrics);
        if (!opened) return std::size_t{99};
        opened->reset();
        return onward.taken().size();
    };
    for (std::size_t cut = 0; cut <= file.size(); ++cut)
        EXPECT_EQ(given(file.substr(0, cut)), whole_before(cut)) << cut;
    for (std::size_t at = 0; at < file.size(); ++at) {
        auto flipped = file;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        EXPECT_EQ(given(flipped), at < spool_header_bytes ? 99 : whole_before(at)) << at;
    }
}

std::string golden(const std::string& name) {
    std::ifstream in(CAIRN_SOURCE_DIR "/tests/gateway/golden/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(SpoolFile, OfEachVersionIsRead) {
    for (const std::uint32_t version : {1u, 2u}) {
        SCOPED_TRACE(version);
        const auto file = golden("spool-" + std::to_string(version));
        const auto found = check_spool_header(file);
        ASSERT_TRUE(found) << found.error().message;
        EXPECT_EQ(*found, version);
        auto rest = std::string_view(file).substr(spool_header_bytes);
        for (const auto* name : {"CreateBucket", "DeleteBucket"}) {
            const auto frame = take_spool_frame(rest, version);
            ASSERT_TRUE(frame);
            EXPECT_EQ(frame->record, std::string("{\"eventName\":\"") + name + "\"}");
            EXPECT_EQ(frame->evidence, version == 1 ? "" : R"({"upstream":"default"})");
        }
        EXPECT_TRUE(rest.empty());
    }
    std::string written = spool_header();
    for (const auto& [record, sequence] : {std::pair(R"({"eventName":"CreateBucket"})", 1795903742499033u),
                                           std::pair(R"({"eventName":"DeleteBucket"})", 1795903742499034u)})
        append_spool_frame(written, {record, R"({"upstream":"default"})", sequence});
    EXPECT_EQ(written, golden("spool-2"));
}

}  // namespace
}  // namespace cairn::gateway
