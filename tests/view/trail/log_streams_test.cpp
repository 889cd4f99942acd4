#include "view/trail/log_streams.h"

#include <gtest/gtest.h>

namespace cairn::trail {
namespace {

TEST(LogStreams, AreNamedByAccountAndRegion) {
    EXPECT_EQ(log_stream_name("111122223333", "us-east-1"), "111122223333_CloudTrail_us-east-1");
    EXPECT_EQ(log_stream_name("111122223333", "eu-west-1", 2), "111122223333_CloudTrail_eu-west-1_2");
}

TEST(LogStreams, MoreAreUsedWhenTooMuchWaits) {
    LogStreams streams;
    constexpr auto half = LogStreams::waiting_bytes_max / 2;
    EXPECT_EQ(streams.choose("one", "a", half), 1u);
    EXPECT_EQ(streams.choose("one", "b", half), 1u);
    EXPECT_EQ(streams.choose("one", "c", half), 2u) << "the first is full";
    EXPECT_EQ(streams.choose("two", "d", half), 1u) << "another trail has streams of its own";
    streams.done("a");
    streams.done("a");
    EXPECT_EQ(streams.choose("one", "e", half), 1u);
    for (int i = 0; i < 5; ++i) streams.choose("one", "more" + std::to_string(i), half);
    EXPECT_EQ(streams.choose("one", "last", 100 * half), 1u) << "all are full: the one with the least";
    EXPECT_EQ(streams.choose("one", "after", half), 2u);
    streams.clear();
    EXPECT_EQ(streams.choose("one", "f", half), 1u);
}

}  // namespace
}  // namespace cairn::trail
