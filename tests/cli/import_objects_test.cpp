#include <mutex>
#include <set>

#include <gtest/gtest.h>

#include "backend/dir/dir_store.h"
#include "cli/import.h"
#include "cli/import_source.h"
#include "support/fake_clock.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"
#include "support/temporary_folder.h"

using namespace cairn;
using namespace cairn::cli;

namespace {

class CountingSink final : public ImportSink {
public:
    Result<Taken> put(const std::vector<std::string_view>& texts) override {
        std::lock_guard lock(mutex_);
        Taken taken;
        for (const auto text : texts)
            ++(stored.insert(std::string(text)).second ? taken.counts.stored : taken.counts.duplicate);
        return taken;
    }
    std::set<std::string> stored;

private:
    std::mutex mutex_;
};

/// A store that fails as it is told to.
class MoodyStore final : public ObjectStore {
public:
    explicit MoodyStore(ObjectStore& inner) : inner_(inner) {}
    Result<std::string> put(const std::string& bucket, const std::string& key, std::string_view bytes,
                            const ObjectHeaders& headers, std::string_view sha256) override {
        return inner_.put(bucket, key, bytes, headers, sha256);
    }
    Result<Object> get(const std::string& bucket, const std::string& key, const ObjectRange& range,
                       const ObjectConditions& conditions) override {
        if (key == refused) return fail(refusal.code, refusal.message);
        return inner_.get(bucket, key, range, conditions);
    }
    Result<ObjectInfo> head(const std::string& bucket, const std::string& key) override {
        return inner_.head(bucket, key);
    }
    Result<ListPage> list(const std::string& bucket, const ListRequest& request) override {
        auto small = request;
        small.count_max = 3;
        return inner_.list(bucket, small);
    }
    Result<void> remove(const std::string& bucket, const std::string& key) override {
        return inner_.remove(bucket, key);
    }
    Result<void> create_bucket(const std::string& bucket) override { return inner_.create_bucket(bucket); }
    Result<void> delete_bucket(const std::string& bucket) override { return inner_.delete_bucket(bucket); }
    Result<void> head_bucket(const std::string& bucket) override { return inner_.head_bucket(bucket); }
    Result<std::vector<BucketInfo>> list_buckets() override { return inner_.list_buckets(); }

    std::string refused;
    Error refusal;

private:
    ObjectStore& inner_;
};

class ImportObjects : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(store_.create_bucket("logs")); }

    void put(const std::string& key, const std::string& content) {
        ASSERT_TRUE(store_.put("logs", key, content, {}, {}));
    }
    void put_record(const std::string& key, int number) {
        put(key, "{\"Records\":[{\"eventID\":\"" + std::to_string(number) + "\"}]}");
    }

    Result<ImportReport> run(const std::string& url, const std::string& endpoint = "http://one") {
        ImportOptions options;
        options.paths = {url};
        options.objects = &store_;
        options.objects_endpoint = endpoint;
        options.state_file = folder_.path() + "/state";
        return import_files(options, sink_, [](auto, auto, auto) { return true; });
    }

    support::TemporaryFolder folder_;
    support::FakeClock clock_;
    support::MemoryDisk disk_;
    support::MemoryMetaStore meta_;
    std::unique_ptr<ObjectStore> inner_ = std::move(*open_dir_store(disk_, "buckets", meta_, clock_));
    MoodyStore store_{*inner_};
    CountingSink sink_;
};

}  // namespace

TEST_F(ImportObjects, EveryObjectBelowThePrefixButMarkers) {
    for (int i = 0; i < 10; ++i) put_record("AWSLogs/1/" + std::to_string(i) + "\n.json", i);
    put("AWSLogs/1/", "");
    put_record("AWSLogsOther/x.json", 77);
    const auto report = run("s3://logs/AWSLogs/");
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->files, 10u);
    EXPECT_EQ(report->read, 10u);
    EXPECT_EQ(report->counts.stored, 10u);
    EXPECT_TRUE(report->unreadable.empty());
    EXPECT_EQ(run("s3://logs")->files, 1u) << "all of the bucket, but what was finished before";
}

TEST_F(ImportObjects, WhatIsFinishedIsSkippedUntilItChanges) {
    for (int i = 0; i < 5; ++i) put_record("a/" + std::to_string(i), i);
    ASSERT_TRUE(run("s3://logs/a/"));
    EXPECT_EQ(run("s3://logs/a/")->files_skipped, 5u);
    EXPECT_EQ(run("s3://logs/a/", "http://other")->files_skipped, 0u) << "another server's bucket of the same name";
    put_record("a/3", 300);
    const auto changed = run("s3://logs/a/");
    EXPECT_EQ(changed->files_skipped, 4u);
    EXPECT_EQ(changed->counts.stored, 1u);
}

TEST_F(ImportObjects, OneThatIsRefusedIsNamedAndTheRestIsRead) {
    for (int i = 0; i < 5; ++i) put_record("a/" + std::to_string(i), i);
    store_.refused = "a/2";
    store_.refusal = {Code::denied, "AccessDenied: not this one"};
    const auto report = run("s3://logs/a/");
    ASSERT_TRUE(report);
    EXPECT_EQ(report->files, 4u);
    ASSERT_EQ(report->unreadable.size(), 1u);
    EXPECT_EQ(report->unreadable[0], "s3://logs/a/2: AccessDenied: not this one");
    store_.refused.clear();
    EXPECT_EQ(run("s3://logs/a/")->files, 1u);
}

TEST_F(ImportObjects, AServerThatIsAwayStopsItAndItGoesOn) {
    for (int i = 0; i < 20; ++i) put_record("a/" + std::to_string(10 + i), i);
    store_.refused = "a/25";
    store_.refusal = {Code::unavailable, "SlowDown: later"};
    const auto stopped = run("s3://logs/a/");
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, Code::unavailable);
    EXPECT_NE(stopped.error().message.find("s3://logs/a/25: SlowDown"), std::string::npos);
    store_.refused.clear();
    const auto rest = run("s3://logs/a/");
    ASSERT_TRUE(rest);
    EXPECT_EQ(sink_.stored.size(), 20u);
}

TEST_F(ImportObjects, WhatIsNotThere) {
    EXPECT_EQ(run("s3://logs/none").error().code, Code::not_found);
    EXPECT_EQ(run("s3://no-bucket/x").error().code, Code::not_found);
    for (const char* url : {"s3://", "s3:///x"}) EXPECT_EQ(run(url).error().code, Code::invalid) << url;
}
