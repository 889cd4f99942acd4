#include "match/address.h"

#include <gtest/gtest.h>

using namespace cairn::match;

TEST(AddressRange, Contains) {
    const struct {
        const char* range;
        const char* address;
        bool contains;
    } cases[] = {
        {"10.0.0.0/8", "10.255.1.2", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.2.3/8", "10.9.9.9", true},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"192.168.1.0/25", "192.168.1.127", true},
        {"192.168.1.0/25", "192.168.1.128", false},
        {"1.2.3.4/32", "1.2.3.4", true},
        {"1.2.3.4/32", "1.2.3.5", false},
        {"1.2.3.4/31", "1.2.3.5", true},
        {"2001:db8::/32", "2001:db8:1::1", true},
        {"2001:db8::/32", "2001:db9::1", false},
        {"::/0", "2001::1", true},
        {"::/0", "10.0.0.1", false},
        {"0.0.0.0/0", "2001::1", false},
        {"10.0.0.0/8", "::ffff:10.2.3.4", true},
        {"::ffff:10.0.0.0/104", "10.2.3.4", true},
        {"::ffff:10.0.0.0/104", "11.2.3.4", false},
        {"2001:db8::8/125", "2001:db8::f", true},
        {"2001:db8::8/125", "2001:db8::10", false},
        {"fe80::1/128", "FE80::0001", true},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(std::string(row.range) + " " + row.address);
        const auto range = parse_address_range(row.range);
        const auto address = parse_address(row.address);
        ASSERT_TRUE(range && address);
        EXPECT_EQ(range->contains(*address), row.contains);
    }
}

TEST(AddressRange, Refuses) {
    for (const char* text : {"", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "10.0.0.0/8x",
                             "x/8", "::/129", "10.0.0.256/8", "10.0.0.0/ 8", "01.2.3.4/8"})
        EXPECT_FALSE(parse_address_range(text)) << text;
    for (const char* text : {"", "AWS Internal", "ec2.amazonaws.com", "1.2.3", "1.2.3.4.5", "::g", "1.2.3.4 "})
        EXPECT_FALSE(parse_address(text)) << text;
    EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0", 8)));
}
