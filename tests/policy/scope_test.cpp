#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>

#include <fmt/format.h>

#include "policy/policy.h"

namespace cairn::policy {
namespace {

/// Random policies as plain data, with an evaluation of their own that follows the documented rules word by word and
/// shares nothing with the code under test.
struct RandomCondition {
    std::string name, key;
    std::vector<std::string> values;
};
struct RandomStatement {
    bool allow, not_action, not_resource;
    std::vector<std::string> actions, resources;
    std::vector<RandomCondition> conditions;
};

bool slow_match(std::string_view pattern, std::string_view text) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*')
        return slow_match(pattern.substr(1), text) || (!text.empty() && slow_match(pattern, text.substr(1)));
    return !text.empty() && (pattern.front() == '?' || pattern.front() == text.front()) &&
           slow_match(pattern.substr(1), text.substr(1));
}

bool slow_match_any(const std::vector<std::string>& patterns, std::string_view text) {
    for (const auto& pattern : patterns)
        if (slow_match(pattern, text)) return true;
    return false;
}

const std::string* value_of(const Context& context, const std::string& key) {
    for (const auto& [name, value] : context)
        if (name == key) return &value;
    return nullptr;
}

/// Whether a condition holds; empty when it cannot be decided. A value "${who}" stands for the value of "who", as
/// literal text; an account or region is never compared with one that holds a wildcard.
std::optional<bool> slow_holds(const RandomCondition& condition, const Context& context) {
    const auto* value = value_of(context, condition.key);
    if (condition.name == "Null") return (value == nullptr) == (condition.values.front() == "true");
    const bool negated = condition.name.find("Not") != std::string::npos;
    if (!value) return condition.name.ends_with("IfExists") || negated;

    bool matched = false, unresolved = false;
    for (const auto& wanted : condition.values) {
        if (wanted == "${who}") {
            const auto* who = value_of(context, "who");
            if (!who || (condition.key != "x" && who->find_first_of("*?") != std::string::npos))
                unresolved = true;
            else
                matched = matched || *who == *value;
            continue;
        }
        matched = matched ||
                  (condition.name.find("Like") != std::string::npos ? slow_match(wanted, *value) : wanted == *value);
    }
    if (!negated) return matched;
    if (matched) return false;
    return unresolved ? std::nullopt : std::optional<bool>(true);
}

Decision slow_evaluate(const std::vector<RandomStatement>& statements, const Call& call) {
    bool allow = false;
    for (const auto& statement : statements) {
        bool applies = slow_match_any(statement.actions, call.action) != statement.not_action &&
                       slow_match_any(statement.resources, call.resource) != statement.not_resource;
        for (const auto& condition : statement.conditions)
            applies = applies && slow_holds(condition, call.context).value_or(!statement.allow);
        if (applies && !statement.allow) return Decision::denied_explicitly;
        allow = allow || applies;
    }
    return allow ? Decision::allowed : Decision::denied_implicitly;
}

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

    const std::string& one_of(const std::vector<std::string>& values) { return values[random_() % values.size()]; }

    std::vector<std::string> some_of(const std::vector<std::string>& values) {
        std::vector<std::string> some = {one_of(values)};
        while (chance(40)) some.push_back(one_of(values));
        return some;
    }

    RandomStatement statement() {
        RandomStatement made{.allow = chance(65),
                             .not_action = chance(15),
                             .not_resource = chance(10),
                             .actions = {},
                             .resources = {},
                             .conditions = {}};
        made.actions = some_of({"*", "cloudtrail:*", "cloudtrail:lookup", "cairn:ingest", "c*:l*", "cairn:?ngest"});
        made.resources = some_of({"*", "*trail/a", "?*b"});
        while (chance(60)) made.conditions.push_back(condition());
        return made;
    }

    Context context() {
        Context made;
        if (chance(70)) made.emplace_back("who", one_of({"1", "22", "us", "eu", "*", ""}));
        if (chance(60)) made.emplace_back("x", one_of({"1", "22", "us", "", "a"}));
        return made;
    }

private:
    RandomCondition condition() {
        const auto key = one_of({"cairn:account", "cairn:region", "cairn:account", "cairn:region", "x"});
        auto name = one_of({"StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "Null"});
        if (name == "Null") return {name, key, {one_of({"true", "false"})}};
        const bool like = name.find("Like") != std::string::npos;
        if (chance(15)) name += "IfExists";
        const std::vector<std::string> plain = {"1", "22", "12", "us", "eu", "us-e", "${who}", ""};
        const std::vector<std::string> wild = {"1*", "*2", "?", "us*", "*e*", "*", "22", "${who}", "", "??"};
        return {name, key, some_of(like ? wild : plain)};
    }

    std::mt19937 random_;
};

std::string list_of(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts) list += (list.empty() ? "\"" : ",\"") + text + "\"";
    return "[" + list + "]";
}

std::string text_of(const RandomStatement& statement) {
    std::string conditions;
    for (const auto& condition : statement.conditions)
        conditions += fmt::format("{}\"{}\":{{\"{}\":{}}}", conditions.empty() ? "" : ",", condition.name,
                                  condition.key, list_of(condition.values));
    return fmt::format(R"({{"Effect":"{}","{}":{},"{}":{},"Condition":{{{}}}}})", statement.allow ? "Allow" : "Deny",
                       statement.not_action ? "NotAction" : "Action", list_of(statement.actions),
                       statement.not_resource ? "NotResource" : "Resource", list_of(statement.resources), conditions);
}

/// An operator can stand in a Condition once only.
void keep_one_condition_per_operator(RandomStatement& statement) {
    std::vector<RandomCondition> kept;
    for (auto& condition : statement.conditions) {
        const auto same = [&](const RandomCondition& other) { return other.name == condition.name; };
        if (std::ranges::none_of(kept, same)) kept.push_back(std::move(condition));
    }
    statement.conditions = std::move(kept);
}

TEST(CompileScope, AdmitsExactlyWhatEvaluateAllows) {
    const std::vector<std::string> accounts = {"", "1", "2", "12", "22", "us"};
    const std::vector<std::string> regions = {"", "us", "eu", "us-e", "1", "22", "e"};
    int admitted = 0, refused = 0;
    for (unsigned seed = 1; seed <= 6'000; ++seed) {
        SCOPED_TRACE(seed);
        Generator generator(seed);
        std::vector<RandomStatement> statements;
        std::vector<Policy> policies;
        do {
            statements.push_back(generator.statement());
            keep_one_condition_per_operator(statements.back());
            auto policy = Policy::parse(R"({"Version":"2012-10-17","Statement":)" + text_of(statements.back()) + "}");
            ASSERT_TRUE(policy) << policy.error().message;
            policies.push_back(*policy);
        } while (generator.chance(70));

        const Call call{generator.one_of({"cloudtrail:lookup", "cairn:ingest"}),
                        generator.one_of({"*", "trail/a", "trail/b"}), generator.context()};
        const auto scope = compile_scope(policies, call);
        for (const auto& account : accounts) {
            for (const auto& region : regions) {
                auto full = call;
                full.context.emplace_back("cairn:account", account);
                full.context.emplace_back("cairn:region", region);
                const auto decision = evaluate(policies, full);
                ASSERT_EQ(decision, slow_evaluate(statements, full))
                    << text_of(statements.front()) << account << '/' << region;
                ASSERT_EQ(scope.admits(account, region), decision == Decision::allowed)
                    << text_of(statements.front()) << account << '/' << region;
                ++(decision == Decision::allowed ? admitted : refused);
            }
        }
    }
    EXPECT_GT(admitted, 15'000);  // the policies say something
    EXPECT_GT(refused, 15'000);
}

TEST(CompileScope, IgnoresAccountAndRegionOfTheCall) {
    const auto policy =
        Policy::parse(R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
        "Condition":{"StringEquals":{"cairn:account":"111122223333"},"StringLike":{"cairn:region":"eu-*"}}}})");
    ASSERT_TRUE(policy);
    const auto scope = compile_scope({*policy}, {"cloudtrail:LookupEvents", "*", {{"Cairn:Account", "444455556666"}}});
    EXPECT_TRUE(scope.admits("111122223333", "eu-west-1"));
    EXPECT_FALSE(scope.admits("111122223333", "us-east-1"));
    EXPECT_FALSE(scope.admits("444455556666", "eu-west-1"));
}

TEST(CompileScope, ExclusionsOfOneStatementDoNotNarrowAnother) {
    const auto policy = Policy::parse(R"({"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotLike":{"cairn:region":"us-*"}}},
        {"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"cairn:account":"1"}}}]})");
    ASSERT_TRUE(policy);
    const auto scope = compile_scope({*policy}, {"a:b", "*", {}});
    EXPECT_TRUE(scope.admits("1", "us-east-1"));
    EXPECT_FALSE(scope.admits("2", "us-east-1"));
    EXPECT_TRUE(scope.admits("2", "eu-west-1"));
}

TEST(CompileScope, NoPolicyAdmitsNothing) {
    EXPECT_FALSE(compile_scope({}, {"a:b", "*", {}}).admits("1", "us-east-1"));
}

}  // namespace
}  // namespace cairn::policy
