#include <gtest/gtest.h>

#include "cli/moment.h"
#include "cli/sse.h"
#include "cli/terminal.h"
#include "cli/url.h"

using namespace cairn;
using namespace cairn::cli;

TEST(Moment, ReadsTimesAsPeopleTypeThem) {
    const auto now = *parse_time("2026-11-21T16:00:00Z");
    const struct { const char* text; const char* time; } cases[] = {
        {"now", "2026-11-21T16:00:00Z"},       {"-2h", "2026-11-21T14:00:00Z"},       {"90m ago", "2026-11-21T14:30:00Z"},
        {"2026-11-19", "2026-11-19T00:00:00Z"}, {"2026-11-19 14:00", "2026-11-19T14:00:00Z"}, {"2026-11-19 14:00:30", "2026-11-19T14:00:30Z"},
        {"2026-11-19T14:00:00+01:00", "2026-11-19T13:00:00Z"}, {"1424476529", "2015-02-20T23:55:29Z"}, {"1424476529000", "2015-02-20T23:55:29Z"},
    };
    for (const auto& row : cases) {
        const auto time = parse_moment(row.text, now);
        ASSERT_TRUE(time) << row.text;
        EXPECT_EQ(format_time(*time), row.time) << row.text;
    }
    for (const auto* text : {"", "yesterday", "-2", "2026-13-01", "h"}) EXPECT_FALSE(parse_moment(text, now)) << text;
}

TEST(EventStream, DoesNotDependOnWhereBytesAreCut) {
    const std::string text = ": hello\nevent: rows\ndata: [1,\ndata: 2]\nid: 7\n\r\ndata: x\r\n\r\nevent: empty\n\n";
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::vector<std::pair<std::string, std::string>> seen;
        EventStream stream([&](std::string_view event, std::string_view data) {
            seen.emplace_back(event, data);
            return true;
        });
        EXPECT_TRUE(stream.take(std::string_view(text).substr(0, cut)));
        EXPECT_TRUE(stream.take(std::string_view(text).substr(cut)));
        ASSERT_EQ(seen.size(), 2u) << cut;
        EXPECT_EQ(seen[0], std::pair(std::string("rows"), std::string("[1,\n2]")));
        EXPECT_EQ(seen[1], std::pair(std::string("message"), std::string("x")));
    }
}

TEST(Terminal, RecordedTextCannotDriveIt) { EXPECT_EQ(printable("a\033[31m\x7f\n"), "a\\x1b[31m\\x7f\\x0a"); }

TEST(Terminal, TablesFitTheWidth) {
    const auto table = render_table({"A", "B"}, {{"x", std::string(50, 'y')}, {"zäh", "q"}}, 30, false);
    EXPECT_EQ(table, "A    B\nx    " + std::string(24, 'y') + "…\nzäh  q\n");
}

TEST(Url, EncodesAllButUnreserved) { EXPECT_EQ(percent_encode("a=b c/ä~"), "a%3Db%20c%2F%C3%A4~"); }
