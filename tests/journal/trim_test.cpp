#include "base/bytes.h"
#include "journal/chain.h"
#include "journal/merge.h"
#include "journal/test_journal.h"

namespace cairn::journal {
namespace {

using std::chrono::hours;

class TrimTest : public JournalTest {
protected:
    /// Three days with 10 management and 10 data events each; "now" is the fourth.
    void three_days() {
        open();
        for (int day = 0; day < 3; ++day) {
            append(10);
            append(10, true, RetentionClass::data);
            ASSERT_TRUE(log_->seal());
            clock_.advance(hours(24));
        }
    }
    static Retention keep(RetentionClass retention, hours age) {
        Retention made;
        made.keep[static_cast<std::size_t>(retention)] = age;
        return made;
    }
};

TEST_F(TrimTest, NothingIsTrimmedByDefault) {
    three_days();
    EXPECT_TRUE(log_->trim({}, nullptr, log_->end())->trimmed.empty());
    expect_all(0, 60);
}

TEST_F(TrimTest, DropsExpiredFilesOfTheClassAndLeavesTombstones) {
    three_days();
    const auto oldest = files("log/archive/data/", ".cairn").front();
    const auto bytes = disk_->content(oldest);
    const auto report = log_->trim(keep(RetentionClass::data, hours(36)), nullptr, log_->end());
    ASSERT_TRUE(report) << report.error().message;
    ASSERT_EQ(report->trimmed.size(), 2u);
    const auto& tombstone = report->trimmed[0];
    EXPECT_EQ(tombstone.retention, RetentionClass::data);
    EXPECT_EQ(tombstone.first_number, 10u);
    EXPECT_EQ(tombstone.end_number, 20u);
    EXPECT_EQ(tombstone.event_count, 10u);
    EXPECT_EQ(tombstone.bytes, bytes.size());
    Sha256 sha256;
    sha256.add(bytes);
    EXPECT_EQ(tombstone.sha256, to_hex(sha256.finish()));
    EXPECT_EQ(tombstone.reason, "older than 129600000 ms");
    EXPECT_EQ(support::read_all(*log_).size(), 40u);
    EXPECT_EQ(log_->find(15).error().code, Code::not_found);
    EXPECT_TRUE(log_->find(5));
    EXPECT_TRUE(log_->find(55));
    open();
    EXPECT_EQ(support::read_all(*log_).size(), 40u);
    EXPECT_EQ(log_->tombstones().size(), 2u);
    log_.reset();
    expect_sound(40);
}

TEST_F(TrimTest, BeginIsTheOldestEventLeft) {
    three_days();
    Retention retention;
    retention.keep.fill(hours(60));
    ASSERT_TRUE(log_->trim(retention, nullptr, log_->end()));
    EXPECT_EQ(log_->begin(), 20u);
    expect_all(20, 60);
}

TEST_F(TrimTest, EverythingMayGo) {
    three_days();
    clock_.advance(hours(24 * 365));
    Retention retention;
    retention.keep.fill(hours(1));
    EXPECT_EQ(log_->trim(retention, nullptr, log_->end())->trimmed.size(), 6u);
    EXPECT_EQ(log_->begin(), 60u);
    EXPECT_EQ(log_->end(), 60u);
    EXPECT_TRUE(log_->read(0, 100)->empty());
    append(1);
    open();
    expect_all(60, 61);
}

TEST_F(TrimTest, AHoldKeepsAFile) {
    three_days();
    clock_.advance(hours(24 * 365));
    Retention retention;
    retention.keep.fill(hours(1));
    const auto report =
        log_->trim(retention, [](const ArchiveFileInfo& file) { return file.first_number == 20; }, log_->end());
    EXPECT_EQ(report->trimmed.size(), 5u);
    EXPECT_EQ(report->held_files, 1u);
    EXPECT_EQ(log_->begin(), 20u);
}

TEST_F(TrimTest, AViewThatHasNotReadAFileKeepsIt) {
    three_days();
    clock_.advance(hours(24 * 365));
    Retention retention;
    retention.keep.fill(hours(1));
    const auto report = log_->trim(retention, nullptr, 25);
    EXPECT_EQ(report->trimmed.size(), 2u);
    EXPECT_EQ(report->unread_files, 4u);
}

TEST_F(TrimTest, AFileIsJudgedByItsNewestEventTimeToo) {
    open();
    auto batch = support::batch_of(0, 5, true);
    batch.blocks[0].newest_ms = to_milliseconds(clock_.now() + hours(24 * 30));
    ASSERT_TRUE(support::append_and_wait(*log_, std::move(batch)));
    ASSERT_TRUE(log_->seal());
    clock_.advance(hours(24 * 10));
    EXPECT_TRUE(log_->trim(keep(RetentionClass::management, hours(24)), nullptr, 5)->trimmed.empty());
    clock_.advance(hours(24 * 22));
    EXPECT_EQ(log_->trim(keep(RetentionClass::management, hours(24)), nullptr, 5)->trimmed.size(), 1u);
}

TEST_F(TrimTest, ReadersKeepTheirBlocks) {
    three_days();
    const auto block = log_->find(0).value();
    const std::string bytes(block.bytes);
    clock_.advance(hours(24 * 365));
    Retention retention;
    retention.keep.fill(hours(1));
    ASSERT_TRUE(log_->trim(retention, nullptr, log_->end()));
    EXPECT_EQ(block.bytes, bytes);
}

TEST_F(TrimTest, ADeathDuringTrimmingIsHarmlessAnywhere) {
    three_days();
    log_.reset();
    const auto before = disk_->copy();
    Retention retention;
    retention.keep.fill(hours(36));
    bool ended = false;
    for (std::uint64_t nth = 1; !ended; ++nth) {
        SCOPED_TRACE(nth);
        use(before->copy());
        open();
        disk_->stop_at(nth);
        ended = log_->trim(retention, nullptr, log_->end()).has_value();
        log_.reset();
        disk_->crash(nth);
        open();
        const auto events = support::read_all(*log_);
        EXPECT_TRUE(events.size() == 60 || events.size() == 20) << events.size();
        EXPECT_EQ(log_->tombstones().size(), events.size() == 60 ? 0u : 4u);
        EXPECT_EQ(files("log/archive/", ".cairn").size(), events.size() == 60 ? 6u : 2u);
        log_.reset();
        expect_sound(events.size());
    }
}

TEST(DayOf, CountsFrom1970BothWays) {
    EXPECT_EQ(day_of(0), 0);
    EXPECT_EQ(day_of(86'399'999), 0);
    EXPECT_EQ(day_of(86'400'000), 1);
    EXPECT_EQ(day_of(-1), -1);
}

}  // namespace
}  // namespace cairn::journal
