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
        {"20261119T140000Z", "2026-11-19T14:00:00Z"},
        {"2026-11-19 14:00:30+0100", "2026-11-19T13:00:30Z"},
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

TEST(Moment, ReadsTheCalendarFormsOfIso8601) {
    const struct {
        const char* text;
        const char* time;
    } cases[] = {
        {"2026-01-02", "2026-01-02T00:00:00Z"},
        {"2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
        {"2026-01-02t03:04:05.250z", "2026-01-02T03:04:05.250Z"},
        {"2026-01-02T03:04:05", "2026-01-02T03:04:05Z"},
        {"2026-01-02 03:04:05", "2026-01-02T03:04:05Z"},
        {"2026-01-02T03:04Z", "2026-01-02T03:04:00Z"},
        {"2026-01-02T03", "2026-01-02T03:00:00Z"},
        {"2026-01-02T03:04:05+01:00", "2026-01-02T02:04:05Z"},
        {"2026-01-02T03:04:05+0100", "2026-01-02T02:04:05Z"},
        {"2026-01-02T03:04:05-01", "2026-01-02T04:04:05Z"},
        {"2026-01-02T03:04+0000", "2026-01-02T03:04:00Z"},
        {"20260102T030405Z", "2026-01-02T03:04:05Z"},
        {"20260102T030405.5", "2026-01-02T03:04:05.500Z"},
        {"20260102T0304-0130", "2026-01-02T04:34:00Z"},
        {"20260102T03", "2026-01-02T03:00:00Z"},
    };
    for (const auto& row : cases) {
        const auto time = parse_iso8601(row.text);
        ASSERT_TRUE(time) << row.text;
        EXPECT_EQ(format_time(*time), row.time) << row.text;
    }
    for (const auto* text : {"",
                             "T",
                             "20260102",
                             "2026-02-30",
                             "2026-1-2",
                             "2026-01-02T",
                             "2026-01-02TZ",
                             "2026-01-02T3:04:05Z",
                             "2026-01-02T030Z",
                             "2026-01-02T25:00Z",
                             "2026-01-02T03:04.5Z",
                             "2026-01-02T03:04:05.Z",
                             "2026-01-02T03:04:05+1",
                             "2026-01-02T03:04:05+25:00",
                             "2026-01-02T03:04:05ZZ",
                             "2026-01-02T03:04:05 Z",
                             "2026-W01-1",
                             "2026-002",
                             "20260102T0304050Z",
                             "2026-01-02T03:04:05+010000"})
        EXPECT_FALSE(parse_iso8601(text)) << text;
}
