#include <gtest/gtest.h>

#include "identity/authenticator.h"
#include "identity/fixture.h"
#include "identity/principals.h"

namespace cairn::identity {
namespace {

using policy::Decision;

const std::string lookup = "cloudtrail:LookupEvents";
const std::string ingest = "cairn:Ingest";

Principal user(std::vector<std::string> policies, bool operator_account = false) {
    User ana;
    ana.account = home;
    ana.name = "ana";
    ana.id = "AIDAEXAMPLE";
    ana.policies = std::move(policies);
    auto principal = user_principal(ana, "AKIA");
    principal.operator_account = operator_account;
    return principal;
}

Principal root(const std::string& account, bool operator_account = false) {
    auto principal = root_principal(account, "AKIA");
    principal.operator_account = operator_account;
    return principal;
}

Principal token(const std::string& account, std::vector<std::string> accounts, bool operator_account = false) {
    AccessKey key;
    key.id = "cairn-x";
    key.account = account;
    key.ingest = true;
    key.ingest_accounts = std::move(accounts);
    auto principal = token_principal(key);
    principal.operator_account = operator_account;
    return principal;
}

TEST(Authorize, RootMayDoEverythingAtHome) {
    EXPECT_EQ(authorize(root(home), lookup, "*", ""), Decision::allowed);
    EXPECT_EQ(authorize(root(home), ingest, "*", "", {{"cairn:account", home}}), Decision::allowed);
    EXPECT_EQ(authorize(root(home), ingest, "*", "", {{"Cairn:Account", other}}), Decision::denied_implicitly);
    EXPECT_EQ(authorize(root(home), "cloudtrail:GetTrail", "arn:aws:cloudtrail:us-east-1:111122223333:trail/x", ""),
              Decision::allowed);
    EXPECT_EQ(authorize(root(home), "cloudtrail:GetTrail", "arn:aws:cloudtrail:us-east-1:444455556666:trail/x", ""),
              Decision::denied_implicitly);
    EXPECT_EQ(authorize(root(home), "s3:GetObject", "arn:aws:s3:::bucket/key", ""), Decision::allowed);
    EXPECT_EQ(authorize(root(home), "s3:GetObject", "arn:", ""), Decision::allowed);

    EXPECT_EQ(authorize(root(home, true), ingest, "*", "", {{"cairn:account", other}}), Decision::allowed);
}

TEST(Authorize, UsersNeedPolicies) {
    EXPECT_EQ(authorize(user({}), lookup, "*", ""), Decision::denied_implicitly);
    EXPECT_EQ(authorize(user({allow("cloudtrail:Lookup*")}), lookup, "*", ""), Decision::allowed);
    EXPECT_EQ(authorize(user({allow("cairn:*")}), ingest, "*", "", {{"cairn:account", other}}),
              Decision::denied_implicitly);
    EXPECT_EQ(authorize(user({allow("cairn:*")}, true), ingest, "*", "", {{"cairn:account", other}}),
              Decision::allowed);
    EXPECT_EQ(authorize(user({}, true), lookup, "*", ""), Decision::denied_implicitly);
}

TEST(Authorize, PoliciesSeeTheCaller) {
    const auto with = [](const std::string& condition) {
        return user({allow("*", R"(,"Condition":{)" + condition + "}")});
    };
    const auto decide = [](Principal principal, const policy::Context& more = {}) {
        principal.authenticated = *parse_time("2026-11-21T16:00:00Z");
        return authorize(principal, lookup, "*", "10.1.2.3", more);
    };
    EXPECT_EQ(decide(with(R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("IpAddress":{"aws:SourceIp":"11.0.0.0/8"})")), Decision::denied_implicitly);
    EXPECT_EQ(decide(with(R"("IpAddress":{"aws:SourceIp":"11.0.0.0/8"})"), {{"AWS:SourceIp", "11.0.0.1"}}),
              Decision::denied_implicitly);
    EXPECT_EQ(decide(with(R"("ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/ana"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("StringEquals":{"aws:PrincipalAccount":"111122223333"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("StringEquals":{"aws:username":"ana"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("StringEquals":{"aws:userid":"AIDAEXAMPLE"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("DateLessThan":{"aws:CurrentTime":"2026-11-22"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("NumericLessThan":{"aws:EpochTime":"1"})")), Decision::denied_implicitly);
    EXPECT_EQ(decide(with(R"("StringEquals":{"cairn:account":"111122223333"})")), Decision::allowed);
    EXPECT_EQ(decide(with(R"("StringEquals":{"cairn:region":"eu-west-1"})"), {{"cairn:region", "eu-west-1"}}),
              Decision::allowed);
    EXPECT_EQ(decide(with(R"("StringEquals":{"cairn:region":"eu-west-1"})"), {{"cairn:region", "us-east-1"}}),
              Decision::denied_implicitly);

    const auto session = session_principal(
        home, "ops", "AROAX", "night",
        {allow("*", R"(,"Condition":{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ops"}})")},
        "ASIA");
    EXPECT_EQ(decide(session), Decision::allowed);
}

TEST(Authorize, IngestTokensOnlyIngest) {
    const auto both = token(home, {home, other}, true);
    EXPECT_EQ(authorize(both, ingest, "*", "", {{"cairn:account", other}}), Decision::allowed);
    EXPECT_EQ(authorize(both, ingest, "*", "", {{"cairn:account", "777788889999"}}), Decision::denied_implicitly);
    EXPECT_EQ(authorize(both, lookup, "*", "", {{"cairn:account", home}}), Decision::denied_implicitly);
    EXPECT_EQ(authorize(token(home, {}), ingest, "*", ""), Decision::denied_implicitly);
    // A token of an ordinary account cannot be made to reach further than its account.
    EXPECT_EQ(authorize(token(home, {"*"}), ingest, "*", "", {{"cairn:account", other}}), Decision::denied_implicitly);
    EXPECT_EQ(authorize(token(home, {"*"}), ingest, "*", "", {{"cairn:account", home}}), Decision::allowed);
}

TEST(ScopeOf, IsWhatAuthorizeAllows) {
    const auto europe = allow("*", R"(,"Condition":{"StringLike":{"cairn:region":"eu-*"}})");
    const auto office = allow("cairn:*", R"(,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})");
    const std::string no_other = R"({"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*",
        "Condition":{"StringEquals":{"cairn:account":"444455556666"}}}})";
    std::vector<Principal> principals = {token(home, {home}), token(home, {"*"}), token(home, {"*"}, true),
                                         token(home, {}, true)};
    for (const bool operator_account : {false, true}) {
        principals.push_back(root(home, operator_account));
        for (const auto& policies : std::vector<std::vector<std::string>>{
                 {}, {allow("*")}, {europe}, {office}, {europe, no_other}, {allow("*"), no_other}})
            principals.push_back(user(policies, operator_account));
    }
    int admitted = 0;
    for (std::size_t i = 0; i < principals.size(); ++i) {
        for (const auto& action : {lookup, ingest}) {
            for (const auto* address : {"10.0.0.1", "192.0.2.1"}) {
                const auto scope = *scope_of(principals[i], action, address);
                for (const auto& account : {home, other, std::string()}) {
                    for (const auto* region : {"eu-west-1", "us-east-1", ""}) {
                        SCOPED_TRACE(std::to_string(i) + action + address + account + region);
                        const bool allowed =
                            authorize(principals[i], action, "*", address,
                                      {{"cairn:account", account}, {"cairn:region", region}}) == Decision::allowed;
                        EXPECT_EQ(scope.admits(account, region), allowed);
                        admitted += allowed;
                    }
                }
            }
        }
    }
    EXPECT_GT(admitted, 100);
}

TEST(ScopeOf, IsCompiledOnceForACaller) {
    const auto constant = user({allow(
        "cairn:*", R"(,"Condition":{"StringEquals":{"aws:username":"ana"},"StringLike":{"cairn:region":"eu-*"}})")});
    const auto copy = constant;
    const auto scope = scope_of(constant, ingest, "10.0.0.1");
    EXPECT_EQ(scope_of(copy, ingest, "192.0.2.1"), scope);
    EXPECT_NE(scope_of(copy, lookup, "10.0.0.1"), scope);
    auto promoted = constant;
    promoted.operator_account = true;
    EXPECT_NE(scope_of(promoted, ingest, "10.0.0.1"), scope);
    EXPECT_EQ(scope_of(constant, ingest, "10.0.0.1"), scope);
}

TEST(ScopeOf, IsCompiledAnewWhereAPolicyAsksForTheRequest) {
    for (const auto* condition :
         {R"("IpAddress":{"aws:SourceIp":"10.0.0.0/8"})",
          R"("DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"})", R"("NumericLessThan":{"aws:EpochTime":"1"})",
          R"("StringLike":{"cairn:region":"${aws:SourceIp}"})"}) {
        SCOPED_TRACE(condition);
        const auto varying = user({allow("cairn:*", std::string(R"(,"Condition":{)") + condition + "}")});
        EXPECT_EQ(varying.scopes, nullptr);
        EXPECT_NE(scope_of(varying, ingest, "10.0.0.1"), scope_of(varying, ingest, "10.0.0.1"));
    }
    const auto office = user({allow("cairn:*", R"(,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})")});
    EXPECT_FALSE(scope_of(office, ingest, "10.0.0.1")->admits_nothing());
    EXPECT_TRUE(scope_of(office, ingest, "192.0.2.1")->admits_nothing());
}

}  // namespace
}  // namespace cairn::identity
