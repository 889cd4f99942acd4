#include "view/trail/trails.h"

#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::trail {
namespace {

class TrailsTest : public ::testing::Test {
protected:
    static Trail trail(std::string name, std::string region = "us-east-1", bool multi_region = false) {
        Trail made;
        made.name = std::move(name);
        made.account = "111122223333";
        made.home_region = std::move(region);
        made.bucket = "bucket";
        made.multi_region = multi_region;
        return made;
    }

    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    Trails trails_{store_, clock_};
    const Trails::Limits limits_{2, {"us-east-1", "eu-west-1"}};
};

TEST_F(TrailsTest, EverythingSetComesBackAfterARestartAndWhatWasNotStaysAbsent) {
    auto full = trail("full", "eu-west-1", true);
    full.prefix = "a/b";
    full.topic_name = "topic";
    full.topic_arn = "arn:aws:sns:eu-west-1:111122223333:topic";
    full.log_group_arn = "g";
    full.log_role_arn = "r";
    full.key_arn = "k";
    full.global_events = false;
    full.validation = full.organization = full.logging = true;
    full.recursive_logging = false;
    full.tags = {{"b", "2"}, {"a", ""}};
    full.event_selectors = JsonArray{JsonObject{{"ReadWriteType", "All"}}};
    full.aggregation = JsonArray{};
    full.started = Time(std::chrono::milliseconds(5));
    full.stopped = Time(std::chrono::milliseconds(6));
    const auto made = trails_.create(full, limits_);
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_TRUE(trails_.create(trail("plain", "eu-west-1"), limits_));

    Trails again(store_, clock_);
    ASSERT_TRUE(again.load());
    const auto found = again.find("111122223333", "us-east-1", "full");
    ASSERT_TRUE(found) << "a shadow in another region";
    EXPECT_EQ(to_json(found->newest()), to_json(*made));
    EXPECT_EQ(to_json(found->newest()).find("advancedEventSelectors"), nullptr);
    const auto plain = again.find("arn:aws:cloudtrail:eu-west-1:111122223333:trail/plain");
    ASSERT_TRUE(plain);
    EXPECT_FALSE(plain->newest().prefix || plain->newest().recursive_logging);
    EXPECT_EQ(again.find("111122223333", "us-east-1", "plain"), nullptr);
    EXPECT_EQ(again.find("999999999999", "eu-west-1", "plain"), nullptr);
    EXPECT_EQ(again.list().size(), 2u);
}

TEST_F(TrailsTest, NamesAndPlacesAreLimited) {
    ASSERT_TRUE(trails_.create(trail("one"), limits_));
    EXPECT_EQ(trails_.create(trail("one"), limits_).error().code, Code::conflict);
    EXPECT_EQ(trails_.create(trail("one", "eu-west-1", true), limits_).error().code, Code::conflict)
        << "its shadow would have that name";
    ASSERT_TRUE(trails_.create(trail("one", "eu-west-1"), limits_));
    ASSERT_TRUE(trails_.create(trail("two", "us-east-1", true), limits_));
    const auto full = trails_.create(trail("three"), limits_);
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Code::exhausted);
    EXPECT_EQ(full.error().message, "us-east-1");
    EXPECT_EQ(trails_.create(trail("three", "eu-west-1"), limits_).error().message, "eu-west-1") << "shadows count";
    ASSERT_TRUE(trails_.remove("arn:aws:cloudtrail:us-east-1:111122223333:trail/one"));
    EXPECT_TRUE(trails_.create(trail("one"), limits_)) << "the name is free again";
}

TEST_F(TrailsTest, VersionsAreValidFromTheirChangeOn) {
    const auto made = *trails_.create(trail("one"), limits_);
    const auto begin = clock_.now();
    clock_.advance(std::chrono::seconds(10));
    ASSERT_TRUE(trails_.change(made.arn(), [](Trail& changed) -> Result<void> {
        changed.logging = true;
        return {};
    }));
    const auto changed = clock_.now();
    clock_.advance(std::chrono::seconds(-60));  // the clock is set back
    ASSERT_TRUE(trails_.change(made.arn(), [](Trail& again) -> Result<void> {
        again.bucket = "other";
        return {};
    }));
    ASSERT_TRUE(trails_.remove(made.arn()));
    EXPECT_EQ(trails_.find(made.arn()), nullptr);
    EXPECT_TRUE(trails_.list().empty());
    EXPECT_EQ(trails_.change(made.arn(), [](Trail&) -> Result<void> { return {}; }).error().code, Code::not_found);
    EXPECT_EQ(trails_.remove(made.arn()).error().code, Code::not_found);

    const auto snapshot = trails_.snapshot();
    ASSERT_EQ(snapshot.trails.size(), 1u);
    const auto& history = *snapshot.trails.front();
    EXPECT_EQ(history.at(begin - std::chrono::milliseconds(1)), nullptr);
    EXPECT_FALSE(history.at(begin)->logging);
    EXPECT_FALSE(history.at(changed - std::chrono::milliseconds(1))->logging);
    EXPECT_TRUE(history.at(changed)->logging);
    EXPECT_EQ(history.at(changed)->bucket, "bucket");
    EXPECT_EQ(history.at(changed + std::chrono::milliseconds(1))->bucket, "other");
    EXPECT_EQ(history.at(changed + std::chrono::milliseconds(2)), nullptr);

    ASSERT_TRUE(trails_.forget_before(changed));
    ASSERT_EQ(trails_.snapshot().trails.size(), 1u);
    EXPECT_EQ(trails_.snapshot().trails.front()->versions.size(), 2u);
    ASSERT_TRUE(trails_.forget_before(changed + std::chrono::seconds(1)));
    EXPECT_TRUE(trails_.snapshot().trails.empty());
    Trails again(store_, clock_);
    ASSERT_TRUE(again.load());
    EXPECT_TRUE(again.snapshot().trails.empty());
}

TEST_F(TrailsTest, ARefusedChangeChangesNothing) {
    const auto made = *trails_.create(trail("one"), limits_);
    const auto refused = trails_.change(made.arn(), [](Trail& changed) -> Result<void> {
        changed.bucket = "other";
        return fail(Code::denied, "no");
    });
    EXPECT_EQ(refused.error().code, Code::denied);
    EXPECT_EQ(trails_.find(made.arn())->newest().bucket, "bucket");
}

TEST_F(TrailsTest, DamageIsNamed) {
    ASSERT_TRUE(trails_.create(trail("one"), limits_));
    const auto id = trails_.list().front()->newest().id;
    for (const auto* value :
         {"", "{", R"({"version":1})", R"({"version":1,"versions":[]})", R"({"version":1,"versions":[{"from":1}]})"}) {
        ASSERT_TRUE(
            store_.transact([&](Transaction& transaction) { return transaction.put("trail", "config/" + id, value); }));
        Trails again(store_, clock_);
        const auto loaded = again.load();
        ASSERT_FALSE(loaded) << value;
        EXPECT_NE(loaded.error().message.find(id), std::string::npos);
    }
}

TEST(TrailArn, IsTakenApart) {
    const auto arn = parse_trail_arn("arn:aws:cloudtrail:us-east-1:111122223333:trail/a.b-c_d");
    ASSERT_TRUE(arn);
    EXPECT_EQ(arn->region, "us-east-1");
    EXPECT_EQ(arn->account, "111122223333");
    EXPECT_EQ(arn->name, "a.b-c_d");
    for (const auto* text :
         {"", "name", "arn:aws:cloudtrail:us-east-1:111122223333:trail/", "arn:aws:cloudtrail::111122223333:trail/x",
          "arn:aws:cloudtrail:us-east-1:11112222333:trail/x", "arn:aws:cloudtrail:us-east-1:111122223333:channel/x",
          "arn:aws:s3:us-east-1:111122223333:trail/x"})
        EXPECT_FALSE(parse_trail_arn(text)) << text;
}

}  // namespace
}  // namespace cairn::trail
