#include "sign/seal.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "sign/digest.h"

namespace cairn::sign {
namespace {

TEST(SecretBox, OpensWhatItSealed) {
    const SecretBox box(std::string(32, 'k'));
    for (const std::string& secret : {std::string(), std::string("s"), std::string(1000, '\0')})
        for (const char* context : {"", "AKIA1"}) {
            const auto opened = box.open(box.seal(secret, context), context);
            ASSERT_TRUE(opened);
            EXPECT_EQ(*opened, secret);
        }
    EXPECT_NE(box.seal("secret", "id"), box.seal("secret", "id"));
}

// version 1, nonce 00..0b, AES-256-GCM as another library computes it
TEST(SecretBox, OpensAFixedText) {
    const SecretBox box(std::string(32, 'k'));
    const auto opened =
        box.open(*from_hex("01000102030405060708090a0b0bfd934168b4e31b63e836e916a07c6dfc89c9498d42098ea88c7f2b26ae97"),
                 "AKIAGOLDEN");
    ASSERT_TRUE(opened);
    EXPECT_EQ(*opened, "a golden secret");
}

TEST(SecretBox, OtherKeyOrContextDoesNotOpen) {
    const SecretBox box(std::string(32, 'k')), other(std::string(32, 'l'));
    const auto sealed = box.seal("secret", "AKIA1");
    EXPECT_EQ(box.open(sealed, "AKIA2").error().code, Code::corrupt);
    EXPECT_EQ(other.open(sealed, "AKIA1").error().code, Code::corrupt);
}

TEST(SecretBox, DamageAtEveryByteIsNoticed) {
    const SecretBox box(std::string(32, 'k'));
    const auto sealed = box.seal("secret", "AKIA1");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto damaged = sealed;
        damaged[i] ^= 1;
        EXPECT_FALSE(box.open(damaged, "AKIA1")) << i;
        EXPECT_FALSE(box.open(std::string_view(sealed).substr(0, i), "AKIA1")) << i;
    }
}

TEST(Digest, KnownValues) {
    EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
    // RFC 4231 test cases 1, 2 and 6
    EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, Compares) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("ab", "ab"));
    EXPECT_FALSE(equal_in_constant_time("ab", "ac"));
    EXPECT_FALSE(equal_in_constant_time("ab", "abc"));
}

}  // namespace
}  // namespace cairn::sign
