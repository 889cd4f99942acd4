#include "view/trail/delivery_fixture.h"

namespace cairn::trail {
namespace {

TEST_F(DeliveryTest, DataEventsAreSummedUpInTheirWindows) {
    set_logging(create(summing_trail()), true);
    const auto window = window_of(clock_.now()) + summary_window;
    const auto first = format_time(window), later = format_time(window + 2 * summary_window);
    clock_.set(window + std::chrono::minutes(1));
    for (int i = 0; i < 3; ++i) add_data_event();
    add();                          // a management event is in no summary
    pass(std::chrono::minutes(8));  // the window is over, and the interval after it is not
    EXPECT_TRUE(keys("CloudTrail-Aggregated").empty());
    pass(std::chrono::minutes(2));
    EXPECT_EQ(summed(), (std::map<std::string, std::int64_t>{{first, 3}}));
    EXPECT_NE(keys("CloudTrail-Aggregated").at(0).find("/111122223333_CloudTrail-Aggregated_us-east-1_20"),
              std::string::npos);
    add_data_event(window + std::chrono::minutes(2));  // late
    add_data_event();
    pass(std::chrono::minutes(15));
    EXPECT_EQ(summed(), (std::map<std::string, std::int64_t>{{first, 4}, {later, 1}}));
    EXPECT_EQ(delivered().size(), 6u) << "the events themselves are delivered as ever";
    EXPECT_EQ(follower_->position(), log_.end());
    pass(std::chrono::hours(1));
    pass(std::chrono::hours(1));
    const auto files = digested();
    for (const auto& key : keys("CloudTrail-Aggregated")) EXPECT_EQ(files.count(key), 1u) << key;
}

TEST_F(DeliveryTest, ACrashAnywhereSumsEachEventOnce) {
    stop();
    options_.delivery_interval = std::chrono::minutes(1);
    set_logging(create(summing_trail()), true);
    int crashes = 0;
    for (int life = 0; life < 120; ++life) {
        fuse_.passed = 0;
        fuse_.burns_at = static_cast<std::uint64_t>(life % 19 + 1);
        buckets_.away.clear();
        if (life % 5 == 0) buckets_.away = {"bucket"};
        try {
            start();
            for (int i = 0; i < 3; ++i) {
                add_data_event(clock_.now() - std::chrono::minutes(4 * (i % 2)));
                pass(std::chrono::seconds(130));
            }
        } catch (const Crash&) {
            ++crashes;
        }
        stop();
    }
    EXPECT_GT(crashes, 80);
    fuse_.burns_at = 0;
    buckets_.away.clear();
    start();
    for (int i = 0; i < 4; ++i) pass(std::chrono::minutes(10));
    std::int64_t events = 0;
    for (const auto& [window, count] : summed()) events += count;
    const auto ids = delivered();
    EXPECT_EQ(static_cast<std::size_t>(events), ids.size());
    for (const auto& [id, count] : ids) EXPECT_EQ(count, 1) << id;
    EXPECT_EQ(follower_->position(), log_.end());
    EXPECT_TRUE(store_.view([&](Transaction& transaction) -> Result<void> {
        const auto rows = transaction.scan("trail", "summed/", "", 1000);
        EXPECT_LE(rows->size(), 1u) << "rows of windows that are over go";
        return {};
    }));
}

}  // namespace
}  // namespace cairn::trail
