#include "net/request_head.h"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

int status_of(std::string_view head) {
    Request request;
    const auto framing = parse_head(head, request);
    return framing ? 200 : framing.error().status;
}

std::string with_host(std::string_view lines) {
    return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

TEST(RequestHead, IsTakenApart) {
    Request request;
    const auto framing = parse_head(
        "POST /a%20b?c=d HTTP/1.1\r\nHost: h:80\r\nX-One:  two \t\r\nx-one:\r\nContent-Length: 17\r\n\r\n", request);
    ASSERT_TRUE(framing);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a%20b?c=d");
    EXPECT_EQ(request.path(), "/a%20b");
    EXPECT_EQ(request.query(), "c=d");
    EXPECT_EQ(request.headers, (Headers{{"Host", "h:80"}, {"X-One", "two"}, {"x-one", ""}, {"Content-Length", "17"}}));
    EXPECT_EQ(request.find("X-ONE"), "two");
    EXPECT_EQ(request.find("absent"), "");
    EXPECT_EQ(framing->content_length, 17u);
    EXPECT_TRUE(framing->keep_alive);
    EXPECT_FALSE(framing->chunked);
}

TEST(RequestHead, AbsoluteTargetsNameTheHost) {
    Request request;
    ASSERT_TRUE(parse_head("GET http://real.example:81/a?b HTTP/1.1\r\nHost: other\r\n\r\n", request));
    EXPECT_EQ(request.target, "/a?b");
    EXPECT_EQ(request.find("host"), "real.example:81");
    ASSERT_TRUE(parse_head("GET HTTPS://real.example?b HTTP/1.0\r\n\r\n", request));
    EXPECT_EQ(request.target, "/?b");
    EXPECT_EQ(request.find("host"), "real.example");
}

TEST(RequestHead, KeepAlive) {
    const struct {
        const char* head;
        bool keep_alive;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade, CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.head);
        Request request;
        const auto framing = parse_head(row.head, request);
        ASSERT_TRUE(framing);
        EXPECT_EQ(framing->keep_alive, row.keep_alive);
    }
}

TEST(RequestHead, RequestLines) {
    const struct {
        const char* line;
        int status;
    } cases[] = {
        {"GET / HTTP/1.1", 200},
        {"M-SEARCH /x HTTP/1.1", 200},
        {"OPTIONS * HTTP/1.1", 200},
        {"GET /\xe1\x88\xb4 HTTP/1.1", 200},  // sent unencoded by some clients
        {"GET / HTTP/1.2", 200},
        {"GET * HTTP/1.1", 400},
        {"GET  / HTTP/1.1", 400},
        {"GET / a HTTP/1.1", 400},
        {"GET /\ta HTTP/1.1", 400},
        {"GET /#a HTTP/1.1", 400},
        {"GET a HTTP/1.1", 400},
        {"GET ftp://a/ HTTP/1.1", 400},
        {"GET http HTTP/1.1", 400},  // once read beyond its end
        {"GET https HTTP/1.1", 400},
        {"GET http:/a HTTP/1.1", 400},
        {"GET http:///a HTTP/1.1", 400},
        {"GET http://user@host/ HTTP/1.1", 400},
        {"GET /", 400},
        {"GET", 400},
        {"", 400},
        {" GET / HTTP/1.1", 400},
        {"G(T / HTTP/1.1", 400},
        {"GET / http/1.1", 400},
        {"GET / HTTP/1.1 ", 400},
        {"GET / HTTP/11", 400},
        {"GET / HTTP/1.", 400},
        {"GET / HTTP/2.0", 505},
        {"GET / HTTP/0.9", 505},
        {"CONNECT a:1 HTTP/1.1", 501},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGH / HTTP/1.1", 400},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.line);
        EXPECT_EQ(status_of(std::string(row.line) + "\r\nHost: a\r\n\r\n"), row.status);
    }
}

TEST(RequestHead, NothingCanBeSmuggled) {
    const struct {
        const char* lines;
        int status;
    } cases[] = {
        {"Content-Length: 5\r\n", 200},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", 200},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", 400},
        {"Content-Length: 5, 5\r\n", 400},
        {"Content-Length: +5\r\n", 400},
        {"Content-Length: -5\r\n", 400},
        {"Content-Length: 0x5\r\n", 400},
        {"Content-Length: 5 5\r\n", 400},
        {"Content-Length:\r\n", 400},
        {"Content-Length: 9223372036854775808\r\n", 400},
        {"Content-Length: 99999999999999999999999\r\n", 400},
        {"Content-Length: 9223372036854775807\r\n", 200},
        {"Content-Length : 5\r\n", 400},
        {"Content-Length\t: 5\r\n", 400},
        {" Content-Length: 5\r\n", 400},
        {"X: a\r\n Content-Length: 5\r\n", 400},
        {"X: a\r\n\tb\r\n", 400},
        {"Transfer-Encoding: chunked\r\n", 200},
        {"transfer-encoding: CHUNKED\r\n", 200},
        {"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Content-Length: 5\r\nTransfer-Encoding: identity\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400},
        {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", 400},
        {"Transfer-Encoding: chunked, chunked\r\n", 501},
        {"Transfer-Encoding: gzip, chunked\r\n", 501},
        {"Transfer-Encoding: identity\r\n", 501},
        {"Transfer-Encoding: xchunked\r\n", 501},
        {"Transfer-Encoding: \"chunked\"\r\n", 501},
        {"Transfer-Encoding:\r\n", 501},
        {"Transfer-Encoding:\x0b"
         "chunked\r\n",
         400},
        {"Transfer-Encoding : chunked\r\n", 400},
        {"Transfer-Encoding: chunked\rX: y\r\n", 400},
        {"Host: b\r\n", 400},
        {"X: a\nContent-Length: 5\r\n", 400},
        {"X: a\n", 400},
        {"X: a\rb\r\n", 400},
        {"X: \x01\r\n", 400},
        {"X: \x7f\r\n", 400},
        {"X: \xc3\xa4\r\n", 200},
        {": a\r\n", 400},
        {"X\r\n", 400},
        {"X(: a\r\n", 400},
        {"X\xc3\xa4: a\r\n", 400},
        {"Expect: 100-continue\r\n", 200},
        {"Expect: something\r\n", 417},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.lines);
        EXPECT_EQ(status_of(with_host(row.lines)), row.status);
    }
    using namespace std::string_literals;
    EXPECT_EQ(status_of(with_host("X: a\0b\r\n"s)), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 400);  // no Host
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 200);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\n\n"), 400);
    std::string many;
    for (int i = 0; i < 300; ++i) many += "A: b\r\n";
    EXPECT_EQ(status_of(with_host(many)), 431);
}

TEST(RequestHead, EndIsFoundHoweverTheBytesArrive) {
    const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n", all = head + "rest\r\n\r\n";
    for (std::size_t first = 0; first < head.size(); ++first) {
        EXPECT_EQ(find_head_end(std::string_view(all).substr(0, first), 0), std::string_view::npos);
        EXPECT_EQ(find_head_end(all, first), head.size());
    }
    EXPECT_EQ(find_head_end("a\n\nb", 0), 3u);
}

TEST(RequestHead, Beginnings) {
    using namespace std::string_literals;
    for (const auto& bytes : {"G"s, "GET"s, "GET /"s, "X-Y z"s}) EXPECT_TRUE(may_begin_request(bytes)) << bytes;
    for (const auto& bytes : {"\x16\x03\x01"s, " GET"s, "GET\r\n"s, "\0"s, std::string(40, 'A'), "{\"a\":1}"s})
        EXPECT_FALSE(may_begin_request(bytes)) << bytes;
}

TEST(Text, Decoding) {
    bool ok = false;
    EXPECT_EQ(percent_decode("a%20b+c%2f", &ok), "a b+c/");
    EXPECT_TRUE(ok);
    for (const char* broken : {"%", "%2", "%zz", "a%2"}) {
        EXPECT_EQ(percent_decode(broken, &ok), "");
        EXPECT_FALSE(ok);
    }
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(parse_query("a=1&b=%20x+y&&c&=d&e=f=g&h=%"),
              (Pairs{{"a", "1"}, {"b", " x y"}, {"c", ""}, {"", "d"}, {"e", "f=g"}, {"h", "%"}}));
    EXPECT_TRUE(parse_query("").empty());
}

}  // namespace
}  // namespace cairn::net
