#include "node/bucket_retention.h"

#include <thread>

#include <gtest/gtest.h>

#include "backend/dir/dir_store.h"
#include "support/fake_clock.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"

namespace cairn::node {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

std::string record_by(const std::string& user) {
    return R"({"eventVersion":"1.11","userIdentity":{"type":"IAMUser","userName":")" + user +
           R"(","accountId":"111122223333"},"eventTime":"2026-01-01T10:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject",)"
           R"("awsRegion":"us-east-1","eventID":"e-)" +
           user + R"(","recipientAccountId":"111122223333","eventType":"AwsApiCall","eventCategory":"Management"})";
}

const std::string log_of = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/02/";
const std::string digest_of = "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/01/02/";

class BucketRetentionTest : public ::testing::Test {
protected:
    BucketRetentionTest() {
        clock_.set(*parse_time("2026-01-02T04:00:00Z"));
        EXPECT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
        put(log_of + "ana.json.gz", R"({"Records":[)" + record_by("ana") + "]}");
        put(log_of + "bob.json.gz", R"({"Records":[)" + record_by("bob") + "," + record_by("eve") + "]}");
        put(digest_of + "d.json.gz", "{}");
        put("other/key", "x");
    }

    void put(const std::string& key, const std::string& bytes) { EXPECT_TRUE(objects_->put("logs", key, bytes, {})); }

    std::vector<std::string> keys() {
        std::vector<std::string> found;
        const auto page = objects_->list("logs", {}).value();
        for (const auto& entry : page.entries) found.push_back(entry.key);
        return found;
    }

    std::unique_ptr<BucketRetention> start(std::optional<milliseconds> keep = {}) {
        Config config;
        config.retain_buckets = keep;
        return std::make_unique<BucketRetention>(
            config, BucketRetention::Parts{buckets_, *objects_, holds_, reserve_, clock_, metrics_});
    }

    void wait_until_left(std::size_t count) {
        for (int tries = 0; tries < 2000 && keys().size() != count; ++tries)
            std::this_thread::sleep_for(milliseconds(5));
        EXPECT_EQ(keys().size(), count);
    }

    /// Looks once and ends.
    void look_once(std::optional<milliseconds> keep = {}) { start(keep)->look(); }

    support::FakeClock clock_;
    support::MemoryDisk disk_;
    support::MemoryMetaStore meta_;
    std::unique_ptr<EmbeddedStore> objects_ = open_dir_store(disk_, "buckets", meta_, clock_).value();
    neighbour::Buckets buckets_{meta_, *objects_, clock_, nullptr, false};
    ObjectHolds holds_{*objects_};
    DiskReserve reserve_{disk_, "reserve", 1000};
    Metrics metrics_;
};

TEST_F(BucketRetentionTest, WithoutASettingNothingGoes) {
    clock_.advance(hours(24 * 3650));
    look_once();
    EXPECT_EQ(keys().size(), 4u);
}

TEST_F(BucketRetentionTest, ALifecycleIsFollowedToItsDay) {
    ASSERT_TRUE(buckets_.set_lifecycle("logs", {{.id = "old", .prefix = "AWSLogs/", .days = 30, .date = {}}}));
    const auto put_at = clock_.now();
    clock_.set(*parse_time("2026-02-01T23:59:59Z"));
    look_once();
    EXPECT_EQ(keys().size(), 4u) << "put on the second of January";
    clock_.set(*parse_time("2026-02-02T00:00:00Z"));
    look_once();
    EXPECT_EQ(keys(), std::vector<std::string>{"other/key"});
    const auto tombstone = objects_->find_tombstone("logs", log_of + "ana.json.gz").value();
    ASSERT_TRUE(tombstone);
    EXPECT_EQ(tombstone->modified, put_at);
    EXPECT_EQ(tombstone->removed, clock_.now());
    EXPECT_EQ(tombstone->reason, "rule \"old\" of the bucket's lifecycle");
    EXPECT_EQ(disk_.all_files().size(), 2u) << "the object and the reserve";
    EXPECT_NE(metrics_.render().find("cairn_bucket_objects_removed_total 3"), std::string::npos);
}

TEST_F(BucketRetentionTest, WhatIsPutWhileItRunsGoesInItsTime) {
    const auto retention = start(milliseconds(800));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(keys().size(), 4u);
    clock_.advance(milliseconds(500));
    put("later", "x");
    clock_.advance(milliseconds(300));
    wait_until_left(1);
    EXPECT_EQ(keys(), std::vector<std::string>{"later"});
    EXPECT_EQ(objects_->find_tombstone("logs", "other/key").value()->reason, "retention.buckets");
    clock_.advance(milliseconds(500));
    wait_until_left(0);
}

TEST_F(BucketRetentionTest, AHoldKeepsLogFilesWithItsEventsAndAllDigests) {
    Hold hold{.name = "case", .account = {}, .user = "eve", .resource = {}, .from = {}, .to = {}};
    holds_.set({hold});
    clock_.advance(hours(24 * 365));
    look_once(hours(24));
    EXPECT_EQ(keys(), (std::vector<std::string>{digest_of + "d.json.gz", log_of + "bob.json.gz", "other/key"}));

    hold.account = "999999999999";
    holds_.set({hold});
    look_once(hours(24));
    EXPECT_EQ(keys(), std::vector<std::string>{"other/key"}) << "which may belong to any account";

    holds_.set({});
    look_once(hours(24));
    EXPECT_TRUE(keys().empty());
}

TEST_F(BucketRetentionTest, AHoldFromLaterOnKeepsNoOlderFile) {
    Hold hold{.name = "case", .account = {}, .user = {}, .resource = {}, .from = clock_.now() + hours(1), .to = {}};
    holds_.set({hold});
    clock_.advance(hours(24 * 365));
    look_once(hours(24));
    EXPECT_TRUE(keys().empty());
}

TEST_F(BucketRetentionTest, WhatCannotBeReadIsHeld) {
    put(log_of + "odd.json.gz", "no records");
    holds_.set({{.name = "case", .account = {}, .user = "nobody", .resource = {}, .from = {}, .to = {}}});
    clock_.advance(hours(24 * 365));
    look_once(hours(24));
    EXPECT_EQ(keys(), (std::vector<std::string>{digest_of + "d.json.gz", log_of + "odd.json.gz", "other/key"}));
}

TEST_F(BucketRetentionTest, AStoreThatFailsIsTriedAgain) {
    disk_.plan_failure(support::Call::remove, 1, Code::unavailable);
    clock_.advance(hours(24));
    const auto retention = start(milliseconds(800));
    wait_until_left(0);
    EXPECT_EQ(buckets_.remove("logs").has_value(), true);
}

}  // namespace
}  // namespace cairn::node
