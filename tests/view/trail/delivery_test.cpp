#include "view/trail/delivery_fixture.h"

#include <algorithm>
#include <array>

namespace cairn::trail {
namespace {

TEST_F(DeliveryTest, AFileHoldsTheRawRecordsOfItsInterval) {
    const auto arn = create(trail("one"));
    add();  // before logging
    run();
    pass(std::chrono::seconds(2));
    set_logging(arn, true);
    const auto first = add(), second = add();
    run();
    EXPECT_TRUE(buckets_.objects.empty()) << "the interval is not over";
    pass(std::chrono::minutes(4));
    EXPECT_TRUE(buckets_.objects.empty());
    pass(std::chrono::minutes(1));
    const auto files = keys("CloudTrail");
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(gunzip(buckets_.objects.at(files[0]).bytes), fmt::format(R"({{"Records":[{},{}]}})", first, second));
    EXPECT_TRUE(
        files[0].starts_with("bucket/AWSLogs/111122223333/CloudTrail/us-east-1/2026/11/21/"
                             "111122223333_CloudTrail_us-east-1_20261121T1210Z_"))
        << files[0];
    EXPECT_EQ(status(arn)[Leg::file].latest, clock_.now());
    pass(std::chrono::minutes(20));
    EXPECT_EQ(buckets_.objects.size(), 1u) << "no file without events";
    EXPECT_EQ(follower_->position(), log_.end());
}

TEST_F(DeliveryTest, EachRegionAndTrailHasItsFiles) {
    auto everywhere = trail("everywhere");
    everywhere.multi_region = true;
    everywhere.prefix = "p";
    set_logging(create(everywhere), true);
    set_logging(create(trail("home")), true);
    add("us-east-1");
    add("eu-west-1");
    add("nowhere-9");
    pass(std::chrono::minutes(6));
    std::set<std::string> folders;
    for (const auto& key : keys("CloudTrail")) folders.insert(key.substr(0, key.rfind("/2026")));
    EXPECT_EQ(folders, (std::set<std::string>{"bucket/AWSLogs/111122223333/CloudTrail/us-east-1",
                                              "bucket/p/AWSLogs/111122223333/CloudTrail/us-east-1",
                                              "bucket/p/AWSLogs/111122223333/CloudTrail/eu-west-1",
                                              "bucket/p/AWSLogs/111122223333/CloudTrail/nowhere-9"}));
}

TEST_F(DeliveryTest, WithoutAnIntervalFilesComeAtOnce) {
    stop();
    options_.delivery_interval = std::chrono::milliseconds(0);
    start();
    set_logging(create(trail("one")), true);
    add();
    run();
    EXPECT_EQ(keys("CloudTrail").size(), 1u);
}

TEST_F(DeliveryTest, QuickFilesGrowWhileOthersWait) {
    stop();
    options_.delivery_interval = std::chrono::milliseconds(0);
    start();
    auto everywhere = trail("one");
    everywhere.multi_region = true;
    set_logging(create(everywhere), true);
    buckets_.away = {"bucket"};
    for (int i = 0; i < 30; ++i) {
        add(i % 2 ? "us-east-1" : "eu-west-1");
        run();
    }
    buckets_.away.clear();
    for (int i = 0; i < 10; ++i) pass(std::chrono::seconds(2));
    EXPECT_EQ(keys("CloudTrail").size(), 8u + 2u) << "what did not wait, and a file for each region";
    EXPECT_EQ(delivered().size(), 30u);
    for (const auto& [id, count] : delivered()) EXPECT_EQ(count, 1) << id;
    EXPECT_EQ(follower_->position(), log_.end());
}

TEST_F(DeliveryTest, FilesAreCutAtTheirSize) {
    stop();
    options_.file_bytes_max = 1000;
    start();
    set_logging(create(trail("one")), true);
    for (int i = 0; i < 20; ++i) add();
    pass(std::chrono::minutes(6));
    EXPECT_GT(keys("CloudTrail").size(), 4u);
    for (const auto& key : keys("CloudTrail")) EXPECT_LE(gunzip(buckets_.objects.at(key).bytes).size(), 1000u);
    EXPECT_EQ(delivered().size(), 20u);
}

// Event times are whole seconds, starts and stops are not.
TEST_F(DeliveryTest, StartedAndStoppedWithinASecondItHasTheEventsOfThatSecond) {
    const auto arn = create(trail("one"));
    clock_.advance(std::chrono::milliseconds(300));
    set_logging(arn, true);
    clock_.advance(std::chrono::milliseconds(300));
    set_logging(arn, false);
    log_.add({record()}, clock_.now());
    clock_.advance(std::chrono::seconds(1));
    log_.add({record()}, clock_.now());
    pass(std::chrono::minutes(6));
    EXPECT_EQ(delivered().size(), 1u);
}

TEST_F(DeliveryTest, WhatAnEarlierProcessLeftInTheSpoolGoes) {
    stop();
    ASSERT_TRUE(disk_.make_folder(options_.spool_folder));
    ASSERT_TRUE(replace_file(disk_, options_.spool_folder + "/17", "half a file"));
    start();
    run();
    EXPECT_TRUE(disk_.list(options_.spool_folder)->empty());
}

TEST_F(DeliveryTest, ImportedEventsAndThoseOfOtherTimesAreNotSelected) {
    const auto arn = create(trail("one"));
    pass(std::chrono::minutes(10));
    set_logging(arn, true);
    log_.add({record()}, clock_.now(), Inlet::import);
    log_.add({record()}, clock_.now(), Inlet::replay);
    log_.add({record("us-east-1", clock_.now() - std::chrono::minutes(5))},
             clock_.now());  // happened before StartLogging
    const auto derived = record();
    log_.add({derived}, clock_.now(), Inlet::derived);
    pass(std::chrono::minutes(6));
    set_logging(arn, false);
    const auto late = record("us-east-1", clock_.now() - std::chrono::minutes(1));
    clock_.advance(std::chrono::minutes(2));
    log_.add({late}, clock_.now());      // happened before StopLogging
    log_.add({record()}, clock_.now());  // happened after it
    pass(std::chrono::minutes(6));
    EXPECT_EQ(delivered().size(), 2u);
    std::string all;
    for (const auto& key : keys("CloudTrail")) all += gunzip(buckets_.objects.at(key).bytes);
    EXPECT_NE(all.find(derived), std::string::npos);
    EXPECT_NE(all.find(late), std::string::npos);
}

TEST_F(DeliveryTest, ABucketThatIsAwayGetsEverythingLater) {
    auto other = trail("other");
    other.bucket = "elsewhere";
    const auto arn = create(trail("one"));
    set_logging(arn, true);
    set_logging(create(other), true);
    buckets_.away = {"bucket"};
    for (int i = 0; i < 5; ++i) {
        add();
        pass(std::chrono::minutes(6));
    }
    EXPECT_EQ(status(arn)[Leg::file].error, "NoSuchBucket");
    EXPECT_FALSE(status(arn)[Leg::file].latest);
    EXPECT_EQ(keys("CloudTrail").size(), 5u) << "the other trail is not delayed";
    EXPECT_EQ(follower_->position(), 0u) << "the log must keep what is not delivered";
    stop();
    start();  // contents are gone with the process
    buckets_.away.clear();
    pass(std::chrono::minutes(2));
    EXPECT_EQ(keys("CloudTrail").size(), 10u);
    for (const auto& [id, count] : delivered()) EXPECT_EQ(count, 2) << id;
    EXPECT_EQ(status(arn)[Leg::file].error, "");
    EXPECT_EQ(status(arn)[Leg::file].latest, clock_.now());
    EXPECT_EQ(follower_->position(), log_.end());
}

TEST_F(DeliveryTest, ABucketThatIsAwayDelaysNothingOfTheOneThatATrailHasNow) {
    for (const auto interval : {std::chrono::minutes(5), std::chrono::minutes(0)}) {
        SCOPED_TRACE(interval.count());
        stop();
        options_.delivery_interval = interval;
        start();
        buckets_.away = {"bucket"};
        const auto arn = create(trail(fmt::format("every-{}", interval.count()), true));
        set_logging(arn, true);
        for (int i = 0; i < 12; ++i) {
            add();
            pass(std::chrono::minutes(6));
        }
        EXPECT_EQ(status(arn)[Leg::file].error, "NoSuchBucket");
        update(arn, [](Trail& changed) { changed.bucket = "second"; });
        ASSERT_TRUE(store_.transact([&](Transaction& transaction) {
            return reset_status(transaction, trails_.find(arn)->newest().id,
                                std::array<Leg, 2>{Leg::file, Leg::digest});
        }));
        buckets_.objects.clear();
        add();
        pass(std::chrono::hours(1));
        for (int i = 0; i < 4; ++i) run();  // steps that fail do nothing
        EXPECT_GE(keys("CloudTrail").size(), 1u);
        EXPECT_EQ(keys("CloudTrail-Digest").size(), 2u);
        EXPECT_TRUE(std::ranges::all_of(buckets_.objects,
                                        [](const auto& object) { return object.first.starts_with("second/"); }));
        EXPECT_EQ(status(arn)[Leg::file].error, "") << "what the bucket before says is no longer told";
        EXPECT_EQ(status(arn)[Leg::digest].error, "");
        EXPECT_TRUE(status(arn)[Leg::file].latest);
        buckets_.away.clear();
        pass(std::chrono::hours(2));
        pass(std::chrono::hours(2));
        for (const auto& [id, count] : delivered()) EXPECT_EQ(count, 1) << id;
        EXPECT_EQ(delivered().size(), 13u);
        EXPECT_EQ(digested().size(), keys("CloudTrail").size());
        EXPECT_EQ(follower_->position(), log_.end());
        set_logging(arn, false);
        pass(std::chrono::hours(2));
        ASSERT_TRUE(trails_.remove(arn));
        buckets_.objects.clear();
    }
}

TEST_F(DeliveryTest, WhatWaitsForAKeyGoesOutWithTheOneThatTheTrailHasNow) {
    auto made = trail("one");
    made.key_arn = "arn:aws:kms:us-east-1:111122223333:key/one";
    const auto arn = create(made);
    set_logging(arn, true);
    buckets_.disabled_key = made.key_arn;
    add();
    pass(std::chrono::minutes(6));
    EXPECT_EQ(status(arn)[Leg::file].error, "KMS.DisabledException");
    update(arn, [](Trail& changed) { changed.key_arn = "arn:aws:kms:us-east-1:111122223333:key/two"; });
    pass(std::chrono::minutes(6));
    ASSERT_EQ(keys("CloudTrail").size(), 1u);
    EXPECT_EQ(buckets_.objects.at(keys("CloudTrail").front()).key_arn, "arn:aws:kms:us-east-1:111122223333:key/two");
    add();
    pass(std::chrono::minutes(6));
    buckets_.disabled_key = "arn:aws:kms:us-east-1:111122223333:key/two";
    add();
    pass(std::chrono::minutes(6));
    update(arn, [](Trail& changed) { changed.key_arn.reset(); });
    pass(std::chrono::minutes(6));
    EXPECT_EQ(keys("CloudTrail").size(), 3u) << "without a key, too";
}

TEST_F(DeliveryTest, TheOverviewTellsWhatWaitsAndWhatCameLast) {
    const auto arn = create(trail("one"));
    set_logging(arn, true);
    const auto overview = [&] {
        std::vector<TrailOverview> overviews;
        EXPECT_TRUE(store_.view([&](Transaction& transaction) -> Result<void> {
            auto loaded = load_overviews(transaction, trails_.list());
            if (!loaded) return fail(std::move(loaded).error());
            overviews = std::move(*loaded);
            return {};
        }));
        return overviews.at(0);
    };
    add();
    pass(std::chrono::minutes(5));
    EXPECT_EQ(overview().waiting_files, 0u);
    EXPECT_EQ(overview().waiting_since, std::nullopt);
    EXPECT_EQ("s3://" + keys("CloudTrail").at(0), overview().regions.at(0).second[Leg::file].object);

    buckets_.away.insert("bucket");
    const auto closed = clock_.now() + std::chrono::minutes(5);
    for (int i = 0; i < 2; ++i) {
        add();
        pass(std::chrono::minutes(5));
    }
    EXPECT_EQ(overview().waiting_files, 2u);
    EXPECT_EQ(overview().waiting_since, closed);
    update(arn, [](Trail& changed) { changed.prefix = "elsewhere"; });
    add();
    pass(std::chrono::minutes(5));
    EXPECT_EQ(overview().waiting_files, 3u) << "wherever they go";
    EXPECT_EQ(overview().waiting_since, closed);
    const auto status = overview().regions.at(0).second[Leg::file];
    EXPECT_EQ(status.error, "NoSuchBucket");
    EXPECT_EQ("s3://" + keys("CloudTrail").at(0), status.object) << "the last that was delivered";
}

TEST_F(DeliveryTest, AfterThirtyDaysAFileIsGivenUp) {
    set_logging(create(trail("one")), true);
    buckets_.away = {"bucket"};
    add();
    pass(std::chrono::minutes(6));
    pass(std::chrono::days(29));
    EXPECT_EQ(follower_->position(), 0u);
    pass(std::chrono::days(2));
    EXPECT_EQ(follower_->position(), log_.end());
    buckets_.away.clear();
    pass(std::chrono::days(1));
    EXPECT_TRUE(buckets_.objects.empty());
}

TEST_F(DeliveryTest, DigestsFollowEachOtherEveryHour) {
    const auto arn = create(trail("one", true));
    set_logging(arn, true);
    run();
    ASSERT_EQ(keys("CloudTrail-Digest").size(), 1u) << "the starting digest";
    for (int hour = 0; hour < 5; ++hour) {
        if (hour % 2 == 0) add();
        pass(std::chrono::minutes(30));
        pass(std::chrono::minutes(30));
    }
    EXPECT_EQ(keys("CloudTrail-Digest").size(), 6u);
    int chains = 0;
    const auto files = digested(&chains);
    EXPECT_EQ(chains, 1);
    EXPECT_EQ(files.size(), 3u);
    for (const auto& [file, count] : files) EXPECT_EQ(count, 1) << file;
    EXPECT_EQ(status(arn)[Leg::digest].latest, clock_.now());

    stop();  // for five hours nobody is there
    clock_.advance(std::chrono::hours(5));
    start();
    run();
    EXPECT_EQ(keys("CloudTrail-Digest").size(), 11u) << "every missed window is written";
    clock_.advance(-std::chrono::hours(3));  // the clock is set back
    run();
    add();
    pass(std::chrono::minutes(6));
    clock_.advance(std::chrono::hours(4));
    pass(std::chrono::hours(1));
    EXPECT_EQ(digested().size(), keys("CloudTrail").size());
}

TEST_F(DeliveryTest, NothingWaitsForKeysThatAreBeingMade) {
    options_.regions = {"us-east-1", "eu-west-1"};
    stop();
    key_maker_ = std::make_unique<KeyMaker>(keys_, clock_);
    start();
    auto made = trail("one", true);
    made.multi_region = true;
    const auto arn = create(made);
    set_logging(arn, true);
    add();
    add("eu-west-1");
    pass(std::chrono::minutes(6));
    EXPECT_EQ(keys("CloudTrail").size(), 2u);
    EXPECT_TRUE(keys("CloudTrail-Digest").empty()) << "no key can be there so soon";
    for (int tries = 0; tries < 1000 && keys("CloudTrail-Digest").size() < 2; ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        run();
    }
    pass(std::chrono::hours(1));
    EXPECT_EQ(keys("CloudTrail-Digest").size(), 4u);
    int chains = 0;
    const auto files = digested(&chains);
    EXPECT_EQ(chains, 2);
    EXPECT_EQ(files.size(), 2u) << "what was delivered before there was a key";
    for (const auto& [file, count] : files) EXPECT_EQ(count, 1) << file;
    stop();
}

TEST_F(DeliveryTest, StoppingEndsTheChainWithADigestAndStartingBeginsAnother) {
    const auto arn = create(trail("one", true));
    set_logging(arn, true);
    add();
    pass(std::chrono::minutes(10));
    add();
    set_logging(arn, false);
    run();  // the rest is delivered at once
    EXPECT_EQ(keys("CloudTrail").size(), 2u);
    pass(std::chrono::hours(1));
    EXPECT_EQ(keys("CloudTrail-Digest").size(), 2u);
    pass(std::chrono::hours(5));
    EXPECT_EQ(keys("CloudTrail-Digest").size(), 2u) << "the chain has ended";
    set_logging(arn, true);
    pass(std::chrono::hours(1));
    int chains = 0;
    EXPECT_EQ(digested(&chains).size(), 2u);
    EXPECT_EQ(chains, 2);

    set_logging(arn, false);  // and at once again
    pass(std::chrono::minutes(1));
    set_logging(arn, true);
    add();
    pass(std::chrono::minutes(10));
    pass(std::chrono::hours(2));
    chains = 0;
    EXPECT_EQ(digested(&chains).size(), 3u);
    EXPECT_EQ(chains, 3);
}

TEST_F(DeliveryTest, ValidationThatIsSwitchedOnWhileLoggingBeginsAChainThen) {
    stop();
    options_.delivery_interval = std::chrono::milliseconds(0);
    options_.digest_interval = std::chrono::seconds(5);
    start();
    const auto arn = create(trail("one"));
    const auto set_validation = [&](bool on) {
        EXPECT_TRUE(trails_.change(arn, [&](Trail& changed) -> Result<void> {
            changed.validation = on;
            return {};
        }));
    };
    const auto second = [&] { return format_time(std::chrono::floor<std::chrono::seconds>(clock_.now())); };
    const auto log_and_pass = [&](int seconds) {
        for (; seconds > 0; --seconds) {
            add();
            pass(std::chrono::seconds(1));
        }
    };
    set_logging(arn, true);
    log_and_pass(2);
    std::vector<std::string> begins;
    for (int i = 0; i < 3; ++i) {  // all within a minute
        begins.push_back(second());
        set_validation(true);
        log_and_pass(7);
        set_validation(false);
        for (int second = 0; second < 8; ++second) pass(std::chrono::seconds(1));
    }
    begins.push_back(second());
    set_validation(true);
    run();
    set_validation(false);
    set_validation(true);  // before anybody saw it
    log_and_pass(12);

    std::vector<std::string> starts;
    std::string last_end;
    for (const auto& key : keys("CloudTrail-Digest")) {  // by their end
        EXPECT_EQ(buckets_.objects.at(key).puts, 1) << "no digest is written over another: " << key;
        const auto digest = *parse_json(gunzip(buckets_.objects.at(key).bytes));
        const bool is_start = !digest.find("previousDigestS3Object");
        if (is_start) starts.emplace_back(digest.text("digestEndTime"));
        EXPECT_TRUE(is_start || digest.text("digestStartTime") == last_end) << key;
        last_end = digest.text("digestEndTime");
    }
    EXPECT_EQ(starts, begins);
    int chains = 0;
    const auto files = digested(&chains);
    EXPECT_EQ(chains, 4);
    EXPECT_LT(files.size(), keys("CloudTrail").size()) << "what came while nobody validated is in no digest";
    for (const auto& [file, count] : files) EXPECT_EQ(count, 1) << file;
}

// The process dies at the nth place of every kind, again and again: every event is in one file, every file in one
// digest.
TEST_F(DeliveryTest, ACrashAnywhereLosesAndDoublesNothing) {
    stop();
    options_.delivery_interval = std::chrono::minutes(1);
    options_.digest_interval = std::chrono::minutes(10);
    set_logging(create(trail("one", true)), true);
    set_logging(create(trail("two", true)), true);
    int crashes = 0;
    std::uint64_t burns_at = 1;
    for (int life = 0; life < 150; ++life) {
        fuse_.passed = 0;
        fuse_.burns_at = burns_at++ % 23 + 1;
        buckets_.away.clear();
        if (life % 5 == 0) buckets_.away = {"bucket"};
        try {
            start();
            for (int i = 0; i < 3; ++i) {
                add();
                pass(std::chrono::seconds(50));
            }
        } catch (const Crash&) {
            ++crashes;
        }
        stop();
    }
    EXPECT_GT(crashes, 100);
    fuse_.burns_at = 0;
    buckets_.away.clear();
    start();
    pass(std::chrono::minutes(2));
    pass(std::chrono::minutes(20));
    pass(std::chrono::minutes(20));
    const auto ids = delivered();
    EXPECT_EQ(ids.size(), log_.end());
    for (const auto& [id, count] : ids) EXPECT_EQ(count, 2) << id;
    int chains = 0;
    const auto files = digested(&chains);
    EXPECT_EQ(chains, 2);
    EXPECT_EQ(files.size(), keys("CloudTrail").size());
    for (const auto& [file, count] : files) EXPECT_EQ(count, 1) << file;
    EXPECT_EQ(follower_->position(), log_.end());
}

TEST_F(DeliveryTest, KeysAreRenewedBeforeTheyEnd) {
    const auto arn = create(trail("one", true));
    set_logging(arn, true);
    run();
    for (int day = 0; day < 40; ++day) pass(std::chrono::days(1));
    const auto keys = keys_.list("us-east-1", Time{}, clock_.now() + std::chrono::days(100));
    ASSERT_TRUE(keys);
    EXPECT_EQ(keys->size(), 2u);
    EXPECT_GE(keys->front().valid_to, keys->back().valid_from) << "no gap between them";
    digested();
}

}  // namespace
}  // namespace cairn::trail
