#include "neighbour/buckets/lifecycle.h"

#include <gtest/gtest.h>

namespace cairn::neighbour {
namespace {

Time at(const char* text) { return *parse_time(text); }

TEST(Lifecycle, AnObjectGoesAtTheMidnightAfterItsDays) {
    const struct {
        std::uint32_t days;
        const char *modified, *goes;
    } cases[] = {
        {1, "2026-01-15T10:30:00Z", "2026-01-17T00:00:00Z"},
        {3, "2026-01-15T23:59:59.999Z", "2026-01-19T00:00:00Z"},
        {3, "2026-01-15T00:00:00Z", "2026-01-18T00:00:00Z"},
        {365, "2027-02-28T12:00:00Z", "2028-02-29T00:00:00Z"},
    };
    for (const auto& row : cases)
        EXPECT_EQ(format_time(expiry_of({.id = "r", .prefix = "", .days = row.days, .date = {}}, at(row.modified))),
                  row.goes);
}

TEST(Lifecycle, TheFirstRuleInTimeCounts) {
    const Lifecycle rules = {{.id = "all", .prefix = "", .days = 30, .date = {}},
                             {.id = "logs", .prefix = "AWSLogs/", .days = 7, .date = {}},
                             {.id = "off", .prefix = "", .enabled = false, .days = 1, .date = {}},
                             {.id = "day", .prefix = "old/", .days = {}, .date = at("2026-01-01T00:00:00Z")}};
    const auto put = at("2026-01-15T00:00:00Z");
    const auto rule_of = [&](const char* key) { return expiry_of(rules, key, put)->rule->id; };
    EXPECT_EQ(rule_of("AWSLogs/1"), "logs");
    EXPECT_EQ(rule_of("awslogs/1"), "all");
    EXPECT_EQ(rule_of("old/1"), "day");
    EXPECT_EQ(expiry_of({}, "key", put), std::nullopt);
    EXPECT_EQ(expiry_of({rules[1], rules[2]}, "key", put), std::nullopt);
}

TEST(Lifecycle, RowsKeepIt) {
    const Lifecycle rules = {
        {.id = "a", .prefix = "x/", .days = 2'147'483'647, .date = {}},
        {.id = "b", .prefix = "", .enabled = false, .filter = false, .days = {}, .date = at("2026-01-01T00:00:00Z")}};
    EXPECT_EQ(read_lifecycle(to_json(rules)).value(), rules);
    EXPECT_EQ(read_lifecycle(parse_json(to_text(to_json(rules))).value()).value(), rules);
    for (const char* damaged : {"{}", "[1]", R"([{"id":"a","prefix":"","enabled":true,"filter":true}])"})
        EXPECT_EQ(read_lifecycle(parse_json(damaged).value()).error().code, Code::corrupt) << damaged;
}

}  // namespace
}  // namespace cairn::neighbour
