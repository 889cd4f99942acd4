#include "view/trail/event_ids.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace cairn::trail {
namespace {

std::vector<std::string> found_in(std::string_view text, std::size_t piece_bytes) {
    EventIdFinder finder;
    std::vector<std::string> ids;
    for (std::size_t at = 0; at < text.size(); at += piece_bytes)
        finder.add(text.substr(at, piece_bytes), [&](std::string_view id) { ids.emplace_back(id); });
    return ids;
}

TEST(EventIdFinder, FindsTheSameHoweverTheTextIsCut) {
    std::string text = "{\"Records\":[";
    std::vector<std::string> wanted;
    for (int i = 0; i < 40; ++i) {
        wanted.push_back(fmt::format("0fb1f6d2-0000-4000-8000-{:012}", i));
        text +=
            fmt::format("{}{{\"eventName\":\"eventID\",{:{}}\"eventID\"{}:\t\"{}\",\"tail\":\"{}\"}}", i ? "," : "", "",
                        i * 17, i % 3 ? "" : " \n", wanted.back(), std::string(static_cast<std::size_t>(i) * 11, 'x'));
    }
    text += "]}";
    for (const std::size_t piece : {1u, 2u, 8u, 9u, 10u, 47u, 264u, 265u, 266u, 300u, 1000u, 100'000u}) {
        SCOPED_TRACE(piece);
        EXPECT_EQ(found_in(text, piece), wanted);
    }
}

TEST(EventIdFinder, WhatIsNoIdIsPassedOver) {
    const std::string text =
        R"({"eventID":7,"eventID":null,"eventID" "a","eventIDs":"b","eventID":"c"})" + std::string(300, ' ');
    for (const std::size_t piece : {1u, 20u, 1000u}) EXPECT_EQ(found_in(text, piece), std::vector<std::string>{"c"});
}

TEST(RecordEventIds, AreThoseOfTheRecordsThemselves) {
    EXPECT_EQ(
        record_event_ids(
            R"({"Records":[{"eventID":"a","requestParameters":{"eventID":"inner"}},{"eventID":7},{"eventID":"b"}]})"),
        (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(record_event_ids("{\"Records\":[{\"eventID\":\"a\"}").empty()) << "it is no JSON";
}

TEST(RepeatedIds, NamesEachPairOnceWithAndWithoutItsFile) {
    for (const std::size_t entries_max : {3u, 1000u}) {
        SCOPED_TRACE(entries_max);
        RepeatedIds ids(entries_max);
        for (std::uint32_t file = 0; file < 5; ++file)
            for (std::uint64_t id = 0; id < 10; ++id) ASSERT_TRUE(ids.note(file * 100 + id, file));
        for (const auto id : {101u, 102u}) ASSERT_TRUE(ids.note(id, 4));
        ASSERT_TRUE(ids.note(101, 1)) << "twice in one file: no pair";
        ASSERT_TRUE(ids.note(3, 2));
        const auto pairs = ids.pairs();
        ASSERT_TRUE(pairs);
        EXPECT_EQ(*pairs, (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{0, 2}, {1, 4}}));
    }
}

}  // namespace
}  // namespace cairn::trail
