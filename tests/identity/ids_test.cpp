#include "identity/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace cairn::identity {
namespace {

/// Reads the account out of an access key id, as the tools do.
std::uint64_t account_in(const std::string& key_id) {
    std::uint64_t bits = 0;
    for (const char letter : key_id.substr(4, 10))
        bits = bits << 5 | static_cast<std::uint64_t>(letter >= 'A' ? letter - 'A' : letter - '2' + 26);
    return (bits >> 2 & 0x7fffffffff80) >> 7;
}

TEST(Ids, HaveTheFormsOfIam) {
    for (const auto* account : {"111122223333", "000000000000", "999999999999", "123456789012"}) {
        const auto id = new_access_key_id(account);
        EXPECT_EQ(id.size(), 20u);
        EXPECT_TRUE(id.starts_with("AKIA"));
        EXPECT_EQ(id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"), std::string::npos);
        EXPECT_EQ(account_in(id), std::stoull(account));
    }
    EXPECT_EQ(new_secret().size(), 40u);
    EXPECT_EQ(new_token_id().size(), 22u);
    EXPECT_TRUE(new_token_id().starts_with("cairn-"));
    EXPECT_EQ(new_token().size(), 46u);
    EXPECT_EQ(new_unique_id("AIDA").size(), 21u);
    EXPECT_EQ(named_unique_id("AROA", "x"), named_unique_id("AROA", "x"));
    EXPECT_NE(named_unique_id("AROA", "x"), named_unique_id("AROA", "y"));
}

TEST(Ids, AreNotRepeated) {
    std::set<std::string> ids;
    for (int i = 0; i < 1000; ++i) ids.insert(new_access_key_id("111122223333"));
    EXPECT_EQ(ids.size(), 1000u);
}

TEST(Ids, AccountsAreTwelveDigits) {
    EXPECT_TRUE(is_account_id("012345678901"));
    for (const auto* text : {"", "12345678901", "1234567890123", "12345678901a", "12345678901 "})
        EXPECT_FALSE(is_account_id(text)) << text;
}

}  // namespace
}  // namespace cairn::identity
