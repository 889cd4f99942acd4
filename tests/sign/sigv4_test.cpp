#include "sign/sigv4.h"

#include <thread>

#include <gtest/gtest.h>

#include "sign/digest.h"

namespace cairn::sign {
namespace {

const Credentials root{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
const std::string empty_hash = sha256_hex("");

Time at(const char* amz_date) { return *parse_amz_date(amz_date); }

/// A request signed at 12:36:00, to be bent by the tests.
struct Signed {
    Headers headers{{"Host", "cairn.example"}};
    std::string method = "POST", target = "/", body_hash = empty_hash;

    explicit Signed(std::string target_text = "/") : target(std::move(target_text)) {
        for (auto& header :
             sign({method, target, &headers, body_hash}, root, "us-east-1", "cloudtrail", at("20150830T123600Z")))
            headers.push_back(std::move(header));
    }

    SignedParts parts() const { return {method, target, &headers, body_hash}; }

    std::expected<void, Refusal> verified(Time now = at("20150830T123600Z")) const {
        auto presented = read_signature(parts());
        if (!presented) return std::unexpected(presented.error());
        return verify(parts(), *presented, root.secret_key, now);
    }

    std::string& value(std::string_view name) {
        for (auto& [key, text] : headers)
            if (key == name) return text;
        return headers.emplace_back(name, "").second;
    }
};

std::string message(const std::expected<void, Refusal>& result) { return result ? "" : result.error().message; }

TEST(SigV4, SignedRequestsVerify) {
    for (const char* target : {"/", "", "/a/b", "/a%20b/?x=1&y=%2B&x=0", "/ingest?a", "/x?a=b=c", "/%", "/?%zz=%4"}) {
        SCOPED_TRACE(target);
        EXPECT_EQ(message(Signed(target).verified()), "");
    }
}

TEST(SigV4, EveryChangeIsNoticed) {
    const char* text =
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details.";
    const std::pair<const char*, void (*)(Signed&)> changes[] = {
        {"method", [](Signed& s) { s.method = "GET"; }},
        {"path", [](Signed& s) { s.target = "/other"; }},
        {"query", [](Signed& s) { s.target = "/?a=b"; }},
        {"host", [](Signed& s) { s.value("Host") = "other.example"; }},
        {"body", [](Signed& s) { s.body_hash = sha256_hex("other"); }},
        {"hash header", [](Signed& s) { s.value("X-Amz-Content-Sha256") = "UNSIGNED-PAYLOAD"; }},
        {"date", [](Signed& s) { s.value("X-Amz-Date") = "20150830T123601Z"; }},
        {"signature", [](Signed& s) { s.value("Authorization").back() ^= 1; }},
        {"short signature", [](Signed& s) { s.value("Authorization").pop_back(); }},
        {"repeated header", [](Signed& s) { s.headers.emplace_back("host", "second.example"); }},
    };
    for (const auto& [name, change] : changes) {
        SCOPED_TRACE(name);
        Signed request;
        change(request);
        const auto result = request.verified();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().problem, Problem::mismatch);
        EXPECT_EQ(result.error().message, text);
    }
}

TEST(SigV4, UnsignedHeadersMayChange) {
    Signed request;
    request.headers.emplace_back("User-Agent", "curl");
    EXPECT_TRUE(request.verified());
}

TEST(SigV4, QueryValuesMayComeUnencoded) {
    Signed request("/?prefix=a%2Fb&x=%E1%88%B4&y=a%20b&z=");
    for (const char* target : {"/?prefix=a/b&x=\xe1\x88\xb4&y=a+b&z", "/?z=&y=a b&x=%e1%88%b4&prefix=a%2fb",
                               "/?&&prefix=a/b&x=%E1%88%B4&y=a%20b&z&"}) {
        SCOPED_TRACE(target);
        request.target = target;
        EXPECT_TRUE(request.verified());
    }
    request.target = "/?prefix=a%2Fb&x=%E1%88%B4&y=a%2Bb&z=";
    EXPECT_FALSE(request.verified());
}

TEST(SigV4, Skew) {
    const Signed request;
    EXPECT_TRUE(request.verified(at("20150830T124100Z")));
    EXPECT_TRUE(request.verified(at("20150830T123100Z")));
    const auto late = request.verified(at("20260101T000500Z"));
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().problem, Problem::expired);
    EXPECT_EQ(late.error().message,
              "Signature expired: 20150830T123600Z is now earlier than 20260101T000000Z (20260101T000500Z - 5 min.)");
    const auto early = request.verified(at("20150830T123059Z"));
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().problem, Problem::expired);
    EXPECT_EQ(
        early.error().message,
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)");
}

TEST(SigV4, QueryFormExpires) {
    const Headers headers{{"Host", "cairn.example"}};
    const auto target = sign_query({"GET", "/a", &headers, empty_hash}, root, "us-east-1", "s3", at("20150830T123600Z"),
                                   std::chrono::seconds(60));
    const SignedParts parts{"GET", target, &headers, empty_hash};
    const auto presented = read_signature(parts);
    ASSERT_TRUE(presented);
    EXPECT_TRUE(presented->query_form);
    EXPECT_EQ(presented->expires_seconds, 60);
    EXPECT_TRUE(verify(parts, *presented, root.secret_key, at("20150830T123700Z")));
    EXPECT_EQ(message(verify(parts, *presented, root.secret_key, at("20150830T123701Z"))),
              "Signature expired: 20150830T123700Z is now earlier than 20150830T123701Z");
}

TEST(SigV4, WhatIsMissingIsNamed) {
    const std::string credential = "Credential=AKID/20150830/us-east-1/cloudtrail/aws4_request",
                      headers = "SignedHeaders=host;x-amz-date", signature = "Signature=00",
                      algorithm = "AWS4-HMAC-SHA256 ";
    const auto no = [](const char* name) {
        return "Authorization header requires '" + std::string(name) + "' parameter. ";
    };
    const struct {
        std::string authorization, date, begins;
    } cases[] = {
        {algorithm + headers + ", " + signature, "20150830T123600Z", no("Credential") + "(Hashed with"},
        {algorithm + credential + ", " + headers, "20150830T123600Z", no("Signature") + "(Hashed with"},
        {algorithm + credential + ", " + signature, "20150830T123600Z", no("SignedHeaders") + "(Hashed with"},
        {algorithm, "20150830T123600Z", no("Credential") + no("Signature") + no("SignedHeaders") + "(Hashed"},
        {algorithm + credential + ", " + headers + ", " + signature, "",
         "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed"},
        {algorithm + credential + ", " + headers + ", " + signature, "2015-08-30T12:36:00Z",
         "Date must be in ISO-8601 'basic format'. Got '2015-08-30T12:36:00Z'."},
        {algorithm + "Credential=AKID/20150830, " + headers + ", " + signature, "20150830T123600Z",
         "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
         "'AKID/20150830'."},
        {algorithm + "Credential=AKID/20150830//cloudtrail/aws4_request, " + headers + ", " + signature,
         "20150830T123600Z",
         "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got "
         "'AKID/20150830//cloudtrail/aws4_request'."},
        {algorithm + "rubbish", "20150830T123600Z",
         "Invalid key=value pair (missing equal-sign) in Authorization header"},
        {"AWS4-HMAC-SHA1 " + credential, "20150830T123600Z", "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'."},
        {"", "20150830T123600Z", "Unsupported AWS 'algorithm': ''."},
        {algorithm + credential + "," + credential + "," + headers + "," + signature, "20150830T123600Z",
         "Authorization header has more than one 'Credential' parameter."},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.authorization);
        Headers request{{"host", "x"}, {"authorization", row.authorization}};
        if (!row.date.empty()) request.emplace_back("x-amz-date", row.date);
        const auto presented = read_signature({"POST", "/", &request, empty_hash});
        ASSERT_FALSE(presented);
        EXPECT_EQ(presented.error().problem, Problem::incomplete);
        EXPECT_EQ(presented.error().message.substr(0, row.begins.size()), row.begins);
    }
}

TEST(SigV4, WhatTheQueryLacksIsNamed) {
    const Headers headers{{"host", "x"}};
    const auto presented = read_signature(
        {"GET", "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host", &headers,
         empty_hash});
    ASSERT_FALSE(presented);
    EXPECT_EQ(presented.error().problem, Problem::incomplete);
    EXPECT_EQ(presented.error().message,
              "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string "
              "parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.");
}

TEST(SigV4, NothingPresented) {
    const Headers headers{{"host", "x"}};
    const auto presented = read_signature({"GET", "/?Action=x", &headers, empty_hash});
    ASSERT_FALSE(presented);
    EXPECT_EQ(presented.error().problem, Problem::missing);
}

TEST(SigV4, ScopeMustFit) {
    Signed request;
    auto presented = read_signature(request.parts());
    ASSERT_TRUE(presented);
    presented->scope.date = "20150829";
    EXPECT_EQ(message(verify(request.parts(), *presented, root.secret_key, at("20150830T123600Z"))),
              "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != "
              "'20150830', from '20150830T123600Z'.");

    auto& authorization = request.value("Authorization");
    authorization.replace(authorization.find("aws4_request"), 12, "aws4_other");
    EXPECT_EQ(message(request.verified()),
              "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4_other'.");
}

TEST(SigV4, HostAndDateMustBeSigned) {
    const Signed request;
    auto presented = read_signature(request.parts());
    ASSERT_TRUE(presented);
    presented->signed_headers = {"x-amz-date"};
    EXPECT_EQ(message(verify(request.parts(), *presented, root.secret_key, at("20150830T123600Z"))),
              "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
    presented->signed_headers = {"host"};
    EXPECT_EQ(verify(request.parts(), *presented, root.secret_key, at("20150830T123600Z")).error().problem,
              Problem::mismatch);
}

TEST(SigV4, DateHeaderServesToo) {
    const Headers headers{
        {"Host", "x"},
        {"Date", "Sun, 30 Aug 2015 12:36:00 GMT"},
        {"Authorization",
         "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/s/aws4_request,SignedHeaders=date;host,Signature=00"}};
    const auto presented = read_signature({"GET", "/", &headers, empty_hash});
    ASSERT_TRUE(presented) << presented.error().message;
    EXPECT_EQ(presented->amz_date, "20150830T123600Z");
}

TEST(SigV4, SessionTokenIsSigned) {
    Credentials session = root;
    session.session_token = "token/with+signs==";
    Headers headers{{"Host", "x"}};
    for (auto& header :
         sign({"GET", "/", &headers, "UNSIGNED-PAYLOAD"}, session, "eu-west-1", "s3", at("20150830T123600Z"), false))
        headers.push_back(header);
    const SignedParts parts{"GET", "/", &headers, "UNSIGNED-PAYLOAD"};
    const auto presented = read_signature(parts);
    ASSERT_TRUE(presented);
    EXPECT_EQ(presented->security_token, session.session_token);
    EXPECT_TRUE(verify(parts, *presented, session.secret_key, at("20150830T123600Z"), {.normalize_path = false}));
}

TEST(SigV4, ARememberedKeyServesOneSecretOnly) {
    const CredentialScope scope{"AKID", "20150830", "us-east-1", "s"};
    const auto first = compute_signature(scope, "one", "text");
    const auto second = compute_signature(scope, "two", "text");
    EXPECT_NE(first, second);
    EXPECT_EQ(compute_signature(scope, "one", "text"), first);
    std::string elsewhere;
    std::thread([&] { elsewhere = compute_signature(scope, "one", "text"); }).join();
    EXPECT_EQ(elsewhere, first);
}

}  // namespace
}  // namespace cairn::sign
