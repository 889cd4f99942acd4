#include "view/trail/key_maker.h"

#include <gtest/gtest.h>

#include "sign/seal.h"
#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::trail {
namespace {

class KeyMakerTest : public testing::Test {
protected:
    SigningKeys::Found find(const std::string& region) {
        auto found = keys_.find(region, clock_.now());
        EXPECT_TRUE(found);
        return found ? *found : SigningKeys::Found{};
    }
    SigningKeys::Found await(const std::string& region) {
        for (int tries = 0; tries < 1000 && find(region).wants_new; ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        return find(region);
    }

    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    sign::SecretBox box_{std::string(32, 'k')};
    SigningKeys keys_{store_, box_};
};

TEST_F(KeyMakerTest, MakesWhatIsWantedWhileOthersLook) {
    EXPECT_FALSE(find("a").key);
    EXPECT_TRUE(find("a").wants_new);
    KeyMaker maker(keys_, clock_);
    for (const char* region : {"a", "b", "c", "a"}) maker.want(region);
    EXPECT_FALSE(find("c").key) << "to look does not wait";
    for (const char* region : {"a", "b", "c"}) EXPECT_TRUE(await(region).key) << region;
    EXPECT_EQ(keys_.list("a", Time{}, clock_.now())->size(), 1u) << "wanted twice, made once";
    EXPECT_FALSE(find("d").key);
}

TEST_F(KeyMakerTest, TheNextKeyIsMadeBeforeTheLastOneEnds) {
    KeyMaker maker(keys_, clock_);
    maker.want("a");
    const auto first = await("a").key;
    ASSERT_TRUE(first);
    clock_.advance(std::chrono::days(29));
    const auto ending = find("a");
    EXPECT_TRUE(ending.wants_new);
    ASSERT_TRUE(ending.key);
    EXPECT_EQ(ending.key->shown.fingerprint, first->shown.fingerprint) << "it signs until there is another";
    maker.want("a");
    const auto next = await("a").key;
    ASSERT_TRUE(next);
    EXPECT_NE(next->shown.fingerprint, first->shown.fingerprint);
    EXPECT_EQ(keys_.list("a", clock_.now(), clock_.now())->size(), 2u) << "both are valid for a day";
}

}  // namespace
}  // namespace cairn::trail
