#include "view/trail/delivery_fixture.h"

namespace cairn::trail {
namespace {

TEST_F(DeliveryTest, ATopicIsToldOfEachFileOnce) {
    auto told = trail("one");
    told.topic_arn = "arn:aws:sns:us-east-1:111122223333:topic";
    const auto arn = create(told);
    set_logging(arn, true);
    add();
    pass(std::chrono::minutes(6));
    ASSERT_EQ(topics_.messages.size(), 1u);
    const auto key = keys("CloudTrail").at(0).substr(std::string("bucket/").size());
    EXPECT_EQ(topics_.messages[0],
              fmt::format(R"({} {{"s3Bucket":"bucket","s3ObjectKey":["{}"]}})", *told.topic_arn, key));
    topics_.denies = true;
    add();
    pass(std::chrono::minutes(6));
    EXPECT_EQ(status(arn)[Leg::notice].error, "AuthorizationError");
    topics_.denies = false;
    pass(std::chrono::minutes(6));
    EXPECT_EQ(topics_.messages.size(), 1u) << "a failed notice is not sent again";
    EXPECT_TRUE(status(arn)[Leg::notice].latest);
}

TEST_F(DeliveryTest, ALogGroupGetsTheRecordsOfEveryRegion) {
    auto logged = trail("one");
    logged.log_group_arn = group;
    logged.multi_region = true;
    const auto arn = create(logged);
    set_logging(arn, true);
    const auto first = add(), second = add("eu-west-1"), third = add();
    pass(std::chrono::minutes(6));
    ASSERT_EQ(logs_.streams.size(), 1u);
    const auto& [stream, records] = *logs_.streams.begin();
    EXPECT_EQ(stream, std::string(group) + " 111122223333_CloudTrail_us-east-1");
    EXPECT_EQ(std::set<std::string>(records.begin(), records.end()), (std::set<std::string>{first, second, third}));
    EXPECT_EQ(records.size(), 3u);
    EXPECT_EQ(logs_.put_at, clock_.now()) << "the time of delivery, not of the event";
    EXPECT_EQ(status(arn)[Leg::logs].latest, clock_.now());
    EXPECT_EQ(status(arn, "eu-west-1")[Leg::logs].latest, clock_.now());
    EXPECT_EQ(keys("CloudTrail").size(), 2u);
    EXPECT_EQ(follower_->position(), log_.end());
}

TEST_F(DeliveryTest, ALogGroupThatIsAwayDelaysNothingOfTheOneThatATrailHasNow) {
    auto logged = trail("one");
    logged.log_group_arn = group;
    const auto arn = create(logged);
    set_logging(arn, true);
    logs_.away_group = group;
    const auto before = add();
    pass(std::chrono::minutes(6));
    EXPECT_EQ(status(arn)[Leg::logs].error, "ResourceNotFoundException");
    update(arn,
           [](Trail& changed) { changed.log_group_arn = "arn:aws:logs:us-east-1:111122223333:log-group:second:*"; });
    const auto after = add();
    pass(std::chrono::minutes(6));
    EXPECT_EQ(logs_.counts(), (std::map<std::string, int>{{after, 1}}));
    EXPECT_EQ(status(arn)[Leg::logs].error, "");
    logs_.away_group.clear();
    pass(std::chrono::minutes(6));
    EXPECT_EQ(logs_.counts(), (std::map<std::string, int>{{before, 1}, {after, 1}}));
}

TEST_F(DeliveryTest, ALogGroupThatIsAwayDelaysNoFileAndGetsEverythingLater) {
    auto logged = trail("one");
    logged.log_group_arn = group;
    const auto arn = create(logged);
    set_logging(arn, true);
    logs_.away = true;
    for (int i = 0; i < 5; ++i) {
        add();
        pass(std::chrono::minutes(6));
    }
    EXPECT_EQ(keys("CloudTrail").size(), 5u);
    EXPECT_EQ(status(arn)[Leg::file].error, "");
    EXPECT_EQ(status(arn)[Leg::logs].error, "ResourceNotFoundException");
    EXPECT_EQ(follower_->position(), 0u) << "the log must keep what is not delivered";
    stop();
    start();
    logs_.away = false;
    pass(std::chrono::minutes(2));
    EXPECT_EQ(logs_.counts().size(), 5u);
    EXPECT_EQ(status(arn)[Leg::logs].error, "");
    EXPECT_EQ(follower_->position(), log_.end());
}

TEST_F(DeliveryTest, ABucketThatIsAwayDelaysNoLogGroup) {
    auto logged = trail("one");
    logged.log_group_arn = group;
    set_logging(create(logged), true);
    buckets_.away = {"bucket"};
    add();
    pass(std::chrono::minutes(6));
    EXPECT_TRUE(buckets_.objects.empty());
    EXPECT_EQ(logs_.counts().size(), 1u);
}

TEST_F(DeliveryTest, WithoutAServiceForThemLogGroupsGetNothingAndTheStatusSaysSo) {
    stop();
    with_logs_ = false;
    start();
    auto logged = trail("one");
    logged.log_group_arn = group;
    const auto arn = create(logged);
    set_logging(arn, true);
    add();
    pass(std::chrono::minutes(6));
    EXPECT_EQ(status(arn)[Leg::logs].error, "ResourceNotFoundException");
    EXPECT_EQ(keys("CloudTrail").size(), 1u);
    EXPECT_EQ(follower_->position(), log_.end()) << "it is not kept for nobody";
}

TEST_F(DeliveryTest, AfterThirtyDaysLogEventsAreGivenUp) {
    auto logged = trail("one");
    logged.log_group_arn = group;
    set_logging(create(logged), true);
    logs_.away = true;
    add();
    pass(std::chrono::minutes(6));
    pass(std::chrono::days(29));
    EXPECT_EQ(follower_->position(), 0u);
    pass(std::chrono::days(2));
    EXPECT_EQ(follower_->position(), log_.end());
}

// Log groups may get a record again after a crash, but every one.
TEST_F(DeliveryTest, ACrashAnywhereLosesNoLogEvent) {
    stop();
    options_.delivery_interval = std::chrono::minutes(1);
    auto logged = trail("one");
    logged.log_group_arn = group;
    set_logging(create(logged), true);
    int crashes = 0;
    std::set<std::string> added;
    for (int life = 0; life < 100; ++life) {
        fuse_.passed = 0;
        fuse_.burns_at = static_cast<std::uint64_t>(life) % 19 + 1;
        logs_.away = life % 5 == 0;
        try {
            start();
            for (int i = 0; i < 3; ++i) {
                added.insert(add());
                pass(std::chrono::seconds(50));
            }
        } catch (const Crash&) {
            ++crashes;
        }
        stop();
    }
    EXPECT_GT(crashes, 60);
    fuse_.burns_at = 0;
    logs_.away = false;
    start();
    pass(std::chrono::minutes(2));
    pass(std::chrono::minutes(2));
    std::set<std::string> sent;
    for (const auto& [record, count] : logs_.counts()) sent.insert(record);
    EXPECT_EQ(sent, added);
    for (const auto& [id, count] : delivered()) EXPECT_EQ(count, 1) << id;
    EXPECT_EQ(follower_->position(), log_.end());
}

}  // namespace
}  // namespace cairn::trail
