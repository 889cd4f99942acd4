#include "backend/dir/dir_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backend/dir/check.h"
#include "backend/posix/posix_disk.h"
#include "sign/digest.h"
#include "support/fake_clock.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"
#include "support/temporary_folder.h"

namespace cairn {
namespace {

class DirStoreTest : public testing::Test {
protected:
    Result<std::unique_ptr<EmbeddedStore>> open(Disk& disk) { return open_dir_store(disk, "buckets", meta_, clock_); }

    support::FakeClock clock_;
    support::MemoryMetaStore meta_;
};

TEST_F(DirStoreTest, AContentLiesPlainlyUnderItsKey) {
    support::TemporaryFolder folder;
    const auto disk = open_posix_disk(folder.path()).value();
    const auto store = open(*disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    ASSERT_TRUE(store->put("logs", "AWSLogs/1/x.json.gz", "content", {}));
    const auto path = folder.path() + "/buckets/logs/AWSLogs/1/x.json.gz";
    std::ostringstream bytes;
    bytes << std::ifstream(path).rdbuf();
    EXPECT_EQ(bytes.str(), "content");

    // Whoever changes or removes it there is not hidden from those who validate.
    std::ofstream(path) << "tampered!";
    const auto object = store->get("logs", "AWSLogs/1/x.json.gz");
    ASSERT_TRUE(object);
    EXPECT_EQ(object->bytes, "tampered!");
    EXPECT_EQ(object->info.size, 9u);
    std::filesystem::remove(path);
    EXPECT_EQ(store->get("logs", "AWSLogs/1/x.json.gz").error().code, Code::not_found);
}

TEST_F(DirStoreTest, NothingButTheContentsInUseStaysOnTheDisk) {
    support::MemoryDisk disk;
    const auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->put("logs", "key", std::to_string(i), {}));
    EXPECT_EQ(disk.all_files().size(), 1u);
    ASSERT_TRUE(store->remove("logs", "key"));
    EXPECT_TRUE(disk.all_files().empty());
}

TEST_F(DirStoreTest, AReaderBesideWritersGetsTheBytesOfTheETag) {
    support::MemoryDisk disk;
    const auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    const auto put = [&](const std::string& content) { EXPECT_TRUE(store->put("logs", "key", content, {})); };
    put("a");
    std::atomic<int> writing = 3;
    std::vector<std::thread> writers;
    for (const char letter : {'b', 'c', 'd'})
        writers.emplace_back([&, letter] {
            for (int i = 0; i < 2000; ++i) put(letter + std::to_string(i));
            --writing;
        });
    while (writing > 0) {
        const auto object = store->get("logs", "key");
        EXPECT_TRUE(object) << object.error().message;
        if (!object) break;
        EXPECT_EQ(object->info.etag, sign::md5_hex(object->bytes)) << object->bytes;
    }
    for (auto& writer : writers) writer.join();
}

TEST_F(DirStoreTest, AFullDiskRefusesAndKeepsWhatWasThere) {
    support::MemoryDisk disk;
    const auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    ASSERT_TRUE(store->put("logs", "key", "old", {}));
    disk.set_capacity(10);
    const auto refused = store->put("logs", "key", std::string(100, 'n'), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::exhausted);
    EXPECT_EQ(store->get("logs", "key")->bytes, "old");
    EXPECT_EQ(disk.all_files().size(), 1u);
}

/// The process dies in every call to the disk, in turn; what survives of unsynced writes is drawn by chance.
TEST_F(DirStoreTest, ACrashAnywhereLeavesTheOldOrTheNewObject) {
    for (std::uint64_t stop = 1; stop < 60; ++stop)
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            SCOPED_TRACE(testing::Message() << "stop " << stop << " seed " << seed);
            support::MemoryDisk disk;
            support::MemoryMetaStore meta;
            auto store = open_dir_store(disk, "buckets", meta, clock_).value();
            ASSERT_TRUE(store->create_bucket("logs"));
            ASSERT_TRUE(store->put("logs", "other", "kept", {}));

            disk.stop_at(stop);
            std::string acknowledged = "(none)", attempted = acknowledged;
            for (const char* bytes : {"first", "second, longer", "third"}) {
                attempted = bytes;
                if (!store->put("logs", "key", bytes, {})) break;
                acknowledged = bytes;
            }
            disk.crash(seed);

            store = open_dir_store(disk, "buckets", meta, clock_).value();
            EXPECT_EQ(store->get("logs", "other")->bytes, "kept");
            const auto object = store->get("logs", "key");
            const auto found = object ? object->bytes : "(none)";
            EXPECT_TRUE(found == acknowledged || found == attempted) << found << ", acknowledged " << acknowledged;
            EXPECT_EQ(store->list("logs", {})->entries.size(), object ? 2u : 1u);

            ASSERT_TRUE(store->put("logs", "key", "again", {}));
            EXPECT_EQ(store->get("logs", "key")->bytes, "again");
            ASSERT_TRUE(store->remove("logs", "key"));
            EXPECT_EQ(store->get("logs", "key").error().code, Code::not_found);
        }
}

std::vector<std::string> findings_of(const Result<dir::BucketReport>& report) {
    std::vector<std::string> found;
    for (const auto& finding : report.value().findings) found.push_back(finding.path + ": " + finding.what);
    return found;
}

/// As above, with an object that is there already: nothing but its content is left, and the files that are in use.
TEST_F(DirStoreTest, ACrashInASecondPutLeavesNoFileBehind) {
    for (std::uint64_t stop = 1; stop < 14; ++stop)
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            SCOPED_TRACE(testing::Message() << "stop " << stop << " seed " << seed);
            support::MemoryDisk disk;
            support::MemoryMetaStore meta;
            auto store = open_dir_store(disk, "buckets", meta, clock_).value();
            ASSERT_TRUE(store->create_bucket("logs"));
            for (const char* key : {"a", "a/b", "c"}) ASSERT_TRUE(store->put("logs", key, key, {}));
            disk.stop_at(stop);
            for (const char* key : {"a", "a/b", "c"}) (void)store->put("logs", key, "second", {});
            disk.crash(seed);
            store = open_dir_store(disk, "buckets", meta, clock_).value();
            std::stop_source stopped;
            stopped.request_stop();
            ASSERT_TRUE(store->sweep(stopped.get_token())) << "the next start does it";
            store.reset();
            store = open_dir_store(disk, "buckets", meta, clock_).value();
            ASSERT_TRUE(store->sweep({}));
            EXPECT_EQ(disk.all_files().size(), 3u);
            const auto report = dir::check_buckets(disk, "buckets", meta);
            EXPECT_EQ(report.value().objects, 3u);
            EXPECT_EQ(findings_of(report), std::vector<std::string>());
        }
}

TEST_F(DirStoreTest, ASweepLeavesWhatIsPutMeanwhile) {
    support::MemoryDisk disk;
    support::MemoryMetaStore meta;
    auto store = open_dir_store(disk, "buckets", meta, clock_).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    constexpr int count = 50;
    for (int i = 0; i < count; ++i) ASSERT_TRUE(store->put("logs", std::to_string(i), "first", {}));
    disk.crash(1);
    store = open_dir_store(disk, "buckets", meta, clock_).value();
    std::thread writer([&] {
        for (int round = 0; round < 20; ++round)
            for (int i = 0; i < count; ++i)
                EXPECT_TRUE(store->put("logs", std::to_string(i), "round " + std::to_string(round), {}));
    });
    EXPECT_TRUE(store->sweep({}));
    writer.join();
    for (int i = 0; i < count; ++i) EXPECT_EQ(store->get("logs", std::to_string(i))->bytes, "round 19");
    EXPECT_TRUE(dir::check_buckets(disk, "buckets", meta).value().findings.empty());
}

TEST_F(DirStoreTest, WhatBelongsToNoObjectIsFoundAndStays) {
    for (const bool on_disk : {false, true}) {
        support::TemporaryFolder folder;
        support::MemoryMetaStore meta;
        const std::unique_ptr<Disk> disk =
            on_disk ? open_posix_disk(folder.path()).value() : std::make_unique<support::MemoryDisk>();
        auto store = open_dir_store(*disk, "buckets", meta, clock_).value();
        ASSERT_TRUE(store->create_bucket("logs"));
        ASSERT_TRUE(store->create_bucket("empty"));
        const std::vector<std::string> keys = {"a", "a/b", "a/b/c", "x/y/z", std::string(300, 'n')};
        for (const auto& key : keys) ASSERT_TRUE(store->put("logs", key, "1", {}));
        EXPECT_EQ(findings_of(dir::check_buckets(*disk, "buckets", meta)), std::vector<std::string>());

        ASSERT_TRUE(disk->make_folder("buckets/nobody"));
        for (const char* path : {"buckets/logs/x/y/by-hand", "buckets/logs/~/stray", "buckets/nobody/file"})
            ASSERT_TRUE(replace_file(*disk, path, "?"));
        ASSERT_TRUE(replace_file(*disk, "buckets/logs/~/new-7", "half written"));
        ASSERT_TRUE(disk->remove("buckets/logs/x/y/z"));
        const std::vector<std::string> wanted = {"buckets/logs/x/y/z: the content of an object is missing",
                                                 "buckets/logs/x/y/by-hand: a file that belongs to no object",
                                                 "buckets/logs/~/stray: a file that belongs to no object",
                                                 "buckets/nobody/file: a file that belongs to no object"};
        EXPECT_EQ(findings_of(dir::check_buckets(*disk, "buckets", meta)), wanted);
        store.reset();
        store = open_dir_store(*disk, "buckets", meta, clock_).value();
        EXPECT_EQ(findings_of(dir::check_buckets(*disk, "buckets", meta)), wanted);
        EXPECT_FALSE(disk->exists("buckets/logs/~/new-7").value());
        for (const auto& key : keys) EXPECT_EQ(store->get("logs", key).has_value(), key != "x/y/z") << key;
    }
}

TEST_F(DirStoreTest, RetentionLeavesATombstone) {
    support::MemoryDisk disk;
    auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    const auto put_at = clock_.now();
    const auto etag = store->put("logs", "key", "content", {}).value();
    ASSERT_TRUE(store->put("logs", "other", "kept", {}));
    EXPECT_EQ(store->find_tombstone("logs", "key").value(), std::nullopt);

    clock_.advance(std::chrono::hours(24));
    EXPECT_FALSE(store->expire("logs", "key", clock_.now(), "rule").value()) << "another version";
    EXPECT_FALSE(store->expire("logs", "absent", put_at, "rule").value());
    EXPECT_TRUE(store->get("logs", "key"));
    EXPECT_TRUE(store->expire("logs", "key", put_at, "rule old").value());
    EXPECT_FALSE(store->expire("logs", "key", put_at, "rule old").value());

    EXPECT_EQ(store->get("logs", "key").error().code, Code::not_found);
    EXPECT_EQ(disk.all_files().size(), 1u);
    const ObjectTombstone wanted{7, put_at, clock_.now(), etag, sign::sha256("content"), "rule old"};
    store.reset();
    store = open(disk).value();
    EXPECT_EQ(store->find_tombstone("logs", "key").value(), wanted);
    EXPECT_EQ(store->find_tombstone("logs", "other").value(), std::nullopt);
    const auto report = dir::check_buckets(disk, "buckets", meta_).value();
    EXPECT_EQ(report.objects, 1u);
    EXPECT_EQ(report.tombstones, 1u);
    EXPECT_TRUE(report.findings.empty());

    ASSERT_TRUE(store->put("logs", "key", "again", {}));
    EXPECT_EQ(store->find_tombstone("logs", "key").value(), std::nullopt);
    for (const char* key : {"key", "other"})
        EXPECT_TRUE(store->expire("logs", key, store->head("logs", key)->modified, "r").value());
    ASSERT_TRUE(store->delete_bucket("logs"));
    ASSERT_TRUE(store->create_bucket("logs"));
    EXPECT_EQ(store->find_tombstone("logs", "key").value(), std::nullopt) << "of the bucket before";
}

TEST_F(DirStoreTest, ACrashWhileRetentionWorksLeavesTheObjectOrItsTombstone) {
    for (std::uint64_t stop = 1; stop < 6; ++stop)
        for (std::uint64_t seed = 0; seed < 4; ++seed) {
            SCOPED_TRACE(testing::Message() << "stop " << stop << " seed " << seed);
            support::MemoryDisk disk;
            support::MemoryMetaStore meta;
            auto store = open_dir_store(disk, "buckets", meta, clock_).value();
            ASSERT_TRUE(store->create_bucket("logs"));
            ASSERT_TRUE(store->put("logs", "key", "content", {}));
            disk.stop_at(stop);
            (void)store->expire("logs", "key", clock_.now(), "rule");
            disk.crash(seed);
            store = open_dir_store(disk, "buckets", meta, clock_).value();
            const bool there = store->get("logs", "key").has_value();
            EXPECT_EQ(store->find_tombstone("logs", "key").value().has_value(), !there);
            EXPECT_EQ(disk.all_files().size(), there ? 1u : 0u);
            EXPECT_TRUE(dir::check_buckets(disk, "buckets", meta).value().findings.empty());
        }
}

TEST_F(DirStoreTest, AReadOnlyDiskAndOneThatCannotBeReadSaySo) {
    support::MemoryDisk disk;
    const auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    ASSERT_TRUE(store->put("logs", "key", "old", {}));
    disk.set_read_only(true);
    EXPECT_EQ(store->put("logs", "key", "new", {}).error().code, Code::denied);
    EXPECT_EQ(store->get("logs", "key")->bytes, "old");
    disk.set_read_only(false);
    for (const auto call : {support::Call::open, support::Call::size, support::Call::read}) {
        disk.plan_failure(call, 1, Code::unavailable);
        EXPECT_EQ(store->get("logs", "key").error().code, Code::unavailable) << support::call_name(call);
        EXPECT_EQ(store->get("logs", "key")->bytes, "old");
    }
    for (const auto call : {support::Call::open, support::Call::write, support::Call::sync, support::Call::rename,
                            support::Call::sync_folder}) {
        disk.plan_failure(call, 1, Code::unavailable, true);
        EXPECT_EQ(store->put("logs", "key", "new", {}).error().code, Code::unavailable) << support::call_name(call);
        disk.heal();
        EXPECT_EQ(store->get("logs", "key")->bytes, "old");
    }
    EXPECT_TRUE(store->put("logs", "key", "new", {}));
    EXPECT_EQ(store->get("logs", "key")->bytes, "new");
}

/// The disk is full to the last byte: retention still frees what its objects take.
TEST_F(DirStoreTest, RetentionFreesAFullDisk) {
    support::MemoryDisk disk;
    const auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    ASSERT_TRUE(store->put("logs", "old", std::string(1000, 'o'), {}));
    disk.set_capacity(1000);
    EXPECT_EQ(store->put("logs", "new", std::string(900, 'n'), {}).error().code, Code::exhausted);
    EXPECT_TRUE(store->expire("logs", "old", clock_.now(), "rule").value());
    EXPECT_TRUE(store->put("logs", "new", std::string(900, 'n'), {}));
}

TEST_F(DirStoreTest, ADamagedRowIsNamedAndCostsNoOtherObject) {
    support::MemoryDisk disk;
    const auto store = open(disk).value();
    ASSERT_TRUE(store->create_bucket("logs"));
    ASSERT_TRUE(store->put("logs", "one", "1", {}));
    ASSERT_TRUE(store->put("logs", "two", "2", {}));
    ASSERT_TRUE(
        meta_.transact([](Transaction& transaction) { return transaction.put("objects/logs", "one", "damaged"); }));
    EXPECT_EQ(store->get("logs", "one").error().code, Code::corrupt);
    EXPECT_EQ(store->get("logs", "two")->bytes, "2");
}

}  // namespace
}  // namespace cairn
