#include "journal/journal.h"

#include "base/bytes.h"
#include "journal/manifest.h"
#include "journal/test_journal.h"

namespace cairn::journal {
namespace {

using support::Answers;
using support::append_and_wait;
using support::batch_of;
using support::Call;

TEST_F(JournalTest, GoesOnInNewFilesAndFreesThemWhenSealed) {
    open();
    for (int i = 0; i < 100; ++i) append(20);
    EXPECT_GT(files("log/journal/", "").size(), 2u);
    ASSERT_TRUE(log_->seal());
    EXPECT_LE(files("log/journal/", "").size(), 2u);
    EXPECT_GE(files("log/archive/management/", ".cairn").size(), 1u);
    expect_all(0, 2000);
    log_.reset();
    expect_sound(2000);
    open();
    expect_all(0, 2000);
}

TEST_F(JournalTest, ABatchLargerThanAJournalFileGetsOneOfItsOwn) {
    open();
    append(2000);
    append(1);
    expect_all(0, 2001);
    ASSERT_TRUE(log_->seal());
    log_.reset();
    expect_sound(2001);
}

TEST_F(JournalTest, OneCommitCostsOneWriteAndOneSync) {
    open();
    append(1);
    Answers answers;
    const auto writes = disk_->calls(Call::write), syncs = disk_->calls(Call::sync);
    for (std::uint64_t i = 8; i > 0; --i) log_->append(batch_of(i, 1, i % 2 == 0), answers.expect());
    for (const auto& result : answers.wait()) EXPECT_TRUE(result);
    EXPECT_EQ(disk_->calls(Call::write), writes + 1);
    EXPECT_EQ(disk_->calls(Call::sync), syncs + 1);
}

TEST_F(JournalTest, SmallInputsOfOneClassBecomeOneBlock) {
    open();
    Answers answers;
    for (std::uint64_t i = 10; i > 0; --i)
        log_->append(batch_of(i - 1, 1, false, i > 5 ? RetentionClass::data : RetentionClass::management),
                     answers.expect());
    answers.wait();
    const auto blocks = log_->read(0, 1 << 20).value();
    ASSERT_EQ(blocks.size(), 2u);
    EXPECT_EQ(blocks[0].event_count, 5u);
    EXPECT_EQ(blocks[1].event_count, 5u);
    expect_all(0, 10);
}

TEST_F(JournalTest, SmallBlocksAreJoinedWhenTheyAreSealed) {
    options_.journal_file_bytes = 4 << 20;
    open();
    for (int i = 0; i < 300; ++i) append(1);
    const auto before = support::read_all(*log_);
    ASSERT_TRUE(log_->seal());
    EXPECT_EQ(support::read_all(*log_), before);
    const auto blocks = log_->read(0, 1 << 30).value();
    EXPECT_LT(blocks.size(), 10u);
    for (std::uint64_t number = 0; number < 300; number += 7)
        EXPECT_EQ(read_event(*log_, no_dictionary, number)->envelope, support::some_envelope());
    log_.reset();
    expect_sound(300);
}

TEST_F(JournalTest, FingerprintsCanBeReadAgainFromAnyNumber) {
    open();
    for (int i = 0; i < 30; ++i) append(3, i % 2 == 0, i % 3 == 0 ? RetentionClass::data : RetentionClass::management);
    ASSERT_TRUE(log_->seal());
    for (int i = 0; i < 5; ++i) append(2);
    for (const std::uint64_t from : {0, 1, 50, 89, 90, 95, 100}) {
        SCOPED_TRACE(from);
        std::uint64_t next = from;
        ASSERT_TRUE(
            log_->for_each_fingerprint(from, [&](std::uint64_t first, std::span<const Fingerprint> fingerprints) {
                EXPECT_EQ(first, next);
                for (const auto& fingerprint : fingerprints) {
                    const auto expected = support::fingerprint_of(next++);
                    EXPECT_EQ(fingerprint.identity, expected.identity);
                    EXPECT_EQ(fingerprint.content, expected.content);
                }
            }));
        EXPECT_EQ(next, log_->end());
    }
}

TEST_F(JournalTest, ArchiveFilesAreCutByClassAndIngestDay) {
    open();
    append(2);
    append(2, true, RetentionClass::insight);
    clock_.advance(std::chrono::hours(24));
    append(2);
    ASSERT_TRUE(log_->seal());
    EXPECT_EQ(files("log/archive/", ".cairn"),
              (std::vector<std::string>{"log/archive/insight/2026-11-21-000000000002.cairn",
                                        "log/archive/management/2026-11-21-000000000000.cairn",
                                        "log/archive/management/2026-11-22-000000000004.cairn"}));
    const auto infos = log_->archive_files();
    ASSERT_EQ(infos.size(), 3u);
    EXPECT_TRUE(infos[0].closed);
    EXPECT_EQ(infos[0].sha256.size(), 64u);
    EXPECT_FALSE(infos[2].closed);
}

TEST_F(JournalTest, AnOpenArchiveFileGrowsAcrossRestarts) {
    open();
    for (int i = 0; i < 5; ++i) {
        append(50);
        ASSERT_TRUE(log_->seal());
        open();
    }
    EXPECT_EQ(files("log/archive/", ".cairn").size(), 1u);
    expect_all(0, 250);
    log_.reset();
    expect_sound(250);
}

TEST_F(JournalTest, TheTableOfAnOpenFileIsMadeAgainWhenItIsLost) {
    open();
    append(50);
    append(50);
    ASSERT_TRUE(log_->seal());
    log_.reset();
    ASSERT_TRUE(disk_->remove(files("log/archive/", ".table").front()));
    open();
    expect_all(0, 100);
    append(1);
    ASSERT_TRUE(log_->seal());
    expect_all(0, 101);
}

TEST_F(JournalTest, DamageAnywhereInTheTableOfAnOpenFileLosesNothing) {
    open();
    append(50);
    append(50);
    ASSERT_TRUE(log_->seal());
    log_.reset();
    const auto whole = disk_->copy();
    const auto path = files("log/archive/", ".table").front();
    const auto table = whole->content(path);
    for (std::size_t at = 0; at < table.size(); ++at) {
        for (const bool cut : {false, true}) {
            SCOPED_TRACE((cut ? "cut at " : "flipped at ") + std::to_string(at));
            use(whole->copy());
            auto bytes = cut ? table.substr(0, at) : table;
            if (!cut) bytes[at] ^= 0x10;
            disk_->set_content(path, bytes);
            ASSERT_FALSE(check_log().findings.empty());
            auto log = try_open();
            if (!log) {  // only a newer version stops it
                ASSERT_EQ(log.error().code, Code::unavailable) << log.error().message;
                continue;
            }
            log_ = std::move(*log);
            expect_all(0, 100);
        }
    }
}

TEST_F(JournalTest, AFailedSyncClosesTheLogForWritingUntilItIsOpenedAgain) {
    for (const auto call : {Call::sync, Call::write}) {
        SCOPED_TRACE(call_name(call));
        use(std::make_unique<support::MemoryDisk>());
        open();
        append(3);
        disk_->plan_failure(call, 1, Code::unavailable);
        const auto failed = append_and_wait(*log_, batch_of(3, 2, true));
        ASSERT_FALSE(failed);
        const auto later = append_and_wait(*log_, batch_of(3, 2, true));
        ASSERT_FALSE(later);
        EXPECT_EQ(later.error().code, Code::unavailable);
        EXPECT_FALSE(log_->admit(1));
        EXPECT_EQ(log_->end(), 3u);
        expect_all(0, 3);
        log_.reset();
        disk_->crash();
        open();
        expect_all(0, 3);
        append(2);
        expect_all(0, 5);
    }
}

TEST_F(JournalTest, WhatIsReadAfterAFailedSyncAndARestartIsDurable) {
    open();
    append(3);
    disk_->plan_failure(Call::sync, 1, Code::unavailable);
    (void)append_and_wait(*log_, batch_of(3, 2, true));
    open();  // the process starts again, the machine does not: the commit is seen, but was never written
    const auto seen = log_->end();
    log_.reset();
    disk_->crash();
    open();
    EXPECT_EQ(log_->end(), seen);
    expect_all(0, seen);
}

TEST_F(JournalTest, WhatFindsTheDeviceFullWaitsForSpaceWhileNoMoreIsTaken) {
    // 1: no new journal file can be made; 2: its header, 3: the commit itself finds no room, although it was reserved.
    for (const int where : {1, 2, 3}) {
        SCOPED_TRACE(where);
        use(std::make_unique<support::MemoryDisk>());
        options_.space_retry = std::chrono::milliseconds(1);
        open();
        append(1);
        if (where == 1) disk_->set_capacity(0);
        if (where > 1) disk_->plan_failure(Call::write, static_cast<std::uint64_t>(where - 1), Code::exhausted, true);
        Answers answers;
        log_->append(batch_of(2001, 1, true), answers.expect());
        log_->append(batch_of(1, 2000, true), answers.expect());  // needs a new file
        while (metric("cairn_log_out_of_space") == 0) std::this_thread::yield();
        const auto refused = log_->admit(1);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::exhausted);
        EXPECT_NE(refused.error().message.find("out of space"), std::string::npos) << refused.error().message;
        expect_all(0, 1);
        disk_->set_capacity(1 << 30);
        disk_->heal();
        for (const auto& result : answers.wait()) EXPECT_TRUE(result) << result.error().message;
        EXPECT_TRUE(log_->admit(1));
        EXPECT_EQ(metric("cairn_log_out_of_space"), 0);
        expect_all(0, 2002);
        append(5);
        log_.reset();
        expect_sound(2007);
        disk_->crash();
        open();
        EXPECT_TRUE(log_->findings().empty());
        expect_all(0, 2007);
    }
}

TEST_F(JournalTest, ALogThatWaitsForSpaceUsesAJournalFileThatIsSealedMeanwhile) {
    options_.space_retry = std::chrono::milliseconds(1);
    open();
    append(100);
    disk_->plan_failure(Call::preallocate, 1, Code::exhausted, true);
    std::uint64_t number = 100;
    Answers answers;
    while (metric("cairn_log_out_of_space") == 0) {
        log_->append(batch_of(number, 100, true), answers.expect());
        number += 100;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(log_->seal());
    for (const auto& result : answers.wait()) EXPECT_TRUE(result) << result.error().message;
    expect_all(0, number);
}

TEST_F(JournalTest, AFullDeviceHoldsUpNoShutdown) {
    options_.space_retry = std::chrono::hours(1);
    open();
    append(1);
    disk_->set_capacity(0);
    Answers answers;
    log_->append(batch_of(1, 2000, true), answers.expect());
    log_->append(batch_of(2001, 1, true), answers.expect());
    while (metric("cairn_log_out_of_space") == 0) std::this_thread::yield();
    log_->leave();
    for (const auto& result : answers.wait()) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, Code::exhausted);
    }
    expect_all(0, 1);
    disk_->set_capacity(1 << 30);
    open();
    expect_all(0, 1);
    append(5);
    expect_all(0, 6);
}

TEST_F(JournalTest, ASyncThatFailsForSpaceClosesTheLogLikeAnyOther) {
    open();
    append(3);
    disk_->plan_failure(Call::sync, 1, Code::exhausted);
    EXPECT_FALSE(append_and_wait(*log_, batch_of(3, 2, true)));
    EXPECT_EQ(log_->admit(1).error().code, Code::unavailable);
    expect_all(0, 3);
    log_.reset();
    disk_->crash();
    open();
    expect_all(0, 3);
    append(2);
    expect_all(0, 5);
}

TEST_F(JournalTest, AdmissionRefusesBeforeTheBudgetIsSpentAndRecoversAfterTrimming) {
    options_.disk_budget_bytes = 8 * options_.journal_file_bytes;
    open();
    std::uint64_t appended = 0;
    while (log_->admit(8000)) {
        append(100);
        ++appended;
        if (appended % 5 == 0) {
            ASSERT_TRUE(log_->seal());
        }
        ASSERT_LT(appended, 100'000u);
    }
    EXPECT_LE(log_->disk_bytes(), options_.disk_budget_bytes);
    const auto refused = log_->admit(8000);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    EXPECT_NE(refused.error().message.find("disk budget of 524288 bytes is spent"), std::string::npos)
        << refused.error().message;
    expect_all(0, appended * 100);
    ASSERT_TRUE(log_->seal());
    clock_.advance(std::chrono::hours(72));
    Retention retention;
    retention.keep.fill(std::chrono::hours(24));
    const auto report = log_->trim(retention, nullptr, log_->end());
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_TRUE(log_->admit(8000));
    append(1);
}

TEST_F(JournalTest, OtherBytesCountAgainstTheBudget) {
    options_.disk_budget_bytes = 8 * options_.journal_file_bytes;
    std::uint64_t other = 0;
    other_bytes_ = [&] { return other; };
    open();
    EXPECT_TRUE(log_->admit(1));
    other = options_.disk_budget_bytes;
    EXPECT_EQ(log_->admit(1).error().code, Code::exhausted);
}

TEST_F(JournalTest, ABudgetBelowFourJournalFilesIsInvalid) {
    options_.disk_budget_bytes = 3 * options_.journal_file_bytes;
    EXPECT_EQ(try_open().error().code, Code::invalid);
}

TEST_F(JournalTest, AReadOnlyDiskIsSaidSo) {
    disk_->set_read_only(true);
    EXPECT_EQ(try_open().error().code, Code::denied);
}

TEST_F(JournalTest, AReadOnlyDiskCanBeChecked) {
    open();
    append(10);
    ASSERT_TRUE(log_->seal());
    append(10);
    log_.reset();
    disk_->set_read_only(true);
    expect_sound(20);
}

TEST_F(JournalTest, AFailingSealLosesNothingAndIsTriedAgain) {
    for (const auto call :
         {Call::open, Call::write, Call::sync, Call::rename, Call::sync_folder, Call::map, Call::read})
        for (std::uint64_t nth = 1; nth < 12; ++nth) {
            SCOPED_TRACE(std::string(call_name(call)) + " " + std::to_string(nth));
            use(std::make_unique<support::MemoryDisk>());
            open();
            append(30);
            append(30, true, RetentionClass::data);
            disk_->plan_failure(call, nth, Code::exhausted);
            (void)log_->seal();
            expect_all(0, 60);
            disk_->heal();
            ASSERT_TRUE(log_->seal());
            expect_all(0, 60);
            append(1);
            log_.reset();
            expect_sound(61);
        }
}

TEST_F(JournalTest, TheManifestIsNeededWhereThereAreEvents) {
    open();
    append(1);
    log_.reset();
    ASSERT_TRUE(disk_->remove("log/manifest"));
    ASSERT_TRUE(disk_->remove("log/manifest.copy"));
    EXPECT_EQ(try_open().error().code, Code::corrupt);
}

TEST_F(JournalTest, ADamagedManifestIsMadeGoodFromItsCopy) {
    open();
    append(40);
    ASSERT_TRUE(log_->seal());
    append(2);
    log_.reset();
    const auto whole = disk_->copy();
    for (const char* const name : {"log/manifest", "log/manifest.copy"}) {
        const auto size = whole->content(name).size();
        for (std::size_t at = 0; at < size; at += 7) {
            SCOPED_TRACE(std::string(name) + " at " + std::to_string(at));
            use(whole->copy());
            auto bytes = disk_->content(name);
            bytes[at] ^= 4;
            disk_->set_content(name, bytes);
            EXPECT_EQ(check_log().findings.size(), 1u);
            open();
            EXPECT_EQ(log_->findings().size(), 1u);
            expect_all(0, 42);
            use(whole->copy());
            disk_->set_content(name, bytes.substr(0, at));
            open();
            expect_all(0, 42);
        }
    }
}

TEST_F(JournalTest, ANewerManifestIsRefused) {
    open();
    log_.reset();
    auto bytes = disk_->content("log/manifest");
    bytes.replace(bytes.find(" 1 "), 3, " 2 ");
    disk_->set_content("log/manifest", bytes);
    const auto log = try_open();
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().code, Code::unavailable);
    EXPECT_EQ(log.error().message, "log/manifest has format version 2, this cairn reads up to 1");
}

TEST_F(JournalTest, DamageToAnArchiveFileCostsAtMostItsBlock) {
    open();
    for (int i = 0; i < 4; ++i) append(3, true, i % 2 == 0 ? RetentionClass::management : RetentionClass::data);
    ASSERT_TRUE(log_->seal());
    clock_.advance(std::chrono::hours(24));
    append(1);
    ASSERT_TRUE(log_->seal());  // closes the first file
    log_.reset();
    const auto whole = disk_->copy();
    const auto path = files("log/archive/management/2026-11-21", ".cairn").front();
    const auto size = whole->content(path).size();
    for (std::size_t at = 0; at < size; ++at) {
        SCOPED_TRACE(at);
        use(whole->copy());
        auto bytes = disk_->content(path);
        bytes[at] ^= 0x20;
        disk_->set_content(path, bytes);
        const auto findings = check_log().findings;
        ASSERT_FALSE(findings.empty());
        EXPECT_EQ(findings.front().path, path);
        open();
        const auto events = support::read_all(*log_, 0, 1);
        ASSERT_GE(events.size(), 10u);
        for (const auto& [number, record] : events) ASSERT_EQ(record, support::record_of(number));
        EXPECT_EQ(log_->damage() > 0 || !log_->findings().empty(), events.size() < 13 || !log_->findings().empty());
    }
}

TEST_F(JournalTest, ACutArchiveFileKeepsWhatIsBefore) {
    open();
    append(3, true, RetentionClass::data);
    append(3);
    append(3, true, RetentionClass::data);
    ASSERT_TRUE(log_->seal());
    log_.reset();
    const auto whole = disk_->copy();
    const auto path = files("log/archive/data/", ".cairn").front();
    const auto size = whole->content(path).size();
    for (std::size_t cut = 0; cut < size; cut += 3) {
        SCOPED_TRACE(cut);
        use(whole->copy());
        disk_->set_content(path, disk_->content(path).substr(0, cut));
        EXPECT_FALSE(check_log().findings.empty());
        open();
        for (const auto& [number, record] : support::read_all(*log_, 0, 1))
            ASSERT_EQ(record, support::record_of(number));
        EXPECT_FALSE(log_->findings().empty());
        EXPECT_TRUE(log_->find(4));
    }
}

TEST_F(JournalTest, AMissingArchiveFileIsNamedWithItsEvents) {
    open();
    append(3, true, RetentionClass::data);
    append(3);
    ASSERT_TRUE(log_->seal());
    log_.reset();
    ASSERT_TRUE(disk_->remove(files("log/archive/data/", ".cairn").front()));
    const auto report = check_log();
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].first_number, 0u);
    EXPECT_EQ(report.findings[0].end_number, 3u);
    open();
    EXPECT_FALSE(log_->find(1));
    EXPECT_TRUE(log_->find(4));
    append(1);
}

TEST_F(JournalTest, AMissingJournalFileIsNamedWithItsEventsAndNumbersGoOn) {
    open();
    append(3);
    append(4);
    log_.reset();
    for (const auto& path : files("log/journal/", "")) ASSERT_TRUE(disk_->remove(path));
    EXPECT_EQ(check_log().findings.size(), 1u);
    open();
    EXPECT_EQ(log_->end(), 7u);
    EXPECT_EQ(log_->find(2).error().code, Code::corrupt);
    append(1);
    expect_all(7, 8);
}

TEST_F(JournalTest, LossesStayKnownAfterSealing) {
    open();
    append(3);
    append(4);
    append(5);
    log_.reset();
    const auto path = files("log/journal/", "").front();
    auto bytes = disk_->content(path);
    bytes[2 * 4096 + 300] ^= 1;
    disk_->set_content(path, bytes);
    open();
    ASSERT_EQ(log_->findings().size(), 1u);
    EXPECT_EQ(log_->findings()[0].first_number, 3u);
    EXPECT_EQ(log_->findings()[0].end_number, 7u);
    EXPECT_EQ(log_->find(5).error().code, Code::corrupt);
    EXPECT_EQ(support::read_all(*log_).size(), 8u);
    ASSERT_TRUE(log_->seal());
    open();
    EXPECT_EQ(log_->find(5).error().code, Code::corrupt);
    EXPECT_EQ(log_->end(), 12u);
    log_.reset();
    EXPECT_EQ(check_log().findings.size(), 1u);
}

TEST_F(JournalTest, LeftoversOfACommitGoToQuarantine) {
    open();
    append(3);
    disk_->plan_failure(Call::sync, 1, Code::unavailable);
    (void)append_and_wait(*log_, batch_of(3, 5, true));
    log_.reset();
    const auto path = files("log/journal/", "").front();
    auto bytes = disk_->content(path);
    bytes[2 * 4096 + 200] ^= 1;  // half of it came to disk
    disk_->set_content(path, bytes);
    open();
    ASSERT_EQ(log_->findings().size(), 1u);
    EXPECT_NE(log_->findings()[0].what.find("moved to quarantine"), std::string::npos);
    EXPECT_EQ(files("log/quarantine/", "").size(), 1u);
    EXPECT_EQ(log_->end(), 3u);
    append(1);
    open();
    EXPECT_TRUE(log_->findings().empty());
    expect_all(0, 4);
}

TEST_F(JournalTest, OrphansOfTheArchiveAreClearedAway) {
    open();
    append(10);
    ASSERT_TRUE(log_->seal());
    log_.reset();
    disk_->set_content("log/archive/data/2026-11-21-000000000010.cairn", "of a seal that did not end");
    disk_->set_content("log/archive/data/2026-11-21-000000000002.cairn", "from somewhere");
    disk_->set_content("log/archive/data/2026-11-21-000000000010.cairn.table", "x");
    open();
    EXPECT_TRUE(files("log/archive/data/", "").empty());
    EXPECT_EQ(files("log/quarantine/", "").size(), 1u);
    EXPECT_EQ(log_->findings().size(), 1u);
    expect_all(0, 10);
}

}  // namespace
}  // namespace cairn::journal
