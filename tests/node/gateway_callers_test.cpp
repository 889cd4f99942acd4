#include "node/gateway_callers.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "node/session_work.h"

namespace cairn::node {

namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

/// The given calls of a gateway (CAIRN_CASES/gateway_calls.json) with the values that their answers would give.
Json given_calls() {
    const char* named = std::getenv("CAIRN_CASES");
    const std::string path = std::string(named ? named : CAIRN_SOURCE_DIR "/../shared/cases") + "/gateway_calls.json";
    std::ifstream file(path);
    if (!file) return {};
    std::ostringstream text;
    text << file.rdbuf();
    auto whole = replaced(text.str(), "${akid}", "AKIACASE000000000001");
    whole = replaced(std::move(whole), "${asia}", "ASIACASE000000000001");
    const auto json = parse_json(whole);
    return json ? *json : Json();
}

/// Everything `wanted` names is in `found`, and equal; "*" is any value.
void expect_has(const Json& found, const Json& wanted) {
    for (const auto& [name, value] : wanted.as_object()) {
        SCOPED_TRACE(name);
        const auto* member = found.find(name);
        ASSERT_NE(member, nullptr) << to_text(found);
        if (value.is_object()) {
            expect_has(*member, value);
        } else if (value != Json("*")) {
            EXPECT_EQ(to_text(*member), to_text(value));
        }
    }
}

TEST(GatewayCallers, KnowWhoMadeTheGivenCalls) {
    const auto calls = given_calls();
    if (calls.is_null()) {
        ASSERT_EQ(std::getenv("CI"), nullptr) << "the given cases are missing";
        GTEST_SKIP() << "the given cases are not there; name their folder with CAIRN_CASES";
    }
    const auto book = make_key_book();
    const auto callers = make_callers({}, {{"moto", {"123456789012", wire::UpstreamProfile::moto}}}, *book);
    ASSERT_TRUE(callers);
    auto now = from_milliseconds(1'767'000'000'000);
    int told = 0;
    for (const auto& call : calls.find("calls")->as_array()) {
        SCOPED_TRACE(call.text("id"));
        const auto& expect = *call.find("expect");
        const auto* environment = call.find("env");
        wire::Credential credential;
        credential.scheme = wire::Credential::Scheme::sigv4;
        credential.key_id = (environment ? *environment : *calls.find("environment")).text("AWS_ACCESS_KEY_ID");
        credential.session_token = environment && environment->find("AWS_SESSION_TOKEN");
        const auto caller = (*callers)->caller("moto", credential, gateway::Confidence::claimed, now);
        EXPECT_EQ(caller.account, "123456789012");
        EXPECT_EQ(caller.user_identity.text("accessKeyId"), credential.key_id);
        if (const auto* wanted = expect.find("userIdentity")) {
            expect_has(caller.user_identity, *wanted);
            ++told;
        }
        const Json nothing;
        const auto* parameters = expect.find("requestParameters");
        const auto* answer = expect.find("responseElements");
        if (answer)
            (*callers)->learn({.upstream = "moto",
                               .event_source = expect.text("eventSource"),
                               .event_name = expect.text("eventName"),
                               .key_id = credential.key_id,
                               .user_identity = &caller.user_identity,
                               .request_parameters = parameters ? parameters : &nothing,
                               .answer = answer,
                               .at = now});
        now += std::chrono::seconds(1);
    }
    EXPECT_EQ(told, 2);
}

TEST(GatewayCallers, AWrongIdentityFileIsSaid) {
    Config config;
    config.gateway_identity_file = "/nowhere/identities.toml";
    const auto book = make_key_book();
    const auto callers = make_callers(config, {}, *book);
    ASSERT_FALSE(callers);
    EXPECT_NE(callers.error().message.find("/nowhere/identities.toml"), std::string::npos);
}

}  // namespace

}  // namespace cairn::node
