#include "backend/dir/dir_store.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

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
    Result<std::unique_ptr<ObjectStore>> open(Disk& disk) { return open_dir_store(disk, "buckets", meta_, clock_); }

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
