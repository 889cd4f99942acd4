#include "net/chunked.h"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

using State = ChunkedReader::State;

TEST(Chunked, BodiesAreJoined) {
    const struct {
        const char* bytes;
        const char* body;
        const char* left;
    } cases[] = {
        {"0\r\n\r\n", "", ""},
        {"3\r\nabc\r\n0\r\n\r\n", "abc", ""},
        {"3\r\nabc\r\n00000a\r\n0123456789\r\n0\r\n\r\nGET /", "abc0123456789", "GET /"},
        {"A;name=value\r\n0123456789\r\n0;x\r\n\r\n", "0123456789", ""},
        {"1\r\n\r\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\nrest", "\r", "rest"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.bytes);
        ChunkedReader reader(1000);
        std::string_view bytes = row.bytes;
        std::string body;
        EXPECT_EQ(reader.feed(bytes, body), State::done);
        EXPECT_EQ(body, row.body);
        EXPECT_EQ(bytes, row.left);

        ChunkedReader slow(1000);  // one byte at a time
        std::string slow_body;
        auto state = State::more;
        std::string_view rest = row.bytes;
        while (state == State::more && !rest.empty()) {
            auto one = rest.substr(0, 1);
            rest.remove_prefix(1);
            state = slow.feed(one, slow_body);
        }
        EXPECT_EQ(state, State::done);
        EXPECT_EQ(slow_body, row.body);
        EXPECT_EQ(rest, row.left);
    }
}

TEST(Chunked, DamageIsNoticed) {
    for (const char* bytes :
         {"\r\n", "g\r\n", "-1\r\n", "+1\r\n", " 1\r\n", "1 \r\n", "1\n", "1\ra\r\n", "0x1\r\n", ";a\r\n", "1\r\nab",
          "1\r\na\n", "ffffffffffffffffffff\r\n", "1;\x01\r\n", "0\r\nA\x01: b\r\n\r\n", "0\r\n\rx"}) {
        SCOPED_TRACE(bytes);
        ChunkedReader reader(std::size_t{1} << 62);
        std::string_view view = bytes;
        std::string body;
        EXPECT_EQ(reader.feed(view, body), State::broken);
    }
}

TEST(Chunked, LimitsHold) {
    std::string body;
    ChunkedReader reader(5);
    std::string_view fits = "3\r\nabc\r\n2\r\nab\r\n";
    EXPECT_EQ(reader.feed(fits, body), State::more);
    std::string_view more = "1\r\n";
    EXPECT_EQ(reader.feed(more, body), State::too_large);
    EXPECT_EQ(body, "abcab");

    ChunkedReader trailers(5);
    const auto endless = "0\r\n" + std::string(100'000, 'a');
    std::string_view view = endless;
    EXPECT_EQ(trailers.feed(view, body), State::broken);
    ChunkedReader extensions(5);
    const auto extension = "1;" + std::string(100'000, 'a');
    view = extension;
    EXPECT_EQ(extensions.feed(view, body), State::broken);
}

}  // namespace
}  // namespace cairn::net
