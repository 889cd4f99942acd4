#include "view/trail/plan_body.h"

#include <gtest/gtest.h>

namespace cairn::trail {
namespace {

PlannedDelivery example() {
    PlannedDelivery planned;
    planned.kind = PlannedDelivery::Kind::logs;
    planned.trail_id = "id";
    planned.trail_arn = "arn";
    planned.account = "111122223333";
    planned.region = "us-east-1";
    planned.bucket = "bucket";
    planned.key = "key";
    planned.key_arn = "key arn";
    planned.planned = from_milliseconds(1);
    planned.tree = Tree::insight;
    planned.hash = "hash";
    planned.oldest = from_milliseconds(2);
    planned.newest = from_milliseconds(3);
    planned.log_group_arn = "group";
    planned.log_stream = "stream";
    planned.window = from_milliseconds(4);
    return planned;
}

TEST(PlanBody, ReadsBackAsItWasWritten) {
    const auto bytes = encode(example());
    const auto read = decode_delivery(bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->kind, PlannedDelivery::Kind::logs);
    EXPECT_EQ(read->key_arn, "key arn");
    EXPECT_FALSE(read->topic_arn);
    EXPECT_EQ(read->newest, from_milliseconds(3));
    EXPECT_EQ(read->log_group_arn + read->log_stream, "groupstream");
    EXPECT_EQ(read->window, from_milliseconds(4));
    EXPECT_EQ(encode(*read), bytes);
}

TEST(PlanBody, OneOfEarlierVersionsIsRead) {
    auto planned = example();
    planned.kind = PlannedDelivery::Kind::file;
    planned.log_group_arn = planned.log_stream = "";
    planned.window.reset();
    const auto now = encode(planned);
    const auto window_bytes = 9u, log_bytes = 2u;  // two empty texts
    for (const auto& [version, bytes] : {std::pair(2, window_bytes), std::pair(1, window_bytes + log_bytes)}) {
        auto before = now.substr(0, now.size() - bytes);
        before[0] = static_cast<char>(version);
        const auto read = decode_delivery(before);
        ASSERT_TRUE(read) << version;
        EXPECT_EQ(encode(*read), now);
    }
}

TEST(PlanBody, ACutAnywhereIsSeen) {
    const auto bytes = encode(example());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut)
        EXPECT_EQ(decode_delivery(bytes.substr(0, cut)).error().code, Code::corrupt) << cut;
    EXPECT_EQ(decode_delivery(bytes + "x").error().code, Code::corrupt);
}

}  // namespace
}  // namespace cairn::trail
