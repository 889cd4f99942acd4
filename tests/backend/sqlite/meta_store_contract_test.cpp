// What every meta store promises (seam/meta_store.h).

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "backend/sqlite/sqlite_store.h"
#include "support/memory_meta_store.h"
#include "support/temporary_folder.h"

namespace cairn {
namespace {

struct Kind {
    const char* name;
    std::function<std::unique_ptr<MetaStore>(const std::string& folder)> open;
};

class MetaStoreContract : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override { store_ = GetParam().open(folder_.path()); }

    Result<void> put(std::string_view space, std::string_view key, std::string_view value) {
        return store_->transact([&](Transaction& transaction) { return transaction.put(space, key, value); });
    }

    std::optional<std::string> get(std::string_view space, std::string_view key) {
        std::optional<std::string> value;
        const auto viewed = store_->view([&](Transaction& transaction) -> Result<void> {
            auto found = transaction.get(space, key);
            if (!found) return fail(found.error());
            value = *found;
            return {};
        });
        EXPECT_TRUE(viewed) << viewed.error().message;
        return value;
    }

    std::vector<std::string> keys(std::string_view space, std::string_view prefix, std::string_view after = "",
                                  std::size_t count_max = 1000) {
        std::vector<std::string> keys;
        const auto viewed = store_->view([&](Transaction& transaction) -> Result<void> {
            const auto pairs = transaction.scan(space, prefix, after, count_max);
            if (!pairs) return fail(pairs.error());
            keys.clear();
            for (const auto& [key, value] : *pairs) keys.push_back(key);
            return {};
        });
        EXPECT_TRUE(viewed) << viewed.error().message;
        return keys;
    }

    support::TemporaryFolder folder_;
    std::unique_ptr<MetaStore> store_;
};

using Keys = std::vector<std::string>;

TEST_P(MetaStoreContract, KeepsPairsBySpaceAndKey) {
    EXPECT_EQ(get("a", "key"), std::nullopt);
    ASSERT_TRUE(put("a", "key", "one"));
    ASSERT_TRUE(put("b", "key", "two"));
    EXPECT_EQ(get("a", "key"), "one");
    EXPECT_EQ(get("b", "key"), "two");
    ASSERT_TRUE(put("a", "key", ""));
    EXPECT_EQ(get("a", "key"), "");
    ASSERT_TRUE(store_->transact([](Transaction& transaction) { return transaction.erase("a", "key"); }));
    ASSERT_TRUE(store_->transact([](Transaction& transaction) { return transaction.erase("a", "key"); }))
        << "fine if absent";
    EXPECT_EQ(get("a", "key"), std::nullopt);
    EXPECT_EQ(get("b", "key"), "two");
}

TEST_P(MetaStoreContract, TakesAnyBytes) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
    ASSERT_TRUE(put(all, all, all + all));
    ASSERT_TRUE(put(all, std::string("a\0b", 3), "with"));
    ASSERT_TRUE(put(all, "a", "without"));
    EXPECT_EQ(get(all, all), all + all);
    EXPECT_EQ(get(all, std::string("a\0b", 3)), "with");
    EXPECT_EQ(get(all, "a"), "without");
    const std::string large(3 << 20, 'x');
    ASSERT_TRUE(put("large", "value", large));
    EXPECT_EQ(get("large", "value"), large);
}

TEST_P(MetaStoreContract, ScansInOrderOfBytes) {
    const std::string high = "b\xff\xff", zero("b\0", 2);
    for (const auto& key :
         {std::string("a"), std::string("b"), zero, std::string("ba"), std::string("bb"), high, std::string("c")})
        ASSERT_TRUE(put("space", key, "value of " + key));
    ASSERT_TRUE(put("other", "bz", ""));
    EXPECT_EQ(keys("space", ""), (Keys{"a", "b", zero, "ba", "bb", high, "c"}));
    EXPECT_EQ(keys("space", "b"), (Keys{"b", zero, "ba", "bb", high}));
    EXPECT_EQ(keys("space", "b", "ba"), (Keys{"bb", high}));
    EXPECT_EQ(keys("space", "b", "", 2), (Keys{"b", zero}));
    EXPECT_EQ(keys("space", "b", "a"), (Keys{"b", zero, "ba", "bb", high}));
    EXPECT_EQ(keys("space", "b", "c"), Keys{});
    EXPECT_EQ(keys("space", "b\xff"), (Keys{high}));
    EXPECT_EQ(keys("space", "x"), Keys{});
    EXPECT_EQ(keys("nowhere", ""), Keys{});
    EXPECT_EQ(keys("space", "", "", 0), Keys{});
}

TEST_P(MetaStoreContract, ATransactionSeesItsOwnChanges) {
    ASSERT_TRUE(put("s", "gone", "1"));
    const auto done = store_->transact([](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(transaction.put("s", "new", "2"));
        CAIRN_TRY(transaction.erase("s", "gone"));
        const auto found = transaction.get("s", "new");
        EXPECT_TRUE(found && *found == "2");
        const auto gone = transaction.get("s", "gone");
        EXPECT_TRUE(gone && !*gone);
        const auto pairs = transaction.scan("s", "", "", 10);
        EXPECT_TRUE(pairs && pairs->size() == 1);
        return {};
    });
    ASSERT_TRUE(done);
    EXPECT_EQ(keys("s", ""), Keys{"new"});
}

TEST_P(MetaStoreContract, FailedWorkHasNoEffect) {
    ASSERT_TRUE(put("s", "kept", "1"));
    const auto failed = store_->transact([](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(transaction.put("s", "kept", "2"));
        CAIRN_TRY(transaction.put("s", "new", "2"));
        return fail(Code::denied, "changed its mind");
    });
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Code::denied);
    EXPECT_EQ(failed.error().message, "changed its mind");
    EXPECT_EQ(get("s", "kept"), "1");
    EXPECT_EQ(get("s", "new"), std::nullopt);
}

TEST_P(MetaStoreContract, AThrowingTransactionHasNoEffect) {
    EXPECT_THROW((void)store_->transact([](Transaction& transaction) -> Result<void> {
        (void)transaction.put("s", "new", "2");
        throw std::runtime_error("thrown");
    }),
                 std::runtime_error);
    EXPECT_EQ(get("s", "new"), std::nullopt);
    ASSERT_TRUE(put("s", "new", "3"));
}

TEST_P(MetaStoreContract, CountersOfManyThreadsLoseNothing) {
    constexpr int threads = 4, rounds = 25;
    std::atomic<int> failures{0};
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
        running.emplace_back([&] {
            for (int round = 0; round < rounds; ++round) {
                const auto counted = store_->transact([](Transaction& transaction) -> Result<void> {
                    const auto value = transaction.get("s", "count");
                    if (!value) return fail(value.error());
                    return transaction.put("s", "count", std::to_string(*value ? std::stoi(**value) + 1 : 1));
                });
                if (!counted) ++failures;
            }
        });
    }
    for (auto& thread : running) thread.join();
    EXPECT_EQ(failures, 0);
    EXPECT_EQ(get("s", "count"), std::to_string(threads * rounds));
}

TEST_P(MetaStoreContract, AViewShowsOneState) {
    ASSERT_TRUE(put("s", "left", "0"));
    ASSERT_TRUE(put("s", "right", "0"));
    std::atomic<bool> stop{false};
    std::thread writer([&] {
        for (int i = 1; !stop; ++i)
            EXPECT_TRUE(store_->transact([&](Transaction& transaction) -> Result<void> {
                CAIRN_TRY(transaction.put("s", "left", std::to_string(i)));
                return transaction.put("s", "right", std::to_string(i));
            }));
    });
    for (int i = 0; i < 200; ++i) {
        const auto viewed = store_->view([](Transaction& transaction) -> Result<void> {
            const auto left = transaction.get("s", "left");
            const auto right = transaction.get("s", "right");
            EXPECT_TRUE(left && right && *left == *right);
            return {};
        });
        EXPECT_TRUE(viewed);
    }
    stop = true;
    writer.join();
}

INSTANTIATE_TEST_SUITE_P(
    Stores, MetaStoreContract,
    ::testing::Values(Kind{"memory", [](const std::string&) { return std::make_unique<support::MemoryMetaStore>(); }},
                      Kind{"sqlite",
                           [](const std::string& folder) -> std::unique_ptr<MetaStore> {
                               auto store = open_sqlite(folder + "/meta.sqlite");
                               EXPECT_TRUE(store);
                               return std::move(*store);
                           }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace cairn
