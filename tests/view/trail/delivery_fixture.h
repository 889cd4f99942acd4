#pragma once

#include "view/trail/delivery.h"

#include <functional>
#include <map>
#include <optional>
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
    std::optional<std::string> key_arn;
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
        if (object.key_arn == disabled_key) return fail(Code::denied, "KMS.DisabledException: it is disabled");
        auto write = [this, name = bucket + "/" + key, bytes = std::string(object.bytes),
                      metadata = std::map<std::string, std::string>(object.metadata.begin(), object.metadata.end()),
                      key_arn = object.key_arn] {
            auto& stored = objects[name];
            stored.bytes = bytes;
            stored.metadata = metadata;
            stored.key_arn = key_arn;
            ++stored.puts;
        };
        if (hangs && hangs()) {
            hanging.push_back(std::move(write));
            return fail(Code::unavailable, "no answer for a long time");
        }
        write();
        fuse_.pass();
        return {};
    }

    /// What was given up arrives after all.
    void end_hanging() {
        for (const auto& write : std::exchange(hanging, {})) write();
    }

    std::map<std::string, StoredObject> objects;
    std::set<std::string> away;
    std::optional<std::string> disabled_key = "none";
    std::function<bool()> hangs;  ///< asked for each PUT
    std::vector<std::function<void()>> hanging;

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
        if (away || stream.group_arn == away_group)
            return fail(Code::not_found, "ResourceNotFoundException: the group is away");
        streams.try_emplace(stream.group_arn + " " + stream.name);
        return {};
    }
    Result<void> put(const LogStream& stream, Time at, const std::vector<std::string_view>& messages) override {
        fuse_.pass();
        const auto found = streams.find(stream.group_arn + " " + stream.name);
        if (away || stream.group_arn == away_group || found == streams.end())
            return fail(Code::not_found, "ResourceNotFoundException: no such stream");
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
    std::string away_group;

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
        delivery_ = std::make_unique<Delivery>(
            Delivery::Parts{log_, nullptr, fused_, trails_, keys_, buckets_, &topics_, with_logs_ ? &logs_ : nullptr,
                            disk_, clock_, *metrics_, key_maker_.get()},
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

    void update(const std::string& arn, const std::function<void(Trail&)>& edit) {
        EXPECT_TRUE(trails_.change(arn, [&](Trail& changed) -> Result<void> {
            edit(changed);
            return {};
        }));
        clock_.advance(std::chrono::milliseconds(10));
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
            for (const char* region : {"us-east-1", "eu-west-1"}) {
                const auto public_keys = keys_.list(region, Time{}, clock_.now() + std::chrono::days(1000));
                for (const auto& public_key : *public_keys)
                    if (public_key.fingerprint == json->text("digestPublicKeyFingerprint"))
                        verified = *sign::rsa_verify(public_key.der, said, *from_hex(object.metadata.at("signature")));
            }
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
    std::unique_ptr<KeyMaker> key_maker_;  ///< none: keys are made while planning
    Trails trails_{store_, clock_};
    DeliveryOptions options_;
    std::uint64_t next_record_ = 1;
    std::unique_ptr<Metrics> metrics_;
    std::unique_ptr<Delivery> delivery_;
    std::unique_ptr<follow::Follower> follower_;
};

}  // namespace cairn::trail
