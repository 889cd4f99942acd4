#include "view/trail/digest.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "sign/digest.h"

namespace cairn::trail {
namespace {

Time at(std::string_view text) { return *parse_time(text); }

TEST(Digest, ItsKeyEndsWithTheEndTime) {
    EXPECT_EQ(digest_key({.prefix = "p",
                          .organization = "",
                          .account = "111122223333",
                          .region = "us-west-2",
                          .trail = "my_trail-1.x",
                          .home_region = "us-east-1",
                          .end = at("2026-11-28T16:29:23Z")}),
              "p/AWSLogs/111122223333/CloudTrail-Digest/us-west-2/2026/11/28/"
              "111122223333_CloudTrail-Digest_us-west-2_my_trail-1.x_us-east-1_20261128T162923Z.json.gz");
}

TEST(Digest, HasTheFieldsOfTheServiceInTheirOrder) {
    const auto key = sign::RsaKey::generate();
    Digest digest{.account = "111122223333",
                  .start = at("2026-11-28T14:29:23Z"),
                  .end = at("2026-11-28T15:29:23Z"),
                  .bucket = "b",
                  .key = "k",
                  .fingerprint = "f",
                  .previous = std::nullopt,
                  .files = {}};
    const auto first = sign_digest(digest, key);
    EXPECT_EQ(
        first.json,
        R"({"awsAccountId":"111122223333","digestStartTime":"2026-11-28T14:29:23Z","digestEndTime":"2026-11-28T15:29:23Z",)"
        R"("digestS3Bucket":"b","digestS3Object":"k","digestPublicKeyFingerprint":"f","digestSignatureAlgorithm":"SHA256withRSA",)"
        R"("newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,)"
        R"("previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]})");
    EXPECT_EQ(first.hash, sign::sha256_hex(first.json));

    digest.previous = PreviousDigest{"b", "k", first.hash, first.signature};
    digest.key = "k2";
    digest.files = {{"b", "l1", "h1", at("2026-11-28T15:00:00Z"), at("2026-11-28T14:50:00Z")},
                    {"b", "l2", "h2", at("2026-11-28T14:59:00Z"), at("2026-11-28T14:40:00Z")}};
    const auto second = sign_digest(digest, key);
    EXPECT_NE(
        second.json.find(
            R"("newestEventTime":"2026-11-28T15:00:00Z","oldestEventTime":"2026-11-28T14:40:00Z","previousDigestS3Bucket":"b",)"
            R"("previousDigestS3Object":"k","previousDigestHashValue":")" +
            first.hash + R"(","previousDigestHashAlgorithm":"SHA-256","previousDigestSignature":")" + first.signature +
            R"(","logFiles":[{)"
            R"("s3Bucket":"b","s3Object":"l1","hashValue":"h1","hashAlgorithm":"SHA-256",)"
            R"("newestEventTime":"2026-11-28T15:00:00Z","oldestEventTime":"2026-11-28T14:50:00Z"},)"),
        std::string::npos)
        << second.json;
    EXPECT_EQ(sign_digest(digest, key).signature, second.signature);
    const auto said = "2026-11-28T15:29:23Z\nb/k2\n" + second.hash + "\n" + first.signature;
    EXPECT_TRUE(*sign::rsa_verify(key.public_der(), said, *from_hex(second.signature)));
    EXPECT_TRUE(*sign::rsa_verify(key.public_der(), "2026-11-28T15:29:23Z\nb/k\n" + first.hash + "\nnull",
                                  *from_hex(first.signature)));
}

}  // namespace
}  // namespace cairn::trail
