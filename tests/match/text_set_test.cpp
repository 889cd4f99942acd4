#include "match/text_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace cairn::match;

TEST(TextSet, AnswersAsALookAtEveryTextDoes) {
    std::mt19937 random(20);
    const auto text = [&](std::size_t longest) {
        std::string made(random() % (longest + 1), ' ');
        for (auto& c : made) c = "ab\xc3"[random() % 3];
        return made;
    };
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::string> texts;
        for (auto left = random() % 6; left > 0; --left) texts.push_back(text(4));
        const TextSet whole(texts);
        const PrefixSet prefixes(texts);
        const SuffixSet suffixes(texts);
        for (int i = 0; i < 20; ++i) {
            const auto value = text(6);
            SCOPED_TRACE(testing::PrintToString(texts) + " " + value);
            EXPECT_EQ(whole.holds(value), std::ranges::any_of(texts, [&](const auto& one) { return value == one; }));
            EXPECT_EQ(prefixes.begins(value),
                      std::ranges::any_of(texts, [&](const auto& one) { return value.starts_with(one); }));
            EXPECT_EQ(suffixes.ends(value),
                      std::ranges::any_of(texts, [&](const auto& one) { return value.ends_with(one); }));
        }
    }
}
