#include "cli/search_flags.h"

#include <gtest/gtest.h>

using namespace cairn;
using namespace cairn::cli;

namespace {

SearchFlags flags_of(std::vector<std::string> words) {
    SearchFlags flags;
    flags.words = std::move(words);
    return flags;
}

}  // namespace

TEST(SearchFlags, WordsAreOneSearch) {
    EXPECT_EQ(flags_of({}).query(), "");
    EXPECT_EQ(flags_of({"user=ana", "-readOnly=true"}).query(), "user=ana -readOnly=true");
    auto flags = flags_of({"user=ana"});
    flags.account = "111122223333";
    flags.only_region = "eu-west-1";
    const auto request = flags.request();
    ASSERT_TRUE(request);
    EXPECT_EQ(to_text(*request), R"({"q":"user=ana","acct":"111122223333","region":"eu-west-1"})");
}

TEST(SearchFlags, AnErrorMarksItsPlace) {
    const struct {
        const char* search;
        const char* message;
    } cases[] = {
        {"user=ana eventNme=x",
         "unknown field \"eventNme\": did you mean eventName, or the text, in quotes?\n"
         "    user=ana eventNme=x\n"
         "             ^"},
        {"(a", "'(' without ')'\n    (a\n    ^"},
        {"a or", "nothing follows \"or\"\n    a or\n      ^"},
        {"f\xc3\xbcr\tfoo=1", "unknown field \"foo\"; quote it to look for the text\n    f\xc3\xbcr foo=1\n        ^"},
    };
    for (const auto& row : cases) {
        const auto query = flags_of({row.search}).query();
        ASSERT_FALSE(query) << row.search;
        EXPECT_EQ(query.error().message, row.message);
    }
    const auto deep = flags_of({std::string(500, 'a') + " foo=1 " + std::string(500, 'b')}).query();
    ASSERT_FALSE(deep);
    EXPECT_LT(deep.error().message.size(), 250u);
    EXPECT_TRUE(deep.error().message.ends_with("\n    " + std::string(60, ' ') + "^"));
}

TEST(SearchFlags, NegatedTermsAreNoOptions) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(guarded_arguments({"lookup", "-readOnly=true", "-has:errorCode", "-$.a.b>1", "-user in (a)", "--from",
                                 "-2h", "-o", "json", "-o=json", "-h"}),
              (Words{"lookup", " -readOnly=true", " -has:errorCode", " -$.a.b>1", " -user in (a)", "--from", "-2h",
                     "-o", "json", "-o=json", "-h"}));
    EXPECT_EQ(guarded_arguments({"import", "-a=b"}), (Words{"import", "-a=b"}));
    EXPECT_EQ(guarded_arguments({}), Words{});
}

TEST(SearchFlags, NothingFoundTeachesWildcards) {
    EXPECT_EQ(hint_for_nothing("user=ana"), "");
    EXPECT_EQ(hint_for_nothing("has:$.a.*"), "");
    EXPECT_NE(hint_for_nothing("eventName=Run*").find("FIELD^TEXT"), std::string::npos);
}
