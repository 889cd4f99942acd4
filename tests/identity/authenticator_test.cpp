#include "identity/authenticator.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "identity/fixture.h"
#include "sign/digest.h"

namespace cairn::identity {
namespace {

using namespace std::chrono_literals;

class AuthenticatorTest : public DirectoryTest {
protected:
    AuthenticatorTest() : directory_(make(fixed_accounts())) {}

    struct Sent {
        std::string target = "/", body = "{}", service = "cloudtrail", region = "eu-west-1", hash = "";
        sign::Credentials credentials = {"AKIAFIXEDANA00000000", "ana secret", ""};
    };

    sign::Headers signed_headers(const Sent& sent) const {
        sign::Headers headers = {{"Host", "localhost"}};
        const auto hash = sent.hash.empty() ? sign::sha256_hex(sent.body) : sent.hash;
        auto more = sign::sign({"POST", sent.target, &headers, hash}, sent.credentials, sent.region, sent.service,
                               clock_.now());
        headers.insert(headers.end(), more.begin(), more.end());
        return headers;
    }

    std::expected<Authenticated, AuthRefusal> authenticate(const Sent& sent, const sign::Headers& headers,
                                                           AuthOptions options = {}, bool bearer = true,
                                                           bool unsigned_payload = false) {
        Authenticator authenticator(*directory_, clock_, std::move(options));
        return authenticator.authenticate({"POST", sent.target, sent.body, &headers, "10.0.0.1"},
                                          {"cloudtrail", "cairn"}, bearer, unsigned_payload);
    }
    std::expected<Authenticated, AuthRefusal> authenticate(const Sent& sent) {
        return authenticate(sent, signed_headers(sent));
    }

    AuthProblem problem(const Sent& sent, const sign::Headers& headers) {
        const auto result = authenticate(sent, headers);
        EXPECT_FALSE(result);
        return result ? AuthProblem::unavailable : result.error().problem;
    }
    AuthProblem problem(const Sent& sent) { return problem(sent, signed_headers(sent)); }

    std::unique_ptr<Directory> directory_;
};

void set(sign::Headers& headers, const std::string& name, const std::string& value) {
    for (auto& header : headers)
        if (header.first == name) header.second = value;
}

TEST_F(AuthenticatorTest, AcceptsWhatIsSignedWell) {
    const auto result = authenticate({});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->principal.name, "ana");
    EXPECT_EQ(result->principal.access_key_id, "AKIAFIXEDANA00000000");
    EXPECT_EQ(result->principal.authenticated, clock_.now());
    EXPECT_EQ(result->region, "eu-west-1");
    EXPECT_EQ(result->service, "cloudtrail");

    EXPECT_TRUE(authenticate({.service = "cairn"}));
    EXPECT_TRUE(authenticate({}));  // a repeated request is accepted, as AWS does
}

TEST_F(AuthenticatorTest, S3TakesMoreForms) {
    const sign::Credentials ana{"AKIAFIXEDANA00000000", "ana secret", ""};
    const sign::Headers host = {{"Host", "localhost"}};
    Authenticator authenticator(*directory_, clock_, {});
    const auto ask = [&](const std::string& target, const sign::Headers& headers) {
        return authenticator.authenticate({"GET", target, "", &headers, "10.0.0.1"}, {"s3"}, false, true);
    };
    const auto in_query = sign::sign_query({"GET", "/logs//a%20b", &host, "UNSIGNED-PAYLOAD"}, ana, "eu-west-1", "s3",
                                           clock_.now(), 5min, false);
    EXPECT_TRUE(ask(in_query, host));
    EXPECT_EQ(ask(in_query + "x", host).error().problem, AuthProblem::mismatch);
    const auto elsewhere =
        sign::sign_query({"GET", "/", &host, sign::sha256_hex("")}, ana, "eu-west-1", "cloudtrail", clock_.now(), 5min);
    EXPECT_EQ(authenticator.authenticate({"GET", elsewhere, "", &host, "10.0.0.1"}, {"cloudtrail"}, false, true)
                  .error()
                  .problem,
              AuthProblem::incomplete);

    for (const char* hash : {"UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}) {
        auto headers = host;
        auto more = sign::sign({"GET", "/logs", &host, hash}, ana, "eu-west-1", "s3", clock_.now(), false);
        headers.insert(headers.end(), more.begin(), more.end());
        EXPECT_TRUE(ask("/logs", headers)) << hash;
        clock_.advance(14min);
        EXPECT_TRUE(ask("/logs", headers)) << "the clock may be 15 minutes off";
        clock_.advance(2min);
        EXPECT_EQ(ask("/logs", headers).error().problem, AuthProblem::expired);
        EXPECT_EQ(ask(in_query, host).error().problem, AuthProblem::expired);
    }
    EXPECT_FALSE(authenticate({.hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"})) << "only S3 does";
}

TEST_F(AuthenticatorTest, SaysWhyNot) {
    EXPECT_EQ(problem({}, {{"Host", "localhost"}}), AuthProblem::missing);
    EXPECT_EQ(problem({}, {{"Host", "localhost"}, {"Authorization", "AWS4-HMAC-SHA256 Credential=x"}}),
              AuthProblem::incomplete);
    EXPECT_EQ(problem({.service = "s3"}), AuthProblem::wrong_scope);
    EXPECT_EQ(problem({.credentials = {"AKIANOBODY0000000000", "x", ""}}), AuthProblem::unknown_key);
    EXPECT_EQ(problem({.credentials = {"AKIAFIXEDANA00000000", "other secret", ""}}), AuthProblem::mismatch);

    const auto headers = signed_headers({});
    clock_.advance(6min);
    EXPECT_EQ(problem({}, headers), AuthProblem::expired);
    clock_.advance(-12min);
    EXPECT_EQ(problem({}, headers), AuthProblem::expired);

    const auto unknown = authenticate({.credentials = {"AKIANOBODY0000000000", "x", ""}});
    EXPECT_EQ(unknown.error().message, "The security token included in the request is invalid.");
    const auto scope = authenticate({.service = "s3"});
    EXPECT_EQ(scope.error().message, "Credential should be scoped to correct service: 'cloudtrail'.");
}

TEST_F(AuthenticatorTest, TheBodyIsPartOfTheSignature) {
    const Sent sent;
    const auto headers = signed_headers(sent);
    auto changed = sent;
    changed.body = "{ }";
    EXPECT_EQ(problem(changed, headers), AuthProblem::body_mismatch);

    auto forged = headers;
    set(forged, "X-Amz-Content-Sha256", sign::sha256_hex(changed.body));
    set(forged, "x-amz-content-sha256", sign::sha256_hex(changed.body));
    EXPECT_EQ(problem(changed, forged), AuthProblem::mismatch);
}

/// As botocore signs for this service: the hash of the body is signed, but there is no header with it.
sign::Headers signed_without_hash_header(const std::string& body, Time now) {
    sign::Headers headers = {{"Host", "localhost"}, {"X-Amz-Date", format_amz_date(now)}};
    sign::Presented presented;
    presented.amz_date = format_amz_date(now);
    presented.scope = {"AKIAFIXEDANA00000000", presented.amz_date.substr(0, 8), "us-east-1", "cloudtrail"};
    presented.signed_headers = {"host", "x-amz-date"};
    const auto hash = sign::sha256_hex(body);
    const auto text =
        sign::string_to_sign(presented, sign::canonical_request({"POST", "/", &headers, hash}, presented, true));
    std::string key = "AWS4ana secret";
    for (const auto& part :
         {presented.scope.date, presented.scope.region, presented.scope.service, std::string("aws4_request")})
        key = sign::hmac_sha256(key, part);
    headers.emplace_back("Authorization",
                         "AWS4-HMAC-SHA256 Credential=AKIAFIXEDANA00000000/" + presented.scope.date +
                             "/us-east-1/cloudtrail/aws4_request, SignedHeaders=host;x-amz-date, Signature=" +
                             to_hex(sign::hmac_sha256(key, text)));
    return headers;
}

TEST_F(AuthenticatorTest, TheBodyIsHashedWhereNoHeaderSaysItsHash) {
    const auto headers = signed_without_hash_header("{}", clock_.now());
    const auto result = authenticate({}, headers);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->region, "us-east-1");
    EXPECT_EQ(problem({.body = "{ }"}, headers), AuthProblem::mismatch);
}

TEST_F(AuthenticatorTest, UnsignedPayloadsWhereTheyAreTaken) {
    Sent sent;
    sent.hash = "UNSIGNED-PAYLOAD";
    const auto headers = signed_headers(sent);
    EXPECT_EQ(authenticate(sent, headers, {}, true, false).error().problem, AuthProblem::body_mismatch);
    sent.body = "anything";
    EXPECT_TRUE(authenticate(sent, headers, {}, true, true));
}

TEST_F(AuthenticatorTest, SessionTokensBelongToTheirKeys) {
    const sign::Credentials ops = {"ASIAFIXEDOPS00000000", "ops secret", "ops session token"};
    const auto result = authenticate({.credentials = ops});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->principal.type, PrincipalType::role_session);
    EXPECT_EQ(problem({.credentials = {ops.access_key_id, ops.secret_key, ""}}), AuthProblem::unknown_key);
    EXPECT_EQ(problem({.credentials = {ops.access_key_id, ops.secret_key, "another"}}), AuthProblem::unknown_key);
    EXPECT_EQ(problem({.credentials = {"AKIAFIXEDANA00000000", "ana secret", "a token"}}), AuthProblem::unknown_key);
}

TEST_F(AuthenticatorTest, ASessionEnds) {
    Role night;
    night.account = home;
    night.name = "night";
    ASSERT_TRUE(directory_->put_role(night));
    const auto key = directory_->create_session(home, "night", "eve", 1h, "");
    ASSERT_TRUE(key);
    const sign::Credentials credentials = {key->key.id, key->secret, key->session_token};
    EXPECT_TRUE(authenticate({.credentials = credentials}));
    EXPECT_EQ(problem({.credentials = {key->key.id, key->secret, ""}}), AuthProblem::unknown_key);
    EXPECT_EQ(problem({.credentials = {key->key.id, "wrong", key->session_token}}), AuthProblem::mismatch);
    clock_.advance(1h);
    EXPECT_EQ(problem({.credentials = credentials}), AuthProblem::expired_key);
    EXPECT_FALSE(
        authenticate({}, signed_headers({.credentials = credentials}), {.trust = true, .trust_account = home}));
}

TEST_F(AuthenticatorTest, DisabledKeysAreAnsweredLikeUnknownOnes) {
    const auto key = directory_->create_key(home, "ana", "");
    ASSERT_TRUE(key);
    const Sent sent{.credentials = {key->key.id, key->secret, ""}};
    EXPECT_TRUE(authenticate(sent));
    ASSERT_TRUE(directory_->set_active(key->key.id, false));
    const auto result = authenticate(sent);
    EXPECT_EQ(result.error().problem, AuthProblem::inactive_key);
    EXPECT_EQ(result.error().message, "The security token included in the request is invalid.");
}

TEST_F(AuthenticatorTest, BearerTokens) {
    const auto token = directory_->create_ingest_token(home, {home}, "");
    ASSERT_TRUE(token);
    const auto with = [&](const std::string& value) {
        return sign::Headers{{"Host", "localhost"}, {"authorization", value}};
    };
    const auto result = authenticate({}, with("Bearer " + token->secret));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->principal.type, PrincipalType::ingest_token);
    EXPECT_EQ(result->region, "");
    EXPECT_TRUE(authenticate({}, with("bearer  " + token->secret)));
    EXPECT_EQ(problem({}, with("Bearer " + token->key.id)), AuthProblem::unknown_key);
    EXPECT_FALSE(authenticate({}, with("Bearer " + token->secret), {}, false));
    ASSERT_TRUE(directory_->set_active(token->key.id, false));
    EXPECT_EQ(problem({}, with("Bearer " + token->secret)), AuthProblem::inactive_key);
}

TEST_F(AuthenticatorTest, ASecondAuthorizationIsRefused) {
    const auto token = directory_->create_ingest_token(home, {home}, "");
    ASSERT_TRUE(token);
    const auto bearer = "Bearer " + token->secret;
    auto once = signed_headers({});
    for (const auto& [name, value] : {std::pair("authorization", "AWS4-HMAC-SHA256 Credential=x"),
                                      std::pair("Authorization", bearer.c_str()), std::pair("AUTHORIZATION", "")}) {
        SCOPED_TRACE(value);
        auto behind = once, before = once;
        behind.emplace_back(name, value);
        before.emplace(before.begin(), name, value);
        for (const auto& headers : {behind, before}) {
            const auto result = authenticate({}, headers);
            ASSERT_FALSE(result);
            EXPECT_EQ(result.error().problem, AuthProblem::incomplete);
            EXPECT_EQ(result.error().message, "The request has more than one Authorization header.");
        }
    }
    EXPECT_EQ(problem({}, {{"Host", "localhost"}, {"Authorization", bearer}, {"Authorization", bearer}}),
              AuthProblem::incomplete);
}

TEST_F(AuthenticatorTest, TrustTakesAnyone) {
    const AuthOptions trust{.trust = true, .trust_account = "999988887777", .default_region = "us-west-2"};
    const auto nobody = authenticate({}, {{"Host", "localhost"}}, trust);
    ASSERT_TRUE(nobody);
    EXPECT_EQ(nobody->principal.type, PrincipalType::root);
    EXPECT_EQ(nobody->principal.account, "999988887777");
    EXPECT_TRUE(nobody->principal.operator_account);
    EXPECT_EQ(nobody->region, "us-west-2");

    const Sent unknown{.credentials = {"test", "test", ""}};
    const auto stranger = authenticate(unknown, signed_headers(unknown), trust);
    ASSERT_TRUE(stranger);
    EXPECT_EQ(stranger->principal.account, "999988887777");
    EXPECT_EQ(stranger->principal.access_key_id, "test");
    EXPECT_EQ(stranger->region, "eu-west-1");

    const Sent wrong{.credentials = {"AKIAFIXEDANA00000000", "wrong", ""}};
    const auto ana = authenticate(wrong, signed_headers(wrong), trust);
    ASSERT_TRUE(ana);
    EXPECT_EQ(ana->principal.name, "ana");

    EXPECT_TRUE(authenticate({}, {{"Authorization", "Bearer whatever"}}, trust));
    EXPECT_TRUE(authenticate({}, {{"Authorization", "Basic x"}}, trust));
}

TEST_F(AuthenticatorTest, AFailingStoreIsNotTheCallersFault) {
    store_.fail_with(Error{Code::unavailable, "no store"});
    EXPECT_EQ(problem({.credentials = {"AKIANOBODY0000000000", "x", ""}}), AuthProblem::unavailable);
}

}  // namespace
}  // namespace cairn::identity
