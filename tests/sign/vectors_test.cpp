#include "vectors.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sign/digest.h"

namespace cairn::sign {
namespace {

struct Case {
    const Json& json;
    const Json& context = *json.find("context");
    const Json& credentials = *context.find("credentials");
    WrittenRequest request{json.text("request_text")};
    std::string body_hash = sha256_hex(request.body);
    Time time = *parse_time(context.text("timestamp"));
    bool normalize = context.find("normalize")->as_bool();
    bool token_added_later = context.find("omit_session_token") && context.find("omit_session_token")->as_bool();

    std::string secret() const { return std::string(credentials.text("secret_access_key")); }
    std::string token() const { return std::string(credentials.text("token")); }
};

class Vectors : public testing::Test {
protected:
    void SetUp() override {
        const auto path = vectors_path();
        if (!std::filesystem::exists(path)) {
            ASSERT_EQ(std::getenv("CI"), nullptr) << "no cases at " << path;
            GTEST_SKIP() << "no cases at " << path << "; name their folder with CAIRN_CASES";
        }
        auto parsed = parse_json(read_file(path));
        ASSERT_TRUE(parsed) << parsed.error().message;
        document_ = std::move(*parsed);
    }

    template <class Check>
    void for_each_case(Check check) {
        const auto& cases = document_.find("cases")->as_array();
        ASSERT_GE(cases.size(), 38u);
        for (const auto& json : cases) {
            SCOPED_TRACE(json.text("name"));
            check(Case{json});
        }
    }

    Json document_;
};

/// What a signer presents for the header form of a case: every header signed.
Presented presented_header_form(const Case& c, Headers& headers) {
    headers = c.request.headers;
    headers.emplace_back("X-Amz-Date", format_amz_date(c.time));
    if (!c.token().empty() && !c.token_added_later) headers.emplace_back("X-Amz-Security-Token", c.token());
    if (c.context.find("sign_body")->as_bool()) headers.emplace_back("x-amz-content-sha256", c.body_hash);
    Presented presented;
    presented.amz_date = format_amz_date(c.time);
    presented.scope = {std::string(c.credentials.text("access_key_id")), presented.amz_date.substr(0, 8),
                       std::string(c.context.text("region")), std::string(c.context.text("service"))};
    for (auto [name, value] : headers) {
        std::ranges::transform(name, name.begin(), [](unsigned char ch) { return std::tolower(ch); });
        presented.signed_headers.push_back(name);
    }
    std::ranges::sort(presented.signed_headers);
    presented.signed_headers.erase(std::ranges::unique(presented.signed_headers).begin(),
                                   presented.signed_headers.end());
    return presented;
}

void expect_computed(const Case& c, const SignedParts& parts, const Presented& presented, const Json& expected) {
    const auto canonical = canonical_request(parts, presented, c.normalize);
    EXPECT_EQ(canonical, expected.text("canonical_request"));
    const auto text = string_to_sign(presented, canonical);
    EXPECT_EQ(text, expected.text("string_to_sign"));
    EXPECT_EQ(compute_signature(presented.scope, c.secret(), text), expected.text("signature"));
}

TEST_F(Vectors, HeaderFormIsComputed) {
    for_each_case([](const Case& c) {
        Headers headers;
        const auto presented = presented_header_form(c, headers);
        expect_computed(c, {c.request.method, c.request.target, &headers, c.body_hash}, presented,
                        *c.json.find("header"));
    });
}

TEST_F(Vectors, QueryFormIsComputed) {
    for_each_case([](const Case& c) {
        if (c.token_added_later) return;  // sign_query always signs the token
        const std::chrono::seconds expires(c.context.find("expiration_in_seconds")->as_integer());
        const Credentials credentials{std::string(c.credentials.text("access_key_id")), c.secret(), c.token()};
        const auto target =
            sign_query({c.request.method, c.request.target, &c.request.headers, c.body_hash}, credentials,
                       c.context.text("region"), c.context.text("service"), c.time, expires, c.normalize);
        EXPECT_EQ(target, WrittenRequest(c.json.find("query")->text("signed_request")).target);
    });
}

void expect_verified(const Case& c, const Json& expected) {
    WrittenRequest request(expected.text("signed_request"));
    const SignedParts parts{request.method, request.target, &request.headers, c.body_hash};
    auto presented = read_signature(parts);
    ASSERT_TRUE(presented) << presented.error().message;
    EXPECT_EQ(presented->scope.access_key_id, c.credentials.text("access_key_id"));
    EXPECT_EQ(presented->security_token, c.token());
    EXPECT_EQ(presented->signature, expected.text("signature"));

    const VerifyOptions options{.normalize_path = c.normalize};
    const auto verified = verify(parts, *presented, c.secret(), c.time, options);
    EXPECT_TRUE(verified) << verified.error().message;

    const auto wrong_secret = verify(parts, *presented, c.secret() + "x", c.time, options);
    ASSERT_FALSE(wrong_secret);
    EXPECT_EQ(wrong_secret.error().problem, Problem::mismatch);
    const SignedParts other_method{"PATCH", request.target, &request.headers, c.body_hash};
    EXPECT_FALSE(verify(other_method, *presented, c.secret(), c.time, options));

    presented->token_signed = !(c.token_added_later && presented->query_form);
    expect_computed(c, parts, *presented, expected);
}

TEST_F(Vectors, HeaderFormIsVerified) {
    for_each_case([](const Case& c) { expect_verified(c, *c.json.find("header")); });
}

TEST_F(Vectors, QueryFormIsVerified) {
    for_each_case([](const Case& c) { expect_verified(c, *c.json.find("query")); });
}

}  // namespace
}  // namespace cairn::sign
