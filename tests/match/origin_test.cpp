#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "match/query.h"

namespace cairn::match {

namespace {

Time at(const char* text) { return *parse_time(text); }

/// ana has a key in January, and another for an hour; bob has one for ever.
std::expected<std::vector<KeyWindow>, std::string> origins(const std::function<bool(std::string_view)>& is_meant) {
    std::vector<KeyWindow> keys;
    if (is_meant("ana")) {
        keys.push_back({"AKIA1", at("2026-01-01T00:00:00Z"), at("2026-01-31T00:00:00Z")});
        keys.push_back({"ASIA1", at("2026-01-05T10:00:00Z"), at("2026-01-05T11:00:00Z")});
        keys.push_back({"ASIA1", at("2026-01-06T10:00:00Z"), at("2026-01-06T11:00:00Z")});
    }
    if (is_meant("bob")) keys.push_back({"AKIA2", Time::min(), Time::max()});
    std::ranges::sort(keys, {}, &KeyWindow::key_id);
    return keys;
}

TEST(OriginTerm, MatchesKeysInTheirTime) {
    const struct {
        const char *query, *key, *time;
        bool matches;
    } rows[] = {
        {"origin=ana", "AKIA1", "2026-01-02T00:00:00Z", true},
        {"origin=ana", "AKIA1", "2026-01-31T00:00:01Z", false},
        {"origin=ana", "ASIA1", "2026-01-05T10:30:00Z", true},
        {"origin=ana", "ASIA1", "2026-01-06T11:00:00Z", true},
        {"origin=ana", "ASIA1", "2026-01-05T12:00:00Z", false},
        {"origin=ana", "AKIA2", "2026-01-02T00:00:00Z", false},
        {"origin=ana", "", "2026-01-02T00:00:00Z", false},
        {"origin in (ana, bob)", "AKIA2", "2026-01-02T00:00:00Z", true},
        {"origin=ana or origin=bob", "AKIA2", "2026-01-02T00:00:00Z", true},
        {"origin:AN", "AKIA1", "2026-01-02T00:00:00Z", true},
        {"origin^an", "AKIA1", "2026-01-02T00:00:00Z", true},
        {"origin!=ana", "AKIA1", "2026-01-02T00:00:00Z", false},
        {"origin!=ana", "AKIA2", "2026-01-02T00:00:00Z", true},
        {"-origin=ana", "AKIA2", "2026-01-02T00:00:00Z", true},
        {"origin=carol", "AKIA1", "2026-01-02T00:00:00Z", false},
        {"origin=ana eventName=x", "AKIA1", "2026-01-02T00:00:00Z", false},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.query) + " " + row.key + " " + row.time);
        const auto query = Query::parse(row.query, origins);
        ASSERT_TRUE(query);
        EventView event;
        event.access_key_id = row.key;
        event.time = at(row.time);
        EXPECT_EQ(query->matches(event), row.matches);
        EXPECT_EQ(query->text(), row.query);
        EXPECT_FALSE(query->only_indexed()) << "times are not in the index";
    }
}

TEST(OriginTerm, AsksThePostingsOfTheKeys) {
    const auto indexed = [](const char* text) {
        const auto query = Query::parse(text, origins);
        EXPECT_TRUE(query);
        return query->indexed();
    };
    const auto both = indexed("origin=ana or origin=bob");
    ASSERT_EQ(both.size(), 1u);
    EXPECT_EQ(both[0].attribute, Attribute::access_key_id);
    EXPECT_EQ(both[0].any_of, (std::vector<std::string>{"AKIA1", "ASIA1", "AKIA2"}));
    EXPECT_EQ(indexed("origin=ana readOnly=true").size(), 2u);
    EXPECT_EQ(indexed("origin=carol").at(0).any_of, std::vector<std::string>{""}) << "nothing is found";
    EXPECT_TRUE(indexed("origin!=ana").empty());
    EXPECT_TRUE(indexed("-origin=ana").empty());
    EXPECT_TRUE(Query::parse("origin=ana", origins)->needles().empty()) << "the name stands in no record";
    EXPECT_TRUE(Query::parse("origin=ana")->indexed().empty()) << "of the record itself";
}

TEST(OriginTerm, WhatCannotBeAskedIsSaid) {
    const auto query = Query::parse(
        "origin=ana",
        [](const auto&) -> std::expected<std::vector<KeyWindow>, std::string> { return std::unexpected("too many"); });
    ASSERT_FALSE(query);
    EXPECT_EQ(query.error().message, "too many");
    EXPECT_EQ(query.error().field, "origin");
}

}  // namespace

}  // namespace cairn::match
