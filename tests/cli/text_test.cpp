#include <gtest/gtest.h>

#include "cli/sse.h"
#include "cli/terminal.h"
#include "cli/url.h"

using namespace cairn;
using namespace cairn::cli;

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

TEST(Terminal, RecordedTextCannotDriveIt) {
    EXPECT_EQ(printable("a\033[31m\x7f\n"), "a\\x1b[31m\\x7f\\x0a");
    EXPECT_EQ(printable("a\xc2\x9b"
                        "31m"),
              "a\\u009b31m");
    EXPECT_EQ(printable("root\xe2\x80\xae"
                        "toor\xe2\x81\xa6"),
              "root\\u202etoor\\u2066");
    EXPECT_EQ(printable("z\xc3\xa4h \xe2\x82\xac \xe2\x80\x93 \xc2\xa0 \xc2"),
              "z\xc3\xa4h \xe2\x82\xac \xe2\x80\x93 \xc2\xa0 \xc2");
}

TEST(Terminal, CellsHaveTheirColours) {
    const auto colour_of = [](std::size_t row, std::size_t column) {
        return row == 1 && column == 0 ? Colour::red : Colour::plain;
    };
    EXPECT_EQ(render_table({"A", "B"}, {{"ok", "1"}, {"no", "2"}}, 0, true, colour_of),
              "\033[1mA\033[0m   \033[1mB\033[0m\nok  1\n\033[31mno\033[0m  2\n");
    EXPECT_EQ(render_table({"A"}, {{"x"}}, 0, false, colour_of), "A\nx\n");
    EXPECT_EQ(render_table({"A", "B"}, {{"x", ""}}, 0, false), "A  B\nx\n");
}

TEST(Terminal, TablesFitTheWidth) {
    const auto table = render_table({"A", "B"}, {{"x", std::string(50, 'y')}, {"zäh", "q"}}, 30, false);
    EXPECT_EQ(table, "A    B\nx    " + std::string(24, 'y') + "…\nzäh  q\n");
}

TEST(Url, EncodesAllButUnreserved) { EXPECT_EQ(percent_encode("a=b c/ä~"), "a%3Db%20c%2F%C3%A4~"); }
