#include "base/moment.h"

#include <gtest/gtest.h>

using namespace cairn;

TEST(Moment, ReadsTimesAsPeopleTypeThem) {
    const auto now = *parse_time("2026-11-21T16:00:00Z");
    const struct {
        const char* text;
        const char* time;
    } cases[] = {
        {"now", "2026-11-21T16:00:00Z"},
        {"-2h", "2026-11-21T14:00:00Z"},
        {"90m ago", "2026-11-21T14:30:00Z"},
        {"2026-11-19", "2026-11-19T00:00:00Z"},
        {"2026-11-19 14:00", "2026-11-19T14:00:00Z"},
        {"2026-11-19 14:00:30", "2026-11-19T14:00:30Z"},
        {"2026-11-19T14:00:00+01:00", "2026-11-19T13:00:00Z"},
        {"1424476529", "2015-02-20T23:55:29Z"},
        {"1424476529000", "2015-02-20T23:55:29Z"},
        {"2026-11-19T14:00", "2026-11-19T14:00:00Z"},
        {"0", "1970-01-01T00:00:00Z"},
    };
    for (const auto& row : cases) {
        const auto time = parse_moment(row.text, now);
        ASSERT_TRUE(time) << row.text;
        EXPECT_EQ(format_time(*time), row.time) << row.text;
    }
    for (const auto* text : {"", "yesterday", "-2", "2026-13-01", "h", "-", " ago", "99999999999999999999"})
        EXPECT_FALSE(parse_moment(text, now)) << text;
}

TEST(Moment, WrittenTimesNeedNoClock) {
    EXPECT_EQ(parse_written_time("2026-11-19 14:00"), parse_time("2026-11-19T14:00:00Z"));
    EXPECT_EQ(parse_written_time("-60"), parse_time("1969-12-31T23:59:00Z"));
    for (const auto* text : {"now", "-2h", "2h ago", "14:00"}) EXPECT_FALSE(parse_written_time(text)) << text;
}
