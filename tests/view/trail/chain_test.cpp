#include "view/trail/chain.h"

#include <utility>

#include <gtest/gtest.h>

#include "base/json.h"
#include "sign/seal.h"
#include "support/memory_meta_store.h"

namespace cairn::trail {
namespace {

using std::chrono::minutes;

class ChainTest : public testing::Test {
protected:
    void SetUp() override {
        trail_.name = "one";
        trail_.account = name_.account;
        trail_.home_region = name_.region;
        trail_.bucket = "bucket";
        digests([&](Transaction& transaction, const ChainContext& context) {
            return begin_chain(transaction, name_, context, now_);
        });
    }

    template <class Work>
    std::size_t digests(Work&& work) {
        const auto key = keys_.current(name_.region, now_);
        EXPECT_TRUE(key);
        std::size_t count = 0;
        EXPECT_TRUE(store_.transact([&](Transaction& transaction) -> Result<void> {
            const auto made = work(transaction, ChainContext{trail_, &*key, std::chrono::hours(1)});
            if (!made) return fail(made.error());
            count = made->size();
            return {};
        }));
        return count;
    }
    /// How many digests the next `time` makes.
    std::size_t pass(minutes time) {
        now_ += time;
        return digests([&](Transaction& transaction, const ChainContext& context) {
            return close_windows(transaction, name_, context, now_, 100);
        });
    }
    Time open() {
        EXPECT_TRUE(store_.transact([&](Transaction& transaction) { return open_file(transaction, name_, now_); }));
        return std::exchange(now_, now_ + minutes(1));
    }
    void publish(Time planned) {
        EXPECT_TRUE(store_.transact([&](Transaction& transaction) {
            return add_file(transaction, name_, {"bucket", "key", "hash", now_, now_}, planned, now_);
        }));
    }
    void end() {
        EXPECT_TRUE(store_.transact([&](Transaction& transaction) { return end_chain(transaction, name_, now_); }));
        now_ += minutes(1);
    }
    Chain chain() {
        Chain found;
        EXPECT_TRUE(store_.view([&](Transaction& transaction) -> Result<void> {
            auto loaded = load_chain(transaction, name_);
            if (!loaded) return fail(loaded.error());
            found = *loaded;
            return {};
        }));
        return found;
    }

    support::MemoryMetaStore store_;
    sign::SecretBox box_{std::string(32, 'k')};
    SigningKeys keys_{store_, box_};
    Trail trail_;
    const ChainName name_{"id", "111122223333", "us-east-1"};
    Time now_ = *parse_time("2026-11-21T15:00:00Z");
};

TEST_F(ChainTest, EndsOnceTheFilesFromBeforeAreInADigest) {
    const auto early = open();
    end();
    EXPECT_EQ(pass(minutes(60)), 1u);
    EXPECT_TRUE(chain().active) << "a file is on its way";
    publish(early);
    EXPECT_EQ(pass(minutes(60)), 1u);
    EXPECT_FALSE(chain().active);
    EXPECT_EQ(pass(minutes(60)), 0u);
}

TEST_F(ChainTest, EndsAlthoughThereIsAlwaysAFileOnItsWay) {
    const auto early = open();
    end();
    const auto late = open();
    publish(early);
    const auto later = open();
    publish(late);
    EXPECT_EQ(pass(minutes(60)), 1u);
    EXPECT_FALSE(chain().active);
    EXPECT_EQ(chain().open_files, 1u);
    publish(later);
    EXPECT_EQ(chain().open_files, 0u);
}

TEST_F(ChainTest, CountsAllItsFilesWhenItGoesOn) {
    const auto early = open();
    end();
    const auto late = open();
    digests([&](Transaction& transaction, const ChainContext& context) {
        return begin_chain(transaction, name_, context, now_);
    });
    EXPECT_FALSE(chain().ending);
    EXPECT_EQ(chain().open_files, 2u);
    publish(early);
    publish(late);
    EXPECT_EQ(chain().open_files, 0u);
}

TEST_F(ChainTest, BeginsBeforeThereIsAKey) {
    end();
    EXPECT_EQ(pass(minutes(60)), 1u);
    ASSERT_FALSE(chain().active);
    const auto begin = now_;
    EXPECT_TRUE(store_.transact([&](Transaction& transaction) -> Result<void> {
        const auto made = begin_chain(transaction, name_, {trail_, nullptr, std::chrono::hours(1)}, begin);
        EXPECT_TRUE(made && made->empty());
        return {};
    }));
    EXPECT_TRUE(chain().active);
    publish(open());
    end();  // and is stopped before one is there
    std::vector<DigestToDeliver> made;
    now_ = begin + minutes(60);
    digests([&](Transaction& transaction, const ChainContext& context) {
        auto closed = close_windows(transaction, name_, context, now_, 100);
        if (closed) made = *closed;
        return closed;
    });
    ASSERT_EQ(made.size(), 2u);
    const auto starting = parse_json(made[0].digest.json), last = parse_json(made[1].digest.json);
    EXPECT_EQ(starting->text("digestStartTime"), format_time(begin - minutes(60)));
    EXPECT_EQ(starting->text("digestEndTime"), format_time(begin));
    EXPECT_TRUE(starting->find("logFiles")->as_array().empty());
    EXPECT_EQ(last->text("previousDigestSignature"), made[0].digest.signature);
    EXPECT_EQ(last->find("logFiles")->as_array().size(), 1u) << "published before there was a key";
    EXPECT_FALSE(chain().active);
}

TEST_F(ChainTest, AFileThatIsGivenUpKeepsItNoLonger) {
    const auto early = open();
    end();
    ASSERT_TRUE(store_.transact([&](Transaction& transaction) { return drop_file(transaction, name_, early); }));
    EXPECT_EQ(pass(minutes(60)), 1u);
    EXPECT_FALSE(chain().active);
}

}  // namespace
}  // namespace cairn::trail
