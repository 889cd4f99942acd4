#include "sign/rsa.h"

#include <gtest/gtest.h>

#include "base/bytes.h"

namespace cairn::sign {
namespace {

TEST(RsaKey, SignsWhatItsPublicKeyVerifies) {
    const auto key = RsaKey::generate();
    const auto signature = key.sign("what was said");
    EXPECT_EQ(signature.size(), 256u);
    EXPECT_EQ(signature, key.sign("what was said"));
    const auto verified = rsa_verify(key.public_der(), "what was said", signature);
    ASSERT_TRUE(verified) << verified.error().message;
    EXPECT_TRUE(*verified);
    EXPECT_FALSE(*rsa_verify(key.public_der(), "what was said ", signature));
    EXPECT_FALSE(*rsa_verify(RsaKey::generate().public_der(), "what was said", signature));
    EXPECT_FALSE(*rsa_verify(key.public_der(), "what was said", ""));
    EXPECT_FALSE(*rsa_verify(key.public_der(), "what was said", std::string(256, '\0')));
}

TEST(RsaKey, ComesBackFromItsPrivateDer) {
    const auto key = RsaKey::generate();
    const auto again = RsaKey::from_private_der(key.private_der());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_der(), key.public_der());
    EXPECT_EQ(again->sign("x"), key.sign("x"));
    const auto der = key.private_der();
    for (const auto size : {std::size_t{0}, std::size_t{1}, der.size() / 2, der.size() - 1})
        EXPECT_EQ(RsaKey::from_private_der(der.substr(0, size)).error().code, Code::corrupt) << size;
    EXPECT_EQ(rsa_verify("no key", "x", "y").error().code, Code::invalid);
}

// A 2048-bit key with exponent 65537 has 270 bytes in PKCS#1 (CloudTrail API reference, "PublicKey").
TEST(RsaKey, ThePublicKeyIsPkcs1) {
    const auto der = RsaKey::generate().public_der();
    EXPECT_EQ(der.size(), 270u);
    EXPECT_EQ(to_hex(der.substr(0, 4)), "3082010a");
    EXPECT_EQ(to_hex(der.substr(265)), "0203010001");
    EXPECT_EQ(rsa_fingerprint(der).size(), 32u);
}

TEST(RsaKey, TheFingerprintIsTheMd5OfTheKey) { EXPECT_EQ(rsa_fingerprint("abc"), "900150983cd24fb0d6963f7d28e17f72"); }

}  // namespace
}  // namespace cairn::sign
