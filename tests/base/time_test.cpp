#include "base/time.h"

#include <gtest/gtest.h>

using namespace cairn;

TEST(Time, ReadsRfc3339) {
    const struct {
        const char* text;
        std::int64_t milliseconds;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2014-03-06T21:22:54Z", 1394140974000},
        {"2024-02-29T12:00:00.5Z", 1709208000500},
        {"2024-02-29T12:00:00.123456789Z", 1709208000123},
        {"2024-02-29T13:00:00+01:00", 1709208000000},
        {"2016-12-31T23:59:60Z", 1483228800000},  // a leap second is the next second
        {"1969-12-31T23:59:59Z", -1000},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        const auto time = parse_time(row.text);
        ASSERT_TRUE(time);
        EXPECT_EQ(to_milliseconds(*time), row.milliseconds);
    }
}

TEST(Time, RefusesWhatIsNoTime) {
    for (const auto* text : {"", "2024-02-30T00:00:00Z", "2024-2-01T00:00:00Z", "2024-02-01 00:00:00Z",
                             "2024-02-01T24:00:00Z", "2024-02-01T00:60:00Z", "2024-02-01T00:00:00",
                             "2024-02-01T00:00:00.Z", "2024-02-01T00:00:00Zx", "2024-02-01T00:00:00+1:00"})
        EXPECT_FALSE(parse_time(text)) << text;
}

TEST(Time, PrintsWhatItReads) {
    for (const auto* text : {"2024-02-29T12:00:00Z", "1969-12-31T23:59:59Z", "2024-02-29T12:00:00.007Z"})
        EXPECT_EQ(format_time(*parse_time(text)), text);
    EXPECT_EQ(format_amz_date(*parse_amz_date("20150830T123600Z")), "20150830T123600Z");
    EXPECT_EQ(format_http_date(*parse_time("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(Time, Durations) {
    using namespace std::chrono_literals;
    const struct {
        const char* text;
        std::optional<std::chrono::milliseconds> duration;
    } cases[] = {{"90d", 90 * 24h}, {"12h", 12h}, {"30m", 30min}, {"10s", 10s}, {"250ms", 250ms}, {"2w", 14 * 24h},
                 {"", {}},          {"d", {}},    {"5", {}},      {"-5s", {}},  {"5y", {}}};
    for (const auto& row : cases) EXPECT_EQ(parse_duration(row.text), row.duration) << row.text;
}
