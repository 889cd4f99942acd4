#include "sign/sigv2.h"

#include <gtest/gtest.h>

namespace cairn::sign {
namespace {

// The keys, the request and the signature of the user guide's example.
const Credentials smith{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
constexpr Time end{std::chrono::seconds(1'175'139'620)};
constexpr auto just_before = end - std::chrono::milliseconds(1);
constexpr const char* puppy =
    "/photos/"
    "puppy.jpg?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620";

std::string verified(const std::string& target, const std::string& bucket = "", Time now = just_before,
                     const char* method = "GET", const Headers& headers = {{"Host", "s3"}}) {
    const auto presented = read_presigned_v2(target);
    if (!presented) return presented.error().message;
    if (!*presented) return "not signed";
    const auto fits = verify_v2({method, target, &headers, {}}, bucket, **presented, smith.secret_key, now);
    return fits ? "fits" : fits.error().message.substr(0, 21);
}

TEST(SigV2, TheExampleOfTheUserGuide) {
    EXPECT_EQ(verified(puppy, "johnsmith"), "fits");
    EXPECT_EQ(verified(puppy), "The request signature") << "the bucket is signed";
    EXPECT_EQ(verified(puppy, "johnsmith", just_before, "HEAD"), "The request signature");
    EXPECT_EQ(verified(puppy, "johnsmith", end), "Request has expired");
    EXPECT_EQ(verified("/johnsmith" + std::string(puppy)), "fits") << "path style signs the same";
}

TEST(SigV2, WhatIsSigned) {
    const Headers headers{{"Host", "s3"}};
    const auto signed_url = [&](const std::string& target, const Credentials& by = smith) {
        return presign_v2({"GET", target, &headers, {}}, "", by, end);
    };
    EXPECT_EQ(verified(signed_url("/b/key%20%C3%A9?versionId=null&response-content-type=text%2Fplain")), "fits");
    EXPECT_EQ(verified(signed_url("/b?acl")), "fits");
    EXPECT_EQ(verified(signed_url("/b?prefix=x") + "&prefix=y"), "fits") << "what is listed is not signed";
    EXPECT_EQ(verified(signed_url("/b/key") + "&versionId=null"), "The request signature");
    EXPECT_EQ(verified(signed_url("/b/key") + "&x-amz-meta-a=1"), "The request signature");
    auto later = signed_url("/b/key");
    later.replace(later.find("1175139620"), 10, "1175139621");
    EXPECT_EQ(verified(later), "The request signature");
    const auto of_session = signed_url("/b/key", {smith.access_key_id, smith.secret_key, "a token/+="});
    EXPECT_EQ(verified(of_session), "fits");
    EXPECT_EQ((*read_presigned_v2(of_session))->security_token, "a token/+=");
    EXPECT_EQ(verified(signed_url("/b/key"), "", just_before, "GET", {{"Host", "s3"}, {"X-Amz-Acl", "private"}}),
              "The request signature");
}

TEST(SigV2, WhatIsMissing) {
    EXPECT_EQ(verified("/b/key"), "not signed");
    EXPECT_EQ(verified("/b/key?Signature=x&Expires=1"), "not signed");
    for (const char* target :
         {"/b?AWSAccessKeyId=a", "/b?AWSAccessKeyId=a&Signature=x", "/b?AWSAccessKeyId=a&Expires=1"})
        EXPECT_EQ(verified(target),
                  "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters");
    for (const char* expires : {"soon", "-1", "1.5", "99999999999999", "1%20"})
        EXPECT_TRUE(
            verified("/b?AWSAccessKeyId=a&Signature=x&Expires=" + std::string(expires)).starts_with("Invalid date"))
            << expires;
}

}  // namespace
}  // namespace cairn::sign
