#include "node/dictionary_trainer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "view/history/memory_log.h"

namespace cairn::node {
namespace {

/// A log that counts the events it is asked for.
class CountingLog final : public history::test::MemoryLog {
public:
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) override {
        auto blocks = MemoryLog::read(from, bytes_max);
        for (const auto& block : *blocks) events_read += block.event_count;
        return blocks;
    }

    std::uint64_t events_read = 0;
};

/// Adds `count` records, each from one of 64 long templates that only this flavour has.
void add_records(CountingLog& log, std::uint64_t flavour, std::uint64_t count) {
    std::vector<std::string> templates(64);
    for (std::size_t i = 0; i < templates.size(); ++i)
        for (std::uint64_t word = 0; word < 16; ++word)
            templates[i] += fmt::format("{:x}", hash64(fmt::format("{} {}", i, word), flavour));
    std::vector<std::string> records;
    for (std::uint64_t i = 0; i < count; ++i)
        records.push_back(
            fmt::format(R"({{"request":"{}","number":{}}})", templates[hash64(std::to_string(i), flavour) % 64], i));
    log.add(records, 500);
}

class DictionaryTrainerTest : public testing::Test {
protected:
    /// What the next look does: how many events it reads, and whether a dictionary was adopted.
    struct Look {
        std::uint64_t events;
        bool adopted;
    };

    Look look() {
        const auto events = log_.events_read;
        const auto adopted = dictionaries_.size();
        trainer_->look();
        return {log_.events_read - events, dictionaries_.size() > adopted};
    }

    void start() {
        trainer_ = std::make_unique<DictionaryTrainer>(
            DictionaryTrainer::Parts{log_, [](std::uint32_t) { return nullptr; },
                                     [this] { return dictionaries_.empty() ? nullptr : dictionaries_.back(); },
                                     [this](DictionaryPointer learned) -> Result<void> {
                                         dictionaries_.push_back(std::move(learned));
                                         return {};
                                     }},
            16384);
    }

    CountingLog log_;
    std::vector<DictionaryPointer> dictionaries_;
    std::unique_ptr<DictionaryTrainer> trainer_;
};

TEST_F(DictionaryTrainerTest, LearnsASmallOneThenTheFullOneAndThenOnlyWhenEventsHaveChanged) {
    start();
    add_records(log_, 1, 1'000);
    EXPECT_EQ(look().events, 0) << "too few";
    add_records(log_, 1, 1'500);
    EXPECT_TRUE(look().adopted) << "the small one";
    EXPECT_EQ(look().events, 0) << "nothing new";

    add_records(log_, 1, 40'000);
    EXPECT_GE(look().events, 40'000) << "learns from many";
    const auto learned = dictionaries_.size();

    add_records(log_, 1, 45'000);
    const auto still = look();
    EXPECT_GT(still.events, 0);
    EXPECT_LT(still.events, 10'000) << "a few of the newest tell that it fits";
    EXPECT_FALSE(still.adopted);
    EXPECT_EQ(look().events, 0) << "until the log has doubled again";

    add_records(log_, 2, 90'000);
    EXPECT_TRUE(look().adopted) << "the events have changed";
    EXPECT_EQ(dictionaries_.size(), learned + 1);

    add_records(log_, 2, 180'000);
    EXPECT_LT(look().events, 10'000) << "the fresh one fits";
}

TEST_F(DictionaryTrainerTest, AfterAStartNobodyKnowsWhatItDidForTheFirst) {
    start();
    add_records(log_, 1, 41'000);
    look();
    EXPECT_EQ(look().events, 0) << "there were enough for the full one at once";
    ASSERT_FALSE(dictionaries_.empty());
    const auto adopted = dictionaries_.size();
    start();
    EXPECT_EQ(look().events, 0);
    add_records(log_, 1, 45'000);
    EXPECT_GE(look().events, 40'000) << "taken for drift";
    EXPECT_EQ(dictionaries_.size(), adopted) << "but a fresh one is no better";
    add_records(log_, 1, 90'000);
    EXPECT_LT(look().events, 10'000) << "known by now";
}

}  // namespace
}  // namespace cairn::node
