#include <chrono>
#include <deque>
#include <thread>

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/metrics.h"
#include "base/queue.h"
#include "base/uuid.h"

using namespace cairn;

TEST(Hash, Crc32cOfRfc3720) {
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aau);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43u);
    EXPECT_EQ(crc32c("456789", crc32c("123")), crc32c("123456789"));
    EXPECT_EQ(crc32c("123456789"), 0xe3069283u);
}

TEST(Hash, KeysDiffer) {
    const HashKey one(std::string(32, 'a')), other(std::string(32, 'b'));
    EXPECT_NE(one.hash64("x"), other.hash64("x"));
    EXPECT_EQ(one.hash128("x"), HashKey(std::string(32, 'a')).hash128("x"));
}

TEST(Uuid, TextComesBack) {
    const auto text = format_uuid(random_uuid());
    ASSERT_EQ(text.size(), 36u);
    EXPECT_EQ(text[14], '4');
    EXPECT_EQ(format_uuid(*parse_uuid(text)), text);
    EXPECT_FALSE(parse_uuid("0fb1f6d2-0000-0000-0000-00000000000"));
    EXPECT_FALSE(parse_uuid("0fb1f6d2x0000-0000-0000-000000000000"));
    EXPECT_NE(random_uuid(), random_uuid());
}

TEST(Uuid, NamesGiveTheSameIdForEver) {
    EXPECT_EQ(named_uuid("space", "name"), named_uuid("space", "name"));
    EXPECT_NE(named_uuid("space", "name"), named_uuid("spacen", "ame"));
    EXPECT_EQ(format_uuid(named_uuid("cairn", "1")), "9581be85-2858-871e-a3dd-c27f798904e1");
}

TEST(Metrics, RendersPrometheusText) {
    Metrics metrics;
    metrics.counter("cairn_events_total", "events", {{"outcome", "stored"}}).add(3);
    metrics.counter("cairn_events_total", "events", {{"outcome", "du\"p"}}).add(1);
    metrics.gauge("cairn_lag", "lag", [] { return 2.5; });
    metrics.histogram("cairn_seconds", "time").observe(0.003);
    const auto text = metrics.render();
    EXPECT_NE(text.find("# TYPE cairn_events_total counter\ncairn_events_total{outcome=\"stored\"} 3\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("outcome=\"du\\\"p\"} 1"), std::string::npos);
    EXPECT_NE(text.find("cairn_lag 2.5\n"), std::string::npos);
    EXPECT_NE(text.find("cairn_seconds_bucket{le=\"0.0025\"} 0\ncairn_seconds_bucket{le=\"0.005\"} 1\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("cairn_seconds_count 1\n"), std::string::npos);
}

TEST(Queue, TakesEverythingThatWasPushedBeforeClose) {
    BoundedQueue<int> queue(4);
    std::thread giver([&] {
        for (int i = 0; i < 1000; ++i) queue.push(i);
        queue.close();
    });
    int expected = 0;
    while (const auto item = queue.pop()) EXPECT_EQ(*item, expected++);
    giver.join();
    EXPECT_EQ(expected, 1000);
    EXPECT_FALSE(queue.push(1));
}

TEST(Queue, ATakerIsWokenByTheLastOfSeveral) {
    BoundedQueue<int> queue(4);
    std::deque<int> taken;
    std::thread taker([&] { taken = queue.pop_all(); });
    std::this_thread::sleep_for(
        std::chrono::milliseconds(50));  // it waits by now; taking what is there is right as well
    queue.push(1, true);
    queue.push(2);
    taker.join();
    const auto rest = taken.size() < 2 ? queue.pop_all() : std::deque<int>{};
    taken.insert(taken.end(), rest.begin(), rest.end());
    EXPECT_EQ(taken, (std::deque<int>{1, 2}));

    queue.push(3, true);
    EXPECT_EQ(queue.pop_all(), std::deque<int>{3}) << "who does not wait takes it at once";
    std::thread filler([&] {
        for (int i = 0; i < 8; ++i) queue.push(i, i < 7);  // a full queue wakes the taker, too
    });
    for (std::size_t got = 0; got < 8;) got += queue.pop_all().size();
    filler.join();
}
