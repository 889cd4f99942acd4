#include <gtest/gtest.h>

#include <string>

#include "policy/policy.h"

namespace cairn::policy {
namespace {

std::vector<Policy> policies_of(std::initializer_list<std::string> statements) {
    std::vector<Policy> policies;
    for (const auto& statement : statements) {
        auto policy = Policy::parse(R"({"Version":"2012-10-17","Statement":)" + statement + "}");
        EXPECT_TRUE(policy) << policy.error().message;
        if (policy) policies.push_back(*policy);
    }
    return policies;
}

constexpr auto allowed = Decision::allowed;
constexpr auto explicitly = Decision::denied_explicitly;
constexpr auto implicitly = Decision::denied_implicitly;

TEST(Evaluate, ActionsAndResources) {
    const std::string trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/main";
    const struct {
        std::string statement;
        const char *action, *resource;
        Decision decision;
    } cases[] = {
        {R"({"Effect":"Allow","Action":"*","Resource":"*"})", "a:b", "*", allowed},
        {R"({"Effect":"Allow","Action":"CLOUDTRAIL:lookup*","Resource":"*"})", "cloudtrail:LookupEvents", "*", allowed},
        {R"({"Effect":"Allow","Action":"cloudtrail:Lookup","Resource":"*"})", "cloudtrail:LookupEvents", "*",
         implicitly},
        {R"({"Effect":"Allow","Action":"cloudtrail:?et*","Resource":"*"})", "cloudtrail:GetTrail", "*", allowed},
        {R"({"Effect":"Allow","NotAction":["cairn:*","a:b"],"Resource":"*"})", "cairn:Ingest", "*", implicitly},
        {R"({"Effect":"Allow","NotAction":["cairn:*","a:b"],"Resource":"*"})", "a:c", "*", allowed},
        {R"({"Effect":"Deny","NotAction":"cairn:*","Resource":"*"})", "a:c", "*", explicitly},
        {R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:cloudtrail:*:*:trail/m*"})", "a:b", trail.c_str(),
         allowed},
        {R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:cloudtrail:*:*:trail/M*"})", "a:b", trail.c_str(),
         implicitly},
        {R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:cloudtrail:*"})", "a:b", "*", implicitly},
        {R"({"Effect":"Allow","Action":"*","NotResource":"arn:aws:cloudtrail:*:*:trail/*"})", "a:b", trail.c_str(),
         implicitly},
        {R"({"Effect":"Allow","Action":"*","NotResource":"arn:aws:cloudtrail:*:*:trail/*"})", "a:b", "*", allowed},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.statement);
        EXPECT_EQ(evaluate(policies_of({row.statement}), {row.action, row.resource, {}}), row.decision);
    }
}

TEST(Evaluate, DenyWinsWhereverItStands) {
    const std::string allow = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
    const std::string deny = R"({"Effect":"Deny","Action":"a:b","Resource":"*"})";
    EXPECT_EQ(evaluate({}, {"a:b", "*", {}}), implicitly);
    EXPECT_EQ(evaluate(policies_of({allow, deny}), {"a:b", "*", {}}), explicitly);
    EXPECT_EQ(evaluate(policies_of({deny, allow}), {"a:b", "*", {}}), explicitly);
    EXPECT_EQ(evaluate(policies_of({"[" + deny + "," + allow + "]"}), {"a:b", "*", {}}), explicitly);
    EXPECT_EQ(evaluate(policies_of({deny, allow}), {"a:c", "*", {}}), allowed);
}

TEST(Evaluate, Conditions) {
    const Context context = {
        {"aws:SourceIp", "10.1.2.3"},
        {"aws:PrincipalArn", "arn:aws:iam::111122223333:user/dev/ana"},
        {"aws:username", "ana"},
        {"aws:CurrentTime", "2026-11-21T16:00:00Z"},
        {"n", "10"},
        {"flag", "true"},
        {"tags", "red"},
        {"tags", "blue"},
        {"bad", "not an address"},
        {"empty", ""},
        {"token", "AbC="},
    };
    const struct {
        const char* condition;
        bool holds;
        bool in_deny;  ///< what it counts as in a Deny
    } cases[] = {
        {R"("StringEquals":{"aws:username":"ana"})", true, true},
        {R"("StringEquals":{"AWS:UserName":["bob","ana"]})", true, true},
        {R"("StringEquals":{"aws:username":"Ana"})", false, false},
        {R"("StringEquals":{"aws:username":"a*"})", false, false},
        {R"("StringEqualsIgnoreCase":{"aws:username":"ANA"})", true, true},
        {R"("StringNotEqualsIgnoreCase":{"aws:username":"ANA"})", false, false},
        {R"("StringNotEquals":{"aws:username":["bob","ana"]})", false, false},
        {R"("StringNotEquals":{"aws:username":"bob"})", true, true},
        {R"("StringLike":{"aws:username":"a?a"})", true, true},
        {R"("StringNotLike":{"aws:username":["b*","*a"]})", false, false},
        {R"("StringEquals":{"aws:username":"${aws:username}"})", true, true},
        {R"("StringLike":{"aws:PrincipalArn":"*:user/dev/${aws:username}"})", true, true},
        {R"("StringEquals":{"absent":"x"})", false, false},
        {R"("BinaryEquals":{"token":"AbC="})", true, true},
        {R"("BinaryEquals":{"token":"abc="})", false, false},
        {R"("BinaryEqualsIfExists":{"absent":"AbC="})", true, true},
        {R"("StringEqualsIfExists":{"absent":"x"})", true, true},
        {R"("StringEqualsIfExists":{"aws:username":"x"})", false, false},
        {R"("StringNotEquals":{"absent":"x"})", true, true},
        {R"("StringEquals":{"aws:username":"${absent}"})", false, false},
        {R"("StringEquals":{"aws:username":["${absent}","ana"]})", true, true},
        {R"("StringNotEquals":{"aws:username":"${absent}"})", false, true},  // doubt never widens a right
        {R"("ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/dev/*"})", true, true},
        {R"("ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:user/dev/*"})", true, true},
        {R"("ArnLike":{"aws:PrincipalArn":"arn:*:user/dev/ana"})", false, false},
        {R"("ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/dev/*"})", false, false},
        {R"("ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"})", true, true},
        {R"("IpAddress":{"aws:SourceIp":["192.0.2.0/24","10.0.0.0/8"]})", true, true},
        {R"("NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","10.0.0.0/8"]})", false, false},
        {R"("NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"})", true, true},
        {R"("IpAddress":{"bad":"0.0.0.0/0"})", false, true},
        {R"("NotIpAddress":{"bad":"10.0.0.0/8"})", false, true},
        {R"("Bool":{"flag":"TRUE"})", true, true},
        {R"("Bool":{"flag":false})", false, false},
        {R"("Null":{"absent":"true"})", true, true},
        {R"("Null":{"absent":"false"})", false, false},
        {R"("Null":{"flag":false})", true, true},
        {R"("NumericEquals":{"n":"10.0"})", true, true},
        {R"("NumericNotEquals":{"n":10})", false, false},
        {R"("NumericLessThan":{"n":11})", true, true},
        {R"("NumericLessThan":{"n":10})", false, false},
        {R"("NumericLessThanEquals":{"n":10})", true, true},
        {R"("NumericGreaterThan":{"n":9.5})", true, true},
        {R"("NumericGreaterThanEquals":{"n":["11","12"]})", false, false},
        {R"("NumericEquals":{"bad":1})", false, true},
        {R"("DateLessThan":{"aws:CurrentTime":"2026-11-22"})", true, true},
        {R"("DateGreaterThan":{"aws:CurrentTime":"2026-11-21T16:00:00Z"})", false, false},
        {R"("DateGreaterThanEquals":{"aws:CurrentTime":"2026-11-21T17:00:00+01:00"})", true, true},
        {R"("DateNotEquals":{"aws:CurrentTime":"2026-11-21"})", true, true},
        {R"("ForAnyValue:StringEquals":{"tags":["blue","green"]})", true, true},
        {R"("ForAnyValue:StringEquals":{"tags":["green"]})", false, false},
        {R"("ForAllValues:StringEquals":{"tags":["blue","green"]})", false, false},
        {R"("ForAllValues:StringEquals":{"tags":["blue","red","green"]})", true, true},
        {R"("ForAllValues:StringNotEquals":{"tags":["green"]})", true, true},
        {R"("ForAnyValue:StringNotEquals":{"tags":["red"]})", true, true},
        {R"("ForAnyValue:StringNotEquals":{"tags":["red","blue"]})", false, false},
        {R"("ForAllValues:StringEquals":{"absent":["x"]})", true, true},
        {R"("ForAnyValue:StringEquals":{"absent":["x"]})", false, false},
        {R"("ForAnyValue:StringNotEquals":{"absent":["x"]})", false, false},
        {R"("ForAllValues:StringEquals":{"empty":["x"]})", true, true},
        {R"("StringEquals":{"aws:username":"ana","absent":"x"})", false, false},
        {R"("StringEquals":{"aws:username":"ana"},"Bool":{"flag":"true"})", true, true},
        {R"("StringEquals":{"aws:username":"ana"},"Bool":{"flag":"false"})", false, false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.condition);
        const auto statement = [&](const char* effect) {
            return R"({"Effect":")" + std::string(effect) + R"(","Action":"*","Resource":"*","Condition":{)" +
                   row.condition + "}}";
        };
        EXPECT_EQ(evaluate(policies_of({statement("Allow")}), {"a:b", "*", context}), row.holds ? allowed : implicitly);
        EXPECT_EQ(evaluate(policies_of({statement("Deny")}), {"a:b", "*", context}),
                  row.in_deny ? explicitly : implicitly);
    }
}

TEST(Evaluate, VariablesInResources) {
    const auto own =
        policies_of({R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::home/${aws:username}/*"})"});
    EXPECT_EQ(evaluate(own, {"a:b", "arn:aws:s3:::home/ana/x", {{"aws:username", "ana"}}}), allowed);
    EXPECT_EQ(evaluate(own, {"a:b", "arn:aws:s3:::home/bob/x", {{"aws:username", "ana"}}}), implicitly);
    EXPECT_EQ(evaluate(own, {"a:b", "arn:aws:s3:::home/bob/x", {{"aws:username", "*"}}}), implicitly);
    EXPECT_EQ(evaluate(own, {"a:b", "arn:aws:s3:::home//x", {}}), implicitly);

    const auto but_own =
        policies_of({R"({"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::home/${aws:username}/*"})"});
    EXPECT_EQ(evaluate(but_own, {"a:b", "arn:aws:s3:::home/bob/x", {{"aws:username", "ana"}}}), allowed);
    EXPECT_EQ(evaluate(but_own, {"a:b", "arn:aws:s3:::home/bob/x", {}}), implicitly);

    const auto old = Policy::parse(
        R"({"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}})");
    ASSERT_TRUE(old);
    EXPECT_EQ(evaluate({*old}, {"a:b", "arn:aws:s3:::ana", {{"aws:username", "ana"}}}), implicitly);
    EXPECT_EQ(evaluate({*old}, {"a:b", "arn:aws:s3:::${aws:username}", {}}), allowed);
}

}  // namespace
}  // namespace cairn::policy
