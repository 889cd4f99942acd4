#include "event/scope.h"

#include <gtest/gtest.h>

using namespace cairn;

TEST(Scope, NothingIsAdmittedUnlessAllowed) {
    EXPECT_FALSE(Scope().admits("111122223333", "us-east-1"));
    EXPECT_FALSE(Scope().admits("", ""));
    EXPECT_TRUE(Scope::all().admits("111122223333", "us-east-1"));
    EXPECT_TRUE(Scope::all().admits("", ""));
}

TEST(Scope, OfOneAccountAndRegion) {
    const auto both = Scope::of("111122223333", "us-east-1");
    EXPECT_TRUE(both.admits("111122223333", "us-east-1"));
    EXPECT_FALSE(both.admits("111122223333", "us-east-2"));
    EXPECT_FALSE(both.admits("444455556666", "us-east-1"));
    EXPECT_FALSE(both.admits("", "us-east-1"));
    EXPECT_TRUE(Scope::of("111122223333", "").admits("111122223333", "anywhere"));
    EXPECT_FALSE(Scope::of("", "").admits("111122223333", "us-east-1"));
    EXPECT_FALSE(Scope::of("*", "").admits("111122223333", "us-east-1")) << "a name is no pattern";
    EXPECT_FALSE(Scope::of("1", "us-*").admits("1", "us-east-1"));
}

TEST(Scope, DenyWins) {
    Scope scope;
    scope.allow({{"1111*"}, {"us-*", "eu-west-?"}});
    scope.deny({{"11119999"}, {}});
    scope.deny({{}, {"us-gov-*"}});
    EXPECT_TRUE(scope.admits("11110000", "us-east-1"));
    EXPECT_TRUE(scope.admits("11110000", "eu-west-3"));
    EXPECT_FALSE(scope.admits("11110000", "eu-central-1"));
    EXPECT_FALSE(scope.admits("11119999", "us-east-1"));
    EXPECT_FALSE(scope.admits("11110000", "us-gov-west-1"));
}

TEST(Scope, AnIntersectionAdmitsWhatBothDo) {
    Scope americas, mine;
    americas.allow({{}, {"us-*", "ca-*"}});
    mine.allow({{"1", "2"}, {}});
    mine.deny({{"2"}, {"us-east-1"}});
    const auto both = americas.intersected(mine).intersected(Scope::all());
    EXPECT_TRUE(both.admits("1", "us-east-1"));
    EXPECT_FALSE(both.admits("2", "us-east-1"));
    EXPECT_TRUE(both.admits("2", "ca-central-1"));
    EXPECT_FALSE(both.admits("1", "eu-west-1"));
    EXPECT_FALSE(both.admits("3", "us-east-1"));
    EXPECT_FALSE(both.intersected(Scope()).admits("1", "us-east-1"));
    EXPECT_FALSE(Scope().intersected(Scope::all()).admits("1", "us-east-1"));
}

TEST(Wildcard, Matches) {
    const struct {
        const char* pattern;
        const char* text;
        bool matches;
    } cases[] = {
        {"", "", true},
        {"", "a", false},
        {"*", "", true},
        {"*", "abc", true},
        {"?", "", false},
        {"?", "a", true},
        {"a?c", "abc", true},
        {"a*c", "ac", true},
        {"a*c", "abcbc", true},
        {"a*c", "abcb", false},
        {"*b*", "abc", true},
        {"**", "x", true},
        {"a**?", "ab", true},
        {"a**?", "a", false},
        {"A", "a", false},
        {"*.amazonaws.com", "s3.amazonaws.com", true},
        {"s3*com*", "s3.amazonaws.com", true},
        {"us-?ast-*", "us-east-1", true},
        {"*a*b*c", "aabbcc", true},
        {"*abab", "abaabab", true},
    };
    for (const auto& row : cases)
        EXPECT_EQ(wildcard_matches(row.pattern, row.text), row.matches) << row.pattern << " " << row.text;
}

TEST(Wildcard, ManyStarsDoNotExplode) {
    std::string pattern, text(5000, 'a');
    for (int i = 0; i < 500; ++i) pattern += "*a";
    EXPECT_FALSE(wildcard_matches(pattern + "b", text));
    EXPECT_TRUE(wildcard_matches(pattern + "*", text));
}
