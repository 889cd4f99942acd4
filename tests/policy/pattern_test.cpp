#include "policy/pattern.h"

#include <gtest/gtest.h>

#include "policy/network.h"

namespace cairn::policy {
namespace {

Glob glob_of(std::string_view text) {
    Glob glob;
    glob.add_with_wildcards(text);
    return glob;
}

TEST(Glob, Matches) {
    const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"", "", true},       {"", "a", false},      {"*", "", true},           {"*", "anything", true},
        {"a*", "a", true},    {"a*c", "abbc", true}, {"a*c", "abcd", false},    {"a?c", "abc", true},
        {"a?c", "ac", false}, {"**", "x", true},     {"*a*b*", "xxaxxb", true}, {"*a*b*", "ba", false},
        {"a", "A", false},    {"*ab", "aab", true},  {"?*", "", false},         {"?", "\xff", true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.pattern) + " on " + row.text);
        EXPECT_EQ(glob_of(row.pattern).matches(row.text), row.matches);
    }
}

TEST(Glob, HostilePatternsStayQuick) {
    const std::string text(20'000, 'a');
    EXPECT_FALSE(glob_of("*a*a*a*a*a*a*a*a*a*a*b").matches(text));
}

TEST(Glob, MatchesArnPartByPart) {
    const struct {
        const char *pattern, *arn;
        bool matches;
    } cases[] = {
        {"arn:aws:iam::111122223333:user/*", "arn:aws:iam::111122223333:user/ana", true},
        {"arn:aws:iam::111122223333:user/*", "arn:aws:iam::444455556666:user/ana", false},
        {"arn:*:user/ana", "arn:aws:iam::111122223333:user/ana", false},  // a wildcard stays within its part
        {"arn:aws:*:*:*:trail/x", "arn:aws:cloudtrail:us-east-1:111122223333:trail/x", true},
        {"arn:aws:s3:::*", "arn:aws:s3:::b/k:with:colons", true},
        {"arn:aws:s3", "arn:aws:s3:::b", true},  // missing parts are completed
        {"arn:aws:s3", "arn:aws:s3", false},
        {"arn:aws:s3:::b", "*", false},
        {"arn:aws:s3:::b", "arn:aws:s3::b", false},
        {"arn:aws:s3:::", "arn:aws:s3:::b", false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.pattern) + " on " + row.arn);
        EXPECT_EQ(glob_of(row.pattern).matches_arn(row.arn), row.matches);
    }
}

TEST(Pattern, PutsVariablesInAsLiteralText) {
    const Context context = {{"aws:UserName", "ana"}, {"odd", "*"}, {"many", "1"}, {"MANY", "2"}};
    const struct {
        const char *pattern, *text;
        std::optional<bool> matches;
    } cases[] = {
        {"home/${aws:username}/*", "home/ana/x", true},
        {"home/${AWS:Username}/*", "home/bob/x", false},
        {"${odd}", "*", true},
        {"${odd}", "anything", false},  // the value's star is no wildcard
        {"${absent}", "", std::nullopt},
        {"${many}", "1", std::nullopt},
        {"${absent, 'nobody'}", "nobody", true},
        {"${absent,''}x", "x", true},
        {"${*}${?}${$}", "*?$", true},
        {"${*}", "x", false},
        {"$x", "$x", true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.pattern);
        const auto pattern = Pattern::parse(row.pattern, {});
        ASSERT_TRUE(pattern) << pattern.error().message;
        EXPECT_EQ(pattern->satisfies(context, [&](const Glob& glob) { return glob.matches(row.text); }), row.matches);
    }
}

TEST(Pattern, RefusesBrokenVariables) {
    for (const auto* text : {"${", "${aws:username", "${}", "${ , 'x'}", "${a, b}", "${a, 'b}", "${a,'}"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(Pattern::parse(text, {}));
        EXPECT_TRUE(Pattern::parse(text, {.wildcards = true, .variables = false}));
    }
}

TEST(Network, Contains) {
    const struct {
        const char *network, *address;
        bool contains;
    } cases[] = {
        {"10.0.0.0/8", "10.255.0.1", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3/8", "10.9.9.9", true},  // bits behind the prefix do not count
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.200", true},
        {"192.0.2.7", "192.0.2.7", true},
        {"192.0.2.7", "192.0.2.8", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "203.0.113.9", false},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", true},  // as dual-stack sockets print IPv4
        {"::ffff:10.0.0.0/104", "10.0.0.1", true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.network) + " and " + row.address);
        const auto network = parse_network(row.network), address = parse_network(row.address);
        ASSERT_TRUE(network && address);
        EXPECT_EQ(network->contains(*address), row.contains);
    }
}

TEST(Network, RefusesWhatIsNoAddress) {
    for (const auto* text :
         {"", "10", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "a.b.c.d", "10.0.0.256"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(parse_network(text));
    }
}

}  // namespace
}  // namespace cairn::policy
