#include "view/trail/delivery.h"

#include <map>
#include <random>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/log.h"
#include "follow/follower.h"
#include "sign/digest.h"
#include "support/fake_clock.h"
#include "support/fuse.h"
#include "support/gunzip.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"
#include "view/trail/overview.h"
#include "view/trail/status.h"
#include "view/trail/summary.h"

namespace cairn::trail {
namespace {

using support::Crash, support::Fuse, support::FusedStore, support::gunzip;

constexpr const char* account = "111122223333";

/// Blocks with envelopes of their own.
class BlockLog final : public EventLog {
public:
    void add(const std::vector<std::string>& records, Time ingested, Inlet inlet = Inlet::live) {
        BlockBuilder builder(RetentionClass::management);
        Envelope envelope;
        envelope.ingest_time = ingested;
        envelope.inlet = inlet;
        for (const auto& record : records) builder.add(record, envelope);
        blocks_.push_back({end_, static_cast<std::uint32_t>(records.size()),
                           std::make_shared<const std::string>(builder.finish({}))});
        end_ += records.size();
    }
    void append(Batch, Done) override {}
    Result<void> admit(std::uint64_t) const override { return {}; }
    std::uint64_t end() const override { return end_; }
    std::uint64_t begin() const override { return 0; }
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) override {
        std::vector<StoredBlock> found;
        std::size_t bytes = 0;
        for (const auto& block : blocks_) {
            if (block.first + block.count <= from) continue;
            if (!found.empty() && bytes >= bytes_max) break;
            found.push_back({block.first, block.count, RetentionClass::management, *block.bytes, block.bytes});
            bytes += block.bytes->size();
        }
        return found;
    }
    Result<StoredBlock> find(std::uint64_t) override { return fail(Code::not_found, "not used"); }
    bool wait(std::uint64_t, int) override { return false; }

private:
    struct Block {
        std::uint64_t first;
        std::uint32_t count;
        std::shared_ptr<const std::string> bytes;
    };
    std::vector<Block> blocks_;
    std::uint64_t end_ = 0;
};

struct StoredObject {
    std::string bytes;
    std::map<std::string, std::string> metadata;
    int puts = 0;
};

class FakeBuckets final : public DeliveryStore {
public:
    explicit FakeBuckets(Fuse& fuse) : fuse_(fuse) {}
    Result<void> check(const DeliveryCaller&, const std::string&) override { return {}; }
    Result<void> put(const DeliveryCaller& caller, const std::string& bucket, const std::string& key,
                     const DeliveryObject& object) override {
        fuse_.pass();
        EXPECT_EQ(caller.account, account);
        if (away.contains(bucket)) return fail(Code::not_found, "NoSuchBucket: it is away");
        auto& stored = objects[bucket + "/" + key];
        stored.bytes = object.bytes;
        stored.metadata = {object.metadata.begin(), object.metadata.end()};
        ++stored.puts;
        fuse_.pass();
        return {};
    }

    std::map<std::string, StoredObject> objects;
    std::set<std::string> away;

private:
    Fuse& fuse_;
};

class FakeTopics final : public Notifier {
public:
    Result<void> publish(const std::string& topic, const std::string& message, const std::string&) override {
        if (denies) return fail(Code::denied, "AuthorizationError: not allowed");
        messages.push_back(topic + " " + message);
        return {};
    }
    std::vector<std::string> messages;
    bool denies = false;
};

class FakeLogs final : public LogSink {
public:
    explicit FakeLogs(Fuse& fuse) : fuse_(fuse) {}
    Result<void> create_stream(const LogStream& stream) override {
        fuse_.pass();
        if (away) return fail(Code::not_found, "ResourceNotFoundException: the group is away");
        streams.try_emplace(stream.group_arn + " " + stream.name);
        return {};
    }
    Result<void> put(const LogStream& stream, Time at, const std::vector<std::string_view>& messages) override {
        fuse_.pass();
        const auto found = streams.find(stream.group_arn + " " + stream.name);
        if (away || found == streams.end()) return fail(Code::not_found, "ResourceNotFoundException: no such stream");
        for (const auto message : messages) found->second.emplace_back(message);
        put_at = at;
        fuse_.pass();
        return {};
    }

    /// How often each record came.
    std::map<std::string, int> counts() const {
        std::map<std::string, int> counts;
        for (const auto& [stream, messages] : streams)
            for (const auto& message : messages) ++counts[message];
        return counts;
    }

    std::map<std::string, std::vector<std::string>> streams;
    Time put_at{};
    bool away = false;

private:
    Fuse& fuse_;
};

class DeliveryTest : public ::testing::Test {
protected:
    static constexpr const char* group = "arn:aws:logs:us-east-1:111122223333:log-group:g:*";

    void SetUp() override {
        configure_log(static_cast<LogLevel>(9), false);
        options_.delivery_interval = std::chrono::minutes(5);
        options_.regions = {"us-east-1"};
        ASSERT_TRUE(trails_.load());
        start();
    }
    void TearDown() override {
        stop();
        configure_log(LogLevel::info, false);
    }

    /// A process begins: nothing is left but log, store and buckets.
    void start() {
        metrics_ = std::make_unique<Metrics>();
        delivery_ =
            std::make_unique<Delivery>(Delivery::Parts{log_, nullptr, fused_, trails_, keys_, buckets_, &topics_,
                                                       with_logs_ ? &logs_ : nullptr, disk_, clock_, *metrics_},
                                       options_);
        follow::FollowerOptions options;
        options.retry_least_ms = options.retry_most_ms = 1000;
        follower_ = std::make_unique<follow::Follower>(
            follow::Follower::Parts{*delivery_, log_, fused_, nullptr, clock_, *metrics_}, options);
    }
    void stop() {
        follower_.reset();
        delivery_.reset();
    }

    void run() {
        for (int idle = 0, steps = 0; idle < 2 && steps < 10'000; ++steps) {
            const auto done = follower_->step();
            idle = done && *done ? 0 : idle + 1;
        }
    }
    void pass(std::chrono::milliseconds time) {
        clock_.advance(time);
        run();
    }

    Trail trail(std::string name, bool validation = false) {
        Trail made;
        made.name = std::move(name);
        made.account = account;
        made.home_region = "us-east-1";
        made.bucket = "bucket";
        made.validation = validation;
        return made;
    }
    std::string create(const Trail& made) {
        const auto created = trails_.create(made, {5, {"us-east-1", "eu-west-1"}});
        EXPECT_TRUE(created);
        return created->arn();
    }
    void set_logging(const std::string& arn, bool logging) {
        EXPECT_TRUE(trails_.change(arn, [&](Trail& changed) -> Result<void> {
            changed.logging = logging;
            (logging ? changed.started : changed.stopped) = clock_.now();
            return {};
        }));
        clock_.advance(
            std::chrono::milliseconds(10));  // settings made one after the other are valid one after the other
    }

    std::string record(const char* region = "us-east-1", std::optional<Time> time = std::nullopt) {
        const auto number = next_record_++;
        return fmt::format(
            R"({{"eventVersion": "1.08","eventTime":"{}","eventSource":"ec2.amazonaws.com","eventName":"StopInstances","awsRegion":"{}",)"
            R"("recipientAccountId":"{}","eventID":"0fb1f6d2-0000-4000-8000-{:012}","eventCategory":"Management","readOnly":false}})",
            format_time(std::chrono::floor<std::chrono::seconds>(time.value_or(clock_.now()))), region, account,
            number);
    }
    std::string add(const char* region = "us-east-1") {
        auto made = record(region);
        log_.add({made}, clock_.now());
        return made;
    }

    Trail summing_trail() {
        auto made = trail("summing", true);
        made.event_selectors = *parse_json(
            R"([{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}])");
        made.aggregation = *parse_json(R"([{"EventCategory":"Data","Templates":["API_ACTIVITY"]}])");
        return made;
    }
    void add_data_event(std::optional<Time> time = std::nullopt) {
        const auto at = std::chrono::floor<std::chrono::seconds>(time.value_or(clock_.now()));
        log_.add(
            {fmt::format(
                R"({{"eventVersion":"1.09","eventTime":"{}","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","recipientAccountId":"{}",)"
                R"("resources":[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::b/k"}}],"eventID":"0fb1f6d2-0000-4000-8000-{:012}","eventCategory":"Data",)"
                R"("managementEvent":false,"readOnly":true}})",
                format_time(at), account, next_record_++)},
            clock_.now());
    }
    /// Events counted for each window, over all aggregated records; each of these must have an id of its own.
    std::map<std::string, std::int64_t> summed() const {
        std::map<std::string, std::int64_t> counts;
        std::set<std::string> ids;
        for (const auto& key : keys("CloudTrail-Aggregated")) {
            const auto json = *parse_json(gunzip(buckets_.objects.at(key).bytes));
            for (const auto& record : json.find("Records")->as_array()) {
                EXPECT_TRUE(ids.emplace(record.text("eventId")).second) << key;
                const auto* primary = record.find("summary")->find("primaryDimension");
                counts[std::string(record.find("timeWindow")->text("windowStart"))] +=
                    primary->find("statistics")->as_array().front().find("value")->as_integer();
            }
        }
        return counts;
    }

    std::vector<std::string> keys(std::string_view tree) const {
        std::vector<std::string> found;
        for (const auto& [key, object] : buckets_.objects)
            if (key.find(fmt::format("/{}/", tree)) != std::string::npos) found.push_back(key);
        return found;
    }

    /// Every eventID in the files, and how often.
    std::map<std::string, int> delivered() const {
        std::map<std::string, int> ids;
        for (const auto& key : keys("CloudTrail")) {
            const auto json = parse_json(gunzip(buckets_.objects.at(key).bytes));
            if (!json) {
                ADD_FAILURE() << key;
                continue;
            }
            for (const auto& one : json->find("Records")->as_array()) ++ids[std::string(one.text("eventID"))];
        }
        return ids;
    }

    /// Walks every chain and counts what its digests name. Fails where a link, hash or signature is wrong.
    std::map<std::string, int> digested(int* chains = nullptr) {
        std::map<std::string, int> files;
        std::map<std::string, std::string> ends;  // of windows, by region
        for (const auto& key : keys("CloudTrail-Digest")) {
            const auto& object = buckets_.objects.at(key);
            const auto text = gunzip(object.bytes);
            const auto json = parse_json(text);
            EXPECT_TRUE(json) << text;
            const auto previous_signature =
                json->find("previousDigestSignature") ? json->text("previousDigestSignature") : "null";
            const auto said =
                fmt::format("{}\n{}/{}\n{}\n{}", json->text("digestEndTime"), json->text("digestS3Bucket"),
                            json->text("digestS3Object"), sign::sha256_hex(text), previous_signature);
            EXPECT_EQ(fmt::format("{}/{}", json->text("digestS3Bucket"), json->text("digestS3Object")), key);
            bool verified = false;
            const auto public_keys = keys_.list("us-east-1", Time{}, clock_.now() + std::chrono::days(1000));
            for (const auto& public_key : *public_keys)
                if (public_key.fingerprint == json->text("digestPublicKeyFingerprint"))
                    verified = *sign::rsa_verify(public_key.der, said, *from_hex(object.metadata.at("signature")));
            EXPECT_TRUE(verified) << key;
            if (const auto* previous = json->find("previousDigestS3Object")) {
                const auto before = fmt::format("{}/{}", json->text("previousDigestS3Bucket"), previous->as_string());
                EXPECT_TRUE(buckets_.objects.contains(before)) << before;
                if (buckets_.objects.contains(before)) {
                    const auto& link = buckets_.objects.at(before);
                    EXPECT_EQ(sign::sha256_hex(gunzip(link.bytes)), json->text("previousDigestHashValue"));
                    EXPECT_EQ(link.metadata.at("signature"), previous_signature);
                    EXPECT_EQ(parse_json(gunzip(link.bytes))->text("digestEndTime"), json->text("digestStartTime"))
                        << "no gap, no overlap";
                }
            } else if (chains) {
                ++*chains;
            }
            for (const auto& file : json->find("logFiles")->as_array()) {
                const auto name = fmt::format("{}/{}", file.text("s3Bucket"), file.text("s3Object"));
                ++files[name];
                const auto object_named = buckets_.objects.find(name);
                if (object_named == buckets_.objects.end()) {
                    ADD_FAILURE() << name << " is not there";
                    continue;
                }
                EXPECT_EQ(sign::sha256_hex(gunzip(object_named->second.bytes)), file.text("hashValue"));
            }
        }
        return files;
    }

    TrailStatus status(const std::string& arn, const char* region = "us-east-1") {
        TrailStatus found;
        EXPECT_TRUE(store_.view([&](Transaction& transaction) -> Result<void> {
            auto loaded = load_status(transaction, trails_.find(arn)->newest().id, region);
            EXPECT_TRUE(loaded);
            found = *loaded;
            return {};
        }));
        return found;
    }

    Fuse fuse_;
    support::FakeClock clock_;
    support::MemoryMetaStore store_;
    FusedStore fused_{store_, fuse_};
    support::MemoryDisk disk_;
    BlockLog log_;
    FakeBuckets buckets_{fuse_};
    FakeTopics topics_;
    FakeLogs logs_{fuse_};
    bool with_logs_ = true;
    sign::SecretBox box_{std::string(32, 'k')};
    SigningKeys keys_{store_, box_};
    Trails trails_{store_, clock_};
    DeliveryOptions options_;
    std::uint64_t next_record_ = 1;
    std::unique_ptr<Metrics> metrics_;
    std::unique_ptr<Delivery> delivery_;
    std::unique_ptr<follow::Follower> follower_;
};

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
