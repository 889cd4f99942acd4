#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "journal/check.h"
#include "journal/journal.h"
#include "support/fake_clock.h"
#include "support/log_batches.h"
#include "support/memory_disk.h"

namespace cairn::journal {

inline DictionaryPointer no_dictionary(std::uint32_t) { return nullptr; }

/// A journal with small files on a disk in memory, sealed only when asked.
class JournalTest : public testing::Test {
protected:
    JournalTest() {
        options_.journal_file_bytes = 64 * 1024;
        options_.background = false;
    }

    Result<std::unique_ptr<Journal>> try_open() {
        log_.reset();
        return Journal::open(
            {*disk_, "log", clock_, metrics_, [] { return BlockCodec{}; }, no_dictionary, other_bytes_}, options_);
    }
    void open() {
        auto log = try_open();
        ASSERT_TRUE(log) << log.error().message;
        log_ = std::move(*log);
    }
    /// Goes on with another disk.
    void use(std::unique_ptr<support::MemoryDisk> disk) {
        log_.reset();
        disk_ = std::move(disk);
    }
    void append(std::uint32_t count, bool encoded = true, RetentionClass retention = RetentionClass::management) {
        const auto result = support::append_and_wait(*log_, support::batch_of(log_->end(), count, encoded, retention));
        ASSERT_TRUE(result) << result.error().message;
    }
    /// Exactly the events [begin, end) are stored, each once.
    void expect_all(std::uint64_t begin, std::uint64_t end) {
        const auto events = support::read_all(*log_);
        ASSERT_EQ(events.size(), end - begin);
        for (std::uint64_t number = begin; number < end; ++number) {
            ASSERT_EQ(events[number - begin].first, number);
            ASSERT_EQ(events[number - begin].second, support::record_of(number));
        }
    }
    CheckReport check_log() {
        auto report = check(*disk_, "log", [](std::uint64_t, std::uint64_t) {});
        EXPECT_TRUE(report) << report.error().message;
        return report ? std::move(*report) : CheckReport{};
    }
    void expect_sound(std::uint64_t events) {
        const auto report = check_log();
        for (const auto& finding : report.findings)
            ADD_FAILURE() << finding.path << " at " << finding.offset << ": " << finding.what;
        EXPECT_EQ(report.events, events);
    }
    /// The value of a gauge or counter without labels.
    double metric(const std::string& name) const {
        const auto text = metrics_.render();
        const auto at = text.find("\n" + name + " ");
        return at == std::string::npos ? 0 : std::stod(text.substr(at + 1 + name.size()));
    }
    std::vector<std::string> files(std::string_view begin, std::string_view end) const {
        std::vector<std::string> found;
        for (const auto& path : disk_->all_files())
            if (path.starts_with(begin) && path.ends_with(end)) found.push_back(path);
        return found;
    }

    std::unique_ptr<support::MemoryDisk> disk_ = std::make_unique<support::MemoryDisk>();
    support::FakeClock clock_;
    Metrics metrics_;
    JournalOptions options_;
    std::function<std::uint64_t()> other_bytes_;
    std::unique_ptr<Journal> log_;
};

}  // namespace cairn::journal
