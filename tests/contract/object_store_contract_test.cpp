#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "backend/credentials/chain.h"
#include "backend/dir/dir_store.h"
#include "backend/posix/posix_disk.h"
#include "backend/s3/s3_store.h"
#include "backend/sqlite/sqlite_store.h"
#include "sign/digest.h"
#include "support/fake_clock.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"
#include "support/s3_server.h"
#include "support/temporary_folder.h"

// What every implementation of seam/object_store.h promises.

namespace cairn {
namespace {

class WallClock final : public Clock {
public:
    Time now() const override {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

/// The real server of that name, started once for all tests. One that can not be started fails every test of it.
const Result<std::unique_ptr<support::S3Server>>& server(const std::string& name) {
    static std::map<std::string, Result<std::unique_ptr<support::S3Server>>> servers;
    const auto found = servers.find(name);
    return found != servers.end() ? found->second : servers.emplace(name, support::S3Server::start(name)).first->second;
}

class ObjectStoreContract : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (is_s3())
            open_server();
        else
            open_dir();
        ASSERT_TRUE(store_);
        const auto made = store_->create_bucket("logs");
        ASSERT_TRUE(made) << made.error().message;
    }

    static bool is_s3() { return !std::string_view(GetParam()).starts_with("dir"); }

    void open_dir() {
        if (GetParam() == std::string("dir in memory")) {
            disk_ = std::make_unique<support::MemoryDisk>();
            meta_ = std::make_unique<support::MemoryMetaStore>();
        } else {
            disk_ = std::move(*open_posix_disk(folder_.path()));
            meta_ = std::move(*open_sqlite(folder_.path() + "/meta.db"));
        }
        store_ = std::move(*open_dir_store(*disk_, "buckets", *meta_, clock_));
    }

    void open_server() {
        const auto& running = server(GetParam());
        ASSERT_TRUE(running) << running.error().message;
        CredentialOptions keys;
        keys.keys = {support::S3Server::access_key, support::S3Server::secret_key, ""};
        credentials_ = credential_chain(keys, {}, wall_clock_);
        S3Options options;
        options.endpoint = (*running)->endpoint();
        options.multipart_bytes = 6 << 20;
        options.part_bytes = 5 << 20;
        store_ = std::move(*open_s3_store(options, *credentials_, wall_clock_));
        empty_server();
    }

    /// What the test before left.
    void empty_server() {
        const auto buckets = store_->list_buckets();
        ASSERT_TRUE(buckets) << buckets.error().message;
        for (const auto& bucket : *buckets) {
            for (const auto& entry : list({}, bucket.name).entries)
                ASSERT_TRUE(store_->remove(bucket.name, entry.key)) << entry.key;
            const auto gone = store_->delete_bucket(bucket.name);
            ASSERT_TRUE(gone) << gone.error().message;
        }
    }

    void put(const std::string& key, std::string_view bytes = "x") {
        const auto done = store_->put("logs", key, bytes, {});
        ASSERT_TRUE(done) << key << ": " << done.error().message;
    }
    std::string get(const std::string& key, const ObjectRange& range = {}) {
        const auto object = store_->get("logs", key, range);
        return object ? object->bytes : object.error().message.substr(0, object.error().message.find(':'));
    }
    /// Every page, joined.
    ListPage list(ListRequest request, const std::string& bucket = "logs") {
        ListPage all;
        do {
            const auto page = store_->list(bucket, request);
            EXPECT_TRUE(page) << page.error().message;
            if (!page) return all;
            EXPECT_LE(page->entries.size() + page->common_prefixes.size(), request.count_max);
            all.entries.insert(all.entries.end(), page->entries.begin(), page->entries.end());
            all.common_prefixes.insert(all.common_prefixes.end(), page->common_prefixes.begin(),
                                       page->common_prefixes.end());
            request.continuation = page->continuation;
        } while (!request.continuation.empty());
        return all;
    }
    std::vector<std::string> keys(ListRequest request) {
        std::vector<std::string> found;
        for (const auto& entry : list(std::move(request)).entries) found.push_back(entry.key);
        return found;
    }

    support::TemporaryFolder folder_;
    support::FakeClock clock_;
    WallClock wall_clock_;
    std::unique_ptr<CredentialSource> credentials_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<MetaStore> meta_;
    std::unique_ptr<ObjectStore> store_;
};

TEST_P(ObjectStoreContract, AnObjectComesBackWithAllItsHeaders) {
    const std::string bytes("\0\x1f\x8b bytes", 9);
    ObjectHeaders headers{"application/json",
                          "gzip",
                          "bucket-owner-full-control",
                          {{"signature", "0a"}, {"empty", ""}},
                          Encryption::aes256,
                          "",
                          ""};
    const auto etag = store_->put("logs", "a/b.json.gz", bytes, headers, sign::sha256(bytes));
    ASSERT_TRUE(etag) << etag.error().message;
    EXPECT_EQ(*etag, sign::md5_hex(bytes));
    const auto object = store_->get("logs", "a/b.json.gz");
    ASSERT_TRUE(object);
    EXPECT_EQ(object->bytes, bytes);
    for (const auto& info : {object->info, store_->head("logs", "a/b.json.gz").value()}) {
        EXPECT_EQ(info.size, bytes.size());
        EXPECT_EQ(info.etag, *etag);
        EXPECT_EQ(info.headers.content_type, "application/json");
        EXPECT_EQ(info.headers.content_encoding, "gzip");
        auto metadata = info.headers.metadata;
        std::ranges::sort(metadata);
        EXPECT_EQ(metadata, (std::vector<std::pair<std::string, std::string>>{{"empty", ""}, {"signature", "0a"}}));
    }
}

TEST_P(ObjectStoreContract, TheLastPutWins) {
    for (const char* bytes : {"one", "two, longer", "", "3"}) {
        put("key", bytes);
        EXPECT_EQ(get("key"), bytes);
    }
    EXPECT_EQ(keys({}), std::vector<std::string>{"key"});
}

TEST_P(ObjectStoreContract, AWrongChecksumStoresNothing) {
    const auto wrong = store_->put("logs", "key", "bytes", {}, sign::sha256("others"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Code::invalid);
    EXPECT_EQ(store_->head("logs", "key").error().code, Code::not_found);
}

TEST_P(ObjectStoreContract, AnyKeyThatIsAPath) {
    std::vector<std::string> all = {
        "a/b",    "A",    "a~2",         "a%2f",
        "%",      "a b",  "\xc3\xa4",    "\xf0\x9f\x98\x80",
        "~",      "x~/x", "a?b#c&d=e+f", "'\"<>",
        "a/c/",   "+",    "$@=;:,!*()",  std::string(200, 'n') + "/" + std::string(200, 'm') + "/x",
        "a/b.c/d"};
    for (const auto& key : all) put(key, key.ends_with('/') ? "" : "of " + key);
    for (const auto& key : all) EXPECT_EQ(get(key), key.ends_with('/') ? "" : "of " + key);
    std::ranges::sort(all);
    EXPECT_EQ(keys({}), all);
    for (const auto& key : all) ASSERT_TRUE(store_->remove("logs", key));
    EXPECT_TRUE(keys({}).empty());
    EXPECT_EQ(store_->put("logs", std::string(1025, 'k'), "", {}).error().code, Code::invalid);
    EXPECT_EQ(store_->put("logs", "", "", {}).error().code, Code::invalid);
}

/// S3 takes them all; servers that keep objects as files refuse some and list others under the name of the file. What
/// is taken comes back, asked for as it was put.
TEST_P(ObjectStoreContract, AnyKeyThatIsNoPathIsKeptOrRefused) {
    std::vector<std::string> kept;
    for (const std::string& key :
         {std::string("a//b"), std::string("/"), std::string("//"), std::string("/a"), std::string("."),
          std::string(".."), std::string("../x"), std::string("a/../b"), std::string("./a"), std::string("a\tb"),
          std::string("a\nb"), std::string("nul\0", 4), std::string("\x01"), std::string("\x7f")}) {
        const auto done = store_->put("logs", key, "of " + key, {});
        EXPECT_TRUE(done || is_s3()) << key;
        if (!done) continue;
        EXPECT_EQ(get(key), "of " + key);
        kept.push_back(key);
        if (is_s3()) {
            EXPECT_TRUE(store_->remove("logs", key));
        }
    }
    std::ranges::sort(kept);
    if (!is_s3()) {
        EXPECT_EQ(keys({}), kept);
    }
    for (const auto& key : kept) EXPECT_TRUE(store_->remove("logs", key));
    EXPECT_TRUE(keys({}).empty());
}

TEST_P(ObjectStoreContract, LargeObjects) {
    std::string bytes(17 << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
    ObjectHeaders headers;
    headers.content_type = "application/json";
    headers.metadata = {{"signature", "0a"}};
    const auto etag = store_->put("logs", "large", bytes, headers, sign::sha256(bytes));
    ASSERT_TRUE(etag) << etag.error().message;
    const auto object = store_->get("logs", "large");
    ASSERT_TRUE(object) << object.error().message;
    EXPECT_TRUE(object->bytes == bytes);
    EXPECT_EQ(object->info.etag, *etag);
    EXPECT_EQ(object->info.headers.content_type, "application/json");
    EXPECT_EQ(object->info.headers.metadata, headers.metadata);
    const auto wrong = store_->put("logs", "large", bytes, headers, sign::sha256("others"));
    EXPECT_EQ(wrong.error().code, Code::invalid);
    EXPECT_EQ(get("large", {5'000'000, 3, false}), bytes.substr(5'000'000, 3));
}

/// Embedded buckets keep what is open; S3 has to be asked for each part, and says when it is another object by now.
TEST_P(ObjectStoreContract, AnOpenObjectIsOneVersionThroughout) {
    const std::string old(300'000, 'o');
    put("key", old);
    const auto opened = store_->open("logs", "key");
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ((*opened)->info().size, old.size());
    EXPECT_EQ((*opened)->info().etag, sign::md5_hex(old));
    EXPECT_EQ((*opened)->read(0, 100'000).value(), old.substr(0, 100'000));
    EXPECT_EQ((*opened)->read(299'999, 1).value(), "o");
    EXPECT_EQ((*opened)->read(300'000, 0).value(), "");
    EXPECT_FALSE((*opened)->read(299'999, 2));

    const auto part = [&] { return (*opened)->read(100'000, 200'000); };
    put("key", std::string(300'000, 'n'));
    if (const auto bytes = part(); bytes || !is_s3())
        EXPECT_EQ(bytes.value(), old.substr(100'000));
    else
        EXPECT_EQ(bytes.error().code, Code::conflict) << bytes.error().message;
    put("key", "short");  // embedded: in the file where the first one was
    ASSERT_TRUE(store_->remove("logs", "key"));
    if (const auto bytes = part(); bytes || !is_s3())
        EXPECT_EQ(bytes.value(), old.substr(100'000));
    else
        EXPECT_EQ(bytes.error().code, Code::not_found) << bytes.error().message;
    EXPECT_EQ(store_->open("logs", "key").error().code, Code::not_found);
    EXPECT_EQ(store_->open("no-bucket", "key").error().code, Code::not_found);
}

TEST_P(ObjectStoreContract, Ranges) {
    put("key", "0123456789");
    const struct {
        ObjectRange range;
        const char* bytes;
    } cases[] = {{{}, "0123456789"},
                 {{3, {}, false}, "3456789"},
                 {{3, 2, false}, "34"},
                 {{9, 5, false}, "9"},
                 {{10, {}, false}, "InvalidRange"},
                 {{0, 3, true}, "789"},
                 {{0, 99, true}, "0123456789"},
                 {{0, 0, true}, "InvalidRange"}};
    for (const auto& row : cases) EXPECT_EQ(get("key", row.range), row.bytes);
}

TEST_P(ObjectStoreContract, Conditions) {
    put("key", "bytes");
    const auto etag = sign::md5_hex("bytes");
    EXPECT_TRUE(store_->get("logs", "key", {}, {etag, ""}));
    EXPECT_TRUE(store_->get("logs", "key", {}, {"", "other"}));
    EXPECT_EQ(store_->get("logs", "key", {}, {"other", ""}).error().code, Code::conflict);
    EXPECT_EQ(store_->get("logs", "key", {}, {"", etag}).error().code, Code::conflict);
}

TEST_P(ObjectStoreContract, ListsAreTheSameWhateverThePageSize) {
    for (const char* key : {"A", "a-b", "a/1", "a/2", "a/b/1", "a0", "b/1", "b/2", "c", "\xc3\xa4/1"}) put(key);
    for (std::size_t count_max : {1u, 2u, 3u, 7u, 1000u}) {
        SCOPED_TRACE(count_max);
        ListRequest request;
        request.count_max = count_max;
        EXPECT_EQ(keys(request).size(), 10u);
        request.delimiter = "/";
        auto page = list(request);
        EXPECT_EQ(page.common_prefixes, (std::vector<std::string>{"a/", "b/", "\xc3\xa4/"}));
        EXPECT_EQ(keys(request), (std::vector<std::string>{"A", "a-b", "a0", "c"}));
        request.prefix = "a/";
        EXPECT_EQ(list(request).common_prefixes, (std::vector<std::string>{"a/b/"}));
        EXPECT_EQ(keys(request), (std::vector<std::string>{"a/1", "a/2"}));
        request.delimiter.clear();
        request.start_after = "a/1";
        EXPECT_EQ(keys(request), (std::vector<std::string>{"a/2", "a/b/1"}));
        request.prefix = "none";
        EXPECT_TRUE(keys(request).empty());
    }
}

TEST_P(ObjectStoreContract, WhatIsMissingHasTheNameS3GivesIt) {
    EXPECT_EQ(get("absent"), "NoSuchKey");
    EXPECT_TRUE(store_->remove("logs", "absent"));
    const auto gone = store_->put("no-bucket", "key", "", {});
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error().code, Code::not_found);
    EXPECT_TRUE(gone.error().message.starts_with("NoSuchBucket: ")) << gone.error().message;
    EXPECT_EQ(store_->list("no-bucket", {}).error().code, Code::not_found);
    EXPECT_EQ(store_->head_bucket("no-bucket").error().code, Code::not_found);
    EXPECT_EQ(store_->delete_bucket("no-bucket").error().code, Code::not_found);
}

TEST_P(ObjectStoreContract, Buckets) {
    ASSERT_TRUE(store_->create_bucket("a.b-c"));
    EXPECT_TRUE(store_->head_bucket("a.b-c"));
    const auto buckets = store_->list_buckets();
    ASSERT_TRUE(buckets);
    ASSERT_EQ(buckets->size(), 2u);
    EXPECT_EQ((*buckets)[0].name, "a.b-c");
    EXPECT_EQ((*buckets)[1].name, "logs");
    put("key");
    EXPECT_EQ(store_->delete_bucket("logs").error().code, Code::conflict);
    ASSERT_TRUE(store_->remove("logs", "key"));
    ASSERT_TRUE(store_->delete_bucket("logs"));
    EXPECT_EQ(store_->head_bucket("logs").error().code, Code::not_found);
    for (const char* name : {"", "ab", "Upper", "a/b", "-ab", "a..b", ".."})
        EXPECT_EQ(store_->create_bucket(name).error().code, Code::invalid) << name;
}

TEST_P(ObjectStoreContract, WritersOfOneKeyLeaveOneOfTheirContents) {
    put("key", std::string(1000, 'a'));
    std::atomic<bool> stop = false;
    std::thread reader([&] {
        while (!stop) {
            const auto bytes = get("key");
            EXPECT_EQ(bytes, std::string(1000, bytes.front()));
        }
    });
    std::vector<std::thread> writers;
    for (char letter : {'b', 'c'})
        writers.emplace_back([&, letter] {
            for (int i = 0; i < 40; ++i) put("key", std::string(1000, letter));
        });
    for (auto& writer : writers) writer.join();
    stop = true;
    reader.join();
    EXPECT_EQ(get("key").size(), 1000u);
}

TEST_P(ObjectStoreContract, AnObjectOfAnySizeHasThatSize) {
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string content(size, 'x');
        put("key", content);
        EXPECT_EQ(get("key"), content);
        const auto opened = store_->open("logs", "key");
        ASSERT_TRUE(opened) << opened.error().message;
        EXPECT_EQ((*opened)->info().size, size);
        EXPECT_EQ((*opened)->read(0, size).value(), content);
    }
}

/// What S3 takes, too, but no server that keeps objects as files.
class EmbeddedObjectStoreContract : public ObjectStoreContract {};

TEST_P(EmbeddedObjectStoreContract, AnObjectBesideAPrefixOfTheSameNameAndLongNames) {
    std::vector<std::string> all = {
        "a", "a/", "a/b", "a/b/c", "a/b/c/", std::string(1024, 'k'), std::string(300, 'n') + "/x"};
    for (const auto& key : all) put(key, "of " + key);
    for (const auto& key : all) EXPECT_EQ(get(key), "of " + key);
    std::ranges::sort(all);
    EXPECT_EQ(keys({}), all);
    for (const auto& key : all) ASSERT_TRUE(store_->remove("logs", key));
    EXPECT_TRUE(keys({}).empty());
}

const auto name_of = [](const auto& info) {
    std::string name = info.param;
    std::erase(name, ' ');
    return name;
};

INSTANTIATE_TEST_SUITE_P(Stores, EmbeddedObjectStoreContract, testing::Values("dir in memory", "dir on disk"), name_of);
INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract,
                         testing::Values("dir in memory", "dir on disk", "versitygw", "minio"), name_of);

}  // namespace
}  // namespace cairn
