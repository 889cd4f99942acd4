#include <gtest/gtest.h>

#include <arpa/inet.h>

#include <cstring>
#include <string>

#include "gateway/proxy_request.h"

namespace cairn::gateway {
namespace {

bool local(const char* text) {
    sockaddr_storage address{};
    auto& four = reinterpret_cast<sockaddr_in&>(address);
    auto& six = reinterpret_cast<sockaddr_in6&>(address);
    if (::inet_pton(AF_INET, text, &four.sin_addr) == 1)
        address.ss_family = AF_INET;
    else if (::inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        address.ss_family = AF_INET6;
    return is_local(address);
}

TEST(HostNames, AddressesOfTheMachineAndItsLinkAreLocal) {
    for (const char* text :
         {"127.0.0.1", "127.9.9.9", "0.0.0.0", "169.254.169.254", "169.254.170.2", "::1", "::", "fe80::1",
          "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254"})
        EXPECT_TRUE(local(text)) << text;
    for (const char* text : {"10.0.0.1", "192.168.1.1", "52.94.1.1", "169.253.1.1", "2001:db8::1", "fd12::1",
                             "::ffff:52.94.1.1", "64:ff9b::345e:101", "128.0.0.1"})
        EXPECT_FALSE(local(text)) << text;
}

TEST(HostNames, PlacesAreReadInOneSpelling) {
    const struct {
        const char* text;
        const char* host;
        int port;  // 0: it is none
    } cases[] = {{"s3.amazonaws.com:443", "s3.amazonaws.com", 443},
                 {"S3.AmazonAWS.COM.:443", "s3.amazonaws.com", 443},
                 {"my_bucket.s3.amazonaws.com:8443", "my_bucket.s3.amazonaws.com", 8443},
                 {"10.0.0.1:80", "10.0.0.1", 80},
                 {"[::1]:80", "::1", 80},
                 {"s3.amazonaws.com", "", 0},
                 {"s3.amazonaws.com:", "", 0},
                 {"s3.amazonaws.com:0", "", 0},
                 {"s3.amazonaws.com:65536", "", 0},
                 {"s3.amazonaws.com:44x", "", 0},
                 {"s3..amazonaws.com:443", "", 0},
                 {":443", "", 0},
                 {".:443", "", 0},
                 {"user@s3.amazonaws.com:443", "", 0},
                 {"a/b:443", "", 0},
                 {"[::1:443", "", 0},
                 {"[zz]:443", "", 0},
                 {"::1:443", "", 0}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        const auto place = read_place(row.text, 0);
        EXPECT_EQ(place.has_value(), row.port != 0);
        if (!place) continue;
        EXPECT_EQ(place->host, row.host);
        EXPECT_EQ(place->port, row.port);
    }
    EXPECT_EQ(read_place("a.example", 80)->port, 80);
    EXPECT_FALSE(is_host_name(std::string(254, 'a')));
    EXPECT_FALSE(is_host_name(std::string(64, 'a') + ".example"));
}

TEST(ProxyRequest, ConnectIsReadAsClientsSendIt) {
    const struct {
        const char* head;
        int status;  // 200: it is one
    } cases[] = {
        {"CONNECT s3.amazonaws.com:443 HTTP/1.0\r\n\r\n", 200},  // the AWS CLI
        {"CONNECT s3.amazonaws.com:443 HTTP/1.1\r\nHost: s3.amazonaws.com:443\r\nProxy-Connection: Keep-Alive\r\n\r\n",
         200},
        {"CONNECT s3.amazonaws.com:443 HTTP/1.1\r\n\r\n", 400},  // no Host
        {"CONNECT s3.amazonaws.com HTTP/1.0\r\n\r\n", 400},
        {"CONNECT https://s3.amazonaws.com:443 HTTP/1.0\r\n\r\n", 400},
        {"CONNECT / HTTP/1.0\r\n\r\n", 400},
        {"CONNECT  s3.amazonaws.com:443 HTTP/1.0\r\n\r\n", 400},
        {"CONNECT s3.amazonaws.com:443\r\n\r\n", 400},
        {"CONNECT s3.amazonaws.com:443 HTTP/2.0\r\n\r\n", 505},
        {"CONNECT s3.amazonaws.com:443 HTTP/1.0\nHost: a\r\n\r\n", 400},
        {"CONNECT s3.amazonaws.com:443 HTTP/1.0\r\nContent-Length: 5\r\n\r\n", 400},
        {"CONNECT s3.amazonaws.com:443 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"CONNECT s3.amazonaws.com:443 HTTP/1.0\r\nbad name: x\r\n\r\n", 400}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.head);
        const auto place = read_connect(row.head);
        EXPECT_EQ(place ? 200 : place.error().status, row.status);
        EXPECT_TRUE(!place || *place == (Place{"s3.amazonaws.com", 443, false}));
    }
}

TEST(ProxyRequest, AnAbsoluteTargetBecomesAPathAndNothingElseChanges) {
    const struct {
        const char *target, *path;
    } cases[] = {{"http://s3.amazonaws.com/b/k%20x?y=%2F", "/b/k%20x?y=%2F"},
                 {"HTTP://S3.amazonaws.com//a", "//a"},
                 {"http://s3.amazonaws.com", "/"},
                 {"http://s3.amazonaws.com?list-type=2", "/?list-type=2"},
                 {"http://s3.amazonaws.com:80/", "/"}};
    const std::string rest = " HTTP/1.1\r\nhOST:  s3.amazonaws.com \r\nX-A:b\r\n\r\n";
    for (const auto& row : cases) {
        SCOPED_TRACE(row.target);
        const auto read = read_relayed(std::string("GET ") + row.target + rest);
        ASSERT_TRUE(read) << read.error().text;
        EXPECT_EQ(read->head, std::string("GET ") + row.path + rest);
        EXPECT_EQ(read->place, (Place{"s3.amazonaws.com", 80, false}));
    }
}

TEST(ProxyRequest, TargetsThatLeadNowhereOrToTwoServersAreRefused) {
    const std::string host = " HTTP/1.1\r\nHost: s3.amazonaws.com\r\n\r\n";
    for (const std::string& head : {"GET /b/k" + host, "OPTIONS *" + host, "GET https://s3.amazonaws.com/" + host,
                                    "GET ftp://s3.amazonaws.com/" + host, "GET http://sts.amazonaws.com/" + host,
                                    "GET http://s3.amazonaws.com:81/" + host, "GET http://a@s3.amazonaws.com/" + host,
                                    std::string("GET http://s3.amazonaws.com/ HTTP/1.0\r\n\r\n")}) {
        SCOPED_TRACE(head);
        const auto read = read_relayed(head);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().status, 400);
    }
}

}  // namespace
}  // namespace cairn::gateway
