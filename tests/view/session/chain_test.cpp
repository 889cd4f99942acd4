#include <gtest/gtest.h>

#include "view/session/calls.h"
#include "view/session/graph.h"

namespace cairn::session {

namespace {

std::vector<std::string> keys_of(const Chain& chain) {
    std::vector<std::string> keys;
    for (const auto& link : chain.links) keys.push_back(link.key_id);
    return keys;
}

std::vector<std::string> keys_of(const Graph& graph, const std::string& person) {
    std::vector<std::string> keys;
    for (const auto& window :
         graph.keys_of([&](const Origin& origin) { return origin.name == person || origin.arn == person; }, Time::min(),
                       Time::max()))
        keys.push_back(window.key_id);
    return keys;
}

/// ana, and ten roles after her, each in another account.
void tell_ten_hops(const Graph&, const Calls& calls) {
    calls.tell({.source = "iam.amazonaws.com",
                .name = "CreateAccessKey",
                .key = "AKIAroot",
                .answer = R"({"accessKey":{"accessKeyId":"AKIAana","userName":"ana"}})",
                .at = "2026-01-01T00:00:00Z"});
    std::string by = "AKIAana";
    for (int hop = 1; hop <= 10; ++hop) {
        const auto key = "ASIA" + std::to_string(hop);
        calls.assume(by, "", key, "role" + std::to_string(hop), "s", "2026-01-02T03:04:05Z", "2026-01-02T04:04:05Z",
                     std::to_string(100'000'000'000 + hop));
        by = key;
    }
}

TEST(SessionChain, TenHopsLeadToThePerson) {
    Graph graph;
    const Calls calls(graph);
    tell_ten_hops(graph, calls);
    const auto chain = graph.chain("up", "ASIA10", time_of("2026-01-02T03:30:00Z"));
    ASSERT_EQ(chain.links.size(), 11u);
    EXPECT_EQ(chain.links.front().user_identity.text("accountId"), "100000000010");
    EXPECT_EQ(chain.links.front().event_id, "event-of-ASIA10");
    EXPECT_EQ(chain.links.back().key_id, "AKIAana");
    EXPECT_EQ(chain.origin.kind, Origin::Kind::key);
    EXPECT_EQ(chain.origin.name, "ana");
    EXPECT_EQ(chain.origin.arn, "arn:aws:iam::111122223333:user/ana");
    EXPECT_TRUE(chain.origin.gap.empty());
    EXPECT_EQ(keys_of(graph, "ana").size(), 11u);
    EXPECT_EQ(keys_of(graph, "arn:aws:iam::111122223333:user/ana").size(), 11u);
    EXPECT_TRUE(keys_of(graph, "bob").empty());
}

TEST(SessionChain, WhatIsMissingIsAGapAndNobodyIsGuessed) {
    Graph graph;
    const Calls calls(graph);
    calls.assume("ASIAunseen", "", "ASIA1", "ops", "ana");  // a session may be named as one likes
    auto chain = graph.chain("up", "ASIA1", std::nullopt);
    EXPECT_EQ(chain.origin.kind, Origin::Kind::gap);
    EXPECT_NE(chain.origin.gap.find("who is behind key ASIAunseen"), std::string::npos) << chain.origin.gap;
    EXPECT_TRUE(keys_of(graph, "ana").empty());

    Calls(graph, "", true)
        .tell({.source = "s3.amazonaws.com",
               .name = "ListBuckets",
               .key = "ASIA2",
               .identity =
                   R"({"type":"AssumedRole","principalId":"AROA:ana","arn":"arn:aws:sts::1:assumed-role/ops/ana"})"});
    chain = graph.chain("", "ASIA2", std::nullopt);
    EXPECT_EQ(chain.origin.kind, Origin::Kind::gap);
    EXPECT_NE(chain.origin.gap.find("was not seen"), std::string::npos) << chain.origin.gap;
    EXPECT_TRUE(keys_of(graph, "ana").empty());
    EXPECT_TRUE(graph.chain("", "ASIA3", std::nullopt).links.empty());
}

TEST(SessionChain, AServiceAndAnotherAccountsPrincipal) {
    Graph graph;
    const Calls calls(graph, "", true);
    calls.assume("", R"({"type":"AWSService","invokedBy":"ec2.amazonaws.com"})", "ASIA1", "node", "i-1");
    EXPECT_EQ(graph.chain("", "ASIA1", std::nullopt).origin.kind, Origin::Kind::service);
    EXPECT_EQ(keys_of(graph, "ec2.amazonaws.com"), std::vector<std::string>{"ASIA1"});

    const char* other = R"({"type":"AWSAccount","principalId":"AIDAOTHER","accountId":"999988887777"})";
    calls.assume("", other, "ASIA2", "shared", "s");
    EXPECT_EQ(graph.chain("", "ASIA2", std::nullopt).origin.kind, Origin::Kind::gap);
    calls.assume("AKIAana", user("ana"), "ASIA2", "shared", "s");  // the other account's record of the same call
    EXPECT_EQ(graph.chain("", "ASIA2", std::nullopt).origin.name, "ana");
    calls.assume("", other, "ASIA2", "shared", "s");
    EXPECT_EQ(graph.chain("", "ASIA2", std::nullopt).origin.name, "ana");
}

TEST(SessionChain, NoKeyGivesItselfOut) {
    Graph graph;
    const Calls calls(graph, "", true);
    calls.tell({.name = "GetCallerIdentity", .key = "AKIAana", .identity = user("ana")});
    calls.tell({.name = "GetSessionToken",
                .key = "AKIAana",
                .identity = user("ana"),
                .answer = R"({"credentials":{"accessKeyId":"AKIAana","expiration":1767330000}})"});
    EXPECT_EQ(graph.chain("", "AKIAana", std::nullopt).origin.kind, Origin::Kind::key);
}

TEST(SessionChain, ACircleEnds) {
    Graph graph;
    const Calls calls(graph);
    calls.assume("ASIA1", "", "ASIA2", "a", "s");
    calls.assume("ASIA2", "", "ASIA1", "b", "s");
    EXPECT_EQ(graph.chain("up", "ASIA1", std::nullopt).origin.kind, Origin::Kind::gap);
}

TEST(SessionChain, KeysOfAPersonAreBoundedByTheirTimes) {
    Graph graph;
    const Calls calls(graph);
    tell_ten_hops(graph, calls);
    const auto windows = graph.keys_of([](const Origin& origin) { return origin.name == "ana"; },
                                       time_of("2026-01-03T00:00:00Z"), time_of("2026-01-04T00:00:00Z"));
    ASSERT_EQ(windows.size(), 1u) << "all sessions have ended";
    EXPECT_EQ(windows[0].key_id, "AKIAana");
    EXPECT_EQ(windows[0].from, time_of("2026-01-03T00:00:00Z"));
    EXPECT_EQ(windows[0].to, time_of("2026-01-04T00:00:00Z"));
}

TEST(SessionGraphFile, HoldsEverything) {
    Graph graph;
    const Calls calls(graph);
    tell_ten_hops(graph, calls);
    Graph again;
    const auto position = again.load(saved(graph, 42));
    ASSERT_TRUE(position) << position.error().message;
    EXPECT_EQ(*position, 42u);
    EXPECT_EQ(saved(again, 42), saved(graph, 42));
    EXPECT_EQ(keys_of(again.chain("up", "ASIA10", std::nullopt)), keys_of(graph.chain("up", "ASIA10", std::nullopt)));
}

TEST(SessionGraphFile, DamageAnywhereIsSeen) {
    Graph graph;
    Calls(graph).assume("AKIAana", user("ana"), "ASIA1", "ops", "s");
    const auto text = saved(graph, 7);
    for (std::size_t i = 0; i < text.size(); ++i) {
        SCOPED_TRACE(i);
        Graph other;
        EXPECT_FALSE(other.load(std::string_view(text).substr(0, i)));
        auto flipped = text;
        flipped[i] = static_cast<char>(flipped[i] ^ 4);
        EXPECT_FALSE(other.load(flipped));
        EXPECT_EQ(other.key_count(), 0u);
    }
}

}  // namespace

}  // namespace cairn::session
