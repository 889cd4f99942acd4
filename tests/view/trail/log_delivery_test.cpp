#include "view/trail/log_delivery.h"

#include <numeric>

#include <gtest/gtest.h>

#include "base/log.h"
#include "support/fake_clock.h"

namespace cairn::trail {
namespace {

const LogStream stream{"arn:aws:logs:us-east-1:111122223333:log-group:g:*", "s"};

class CountingSink final : public LogSink {
public:
    Result<void> create_stream(const LogStream&) override {
        there = true;
        return {};
    }
    Result<void> put(const LogStream&, Time, const std::vector<std::string_view>& messages) override {
        if (!there) return fail(Code::not_found, "ResourceNotFoundException: no stream");
        if (calls_left-- == 0) return fail(Code::unavailable, "ThrottlingException: slowly");
        EXPECT_LE(messages.size(), events_max);
        EXPECT_LE(std::accumulate(messages.begin(), messages.end(), std::size_t{0},
                                  [](auto sum, auto message) { return sum + message.size() + event_overhead_bytes; }),
                  bytes_max);
        sent.insert(sent.end(), messages.begin(), messages.end());
        ++calls;
        return {};
    }
    std::vector<std::string> sent;
    int calls = 0, calls_left = 1'000'000;
    bool there = true;
};

class LogDeliveryTest : public ::testing::Test {
protected:
    void SetUp() override { configure_log(LogLevel::error, false); }
    void TearDown() override { configure_log(LogLevel::info, false); }

    Result<void> deliver() {
        return delivery_.deliver("batch", stream, 0,
                                 [&](std::uint64_t from, const LogDelivery::Use& use) -> Result<void> {
                                     for (auto number = from; number < records_.size(); ++number)
                                         CAIRN_TRY(use(number, records_[number]));
                                     return {};
                                 });
    }

    support::FakeClock clock_;
    CountingSink sink_;
    LogDelivery delivery_{sink_, clock_};
    std::vector<std::string> records_;
};

TEST_F(LogDeliveryTest, ACallHoldsAsManyRecordsAsItMay) {
    records_.assign(25'000, "{}");
    ASSERT_TRUE(deliver());
    EXPECT_EQ(sink_.calls, 3);
    EXPECT_EQ(sink_.sent, records_);
}

TEST_F(LogDeliveryTest, AndAsManyBytes) {
    records_.assign(8, std::string(LogDelivery::record_bytes_max - LogSink::event_overhead_bytes, 'x'));
    ASSERT_TRUE(deliver());
    EXPECT_EQ(sink_.calls, 2) << "four fill a call to the last byte";
    EXPECT_EQ(sink_.sent, records_);
}

TEST_F(LogDeliveryTest, ARecordThatIsTooLargeIsLeftOut) {
    records_ = {"{}", std::string(LogDelivery::record_bytes_max, 'x'),
                std::string(LogDelivery::record_bytes_max + 1, 'y'), "{\"last\":1}"};
    ASSERT_TRUE(deliver());
    EXPECT_EQ(sink_.sent, (std::vector<std::string>{records_[0], records_[1], records_[3]}));
    records_ = {records_[2]};
    delivery_.forget("batch");
    sink_ = {};
    ASSERT_TRUE(deliver()) << "nothing to send is fine";
    EXPECT_EQ(sink_.calls, 0);
}

TEST_F(LogDeliveryTest, TheStreamIsMadeWhenItIsNotThere) {
    sink_.there = false;
    records_ = {"{}"};
    ASSERT_TRUE(deliver());
    EXPECT_EQ(sink_.sent, records_);
}

TEST_F(LogDeliveryTest, AnotherAttemptGoesOnWhereTheLastOneFailed) {
    for (int i = 0; i < 25'000; ++i) records_.push_back(std::to_string(i));
    sink_.calls_left = 2;
    EXPECT_EQ(deliver().error().code, Code::unavailable);
    EXPECT_EQ(sink_.sent.size(), 20'000u);
    sink_.calls_left = 100;
    ASSERT_TRUE(deliver());
    EXPECT_EQ(sink_.sent, records_) << "each once";
    delivery_.forget("batch");
    ASSERT_TRUE(deliver());
    EXPECT_EQ(sink_.sent.size(), 50'000u) << "forgotten: from the beginning";
}

}  // namespace
}  // namespace cairn::trail
