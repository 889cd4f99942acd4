#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include <gtest/gtest.h>

#include "base/json.h"
#include "gateway/classified_call.h"
#include "gateway/intent_journal.h"
#include "gateway/known_callers.h"
#include "gateway/recording.h"
#include "support/memory_disk.h"

namespace cairn::gateway {
namespace {

using std::chrono::milliseconds;

/// Takes records, and answers for them at once, or when it is told to.
class TakingSink final : public RecordSink {
public:
    void submit(GatewayRecord record, Done done) override {
        std::unique_lock lock(mutex_);
        texts_.push_back(record.text);
        evidence_.push_back(record.evidence);
        if (holds) {
            held_.push_back(std::move(done));
            return;
        }
        const auto result = failing ? Result<void>(fail(Code::exhausted, "no")) : Result<void>();
        lock.unlock();
        done(result);
    }
    void release() {
        std::vector<Done> held;
        {
            std::lock_guard lock(mutex_);
            held.swap(held_);
        }
        for (auto& done : held) done({});
    }
    std::vector<std::string> texts() {
        std::lock_guard lock(mutex_);
        return texts_;
    }
    std::vector<std::string> evidence() {
        std::lock_guard lock(mutex_);
        return evidence_;
    }

    std::atomic<bool> holds{false}, failing{false};

private:
    std::mutex mutex_;
    std::vector<std::string> texts_, evidence_;
    std::vector<Done> held_;
};

template <class Fine>
bool until(Fine fine) {
    for (int i = 0; i < 500 && !fine(); ++i) std::this_thread::sleep_for(milliseconds(5));
    return fine();
}

Call call_to(std::string method, std::string target, std::string body = {}, std::string host = "h") {
    Call call;
    call.request.method = std::move(method);
    call.request.target = std::move(target);
    call.request.headers = {
        {"Host", std::move(host)},
        {"Authorization",
         "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/s3/aws4_request, SignedHeaders=host, "
         "Signature=5e5e5e5e"}};
    call.request.peer_address = "192.0.2.7";
    call.request_bytes = body.size();
    call.request.body = std::move(body);
    call.request_whole = true;
    call.classified = classify_request(call.request, call.request.body, {});
    call.upstream = "origin";
    return call;
}

Call intent_of(Call call) {
    call.outcome = Outcome::unknown;
    call.part = Part::intent;
    return call;
}

Call answered(Call call, Part part, std::optional<Uuid> event_id, std::uint64_t bytes = 2) {
    call.response.status = 200;
    call.response_bytes = bytes;
    call.part = part;
    call.event_id = event_id;
    return call;
}

/// One gateway after the other on the same disk.
class Recovery : public testing::Test {
protected:
    struct Gateway {
        Gateway(Recovery& test, std::unique_ptr<support::MemoryDisk> from) : disk(std::move(from)) {
            IntentJournalOptions quick;
            quick.settle_interval = milliseconds(1);
            auto opened = IntentJournal::open(quick, *disk, test.metrics_);
            EXPECT_TRUE(opened) << opened.error().message;
            journal = std::move(*opened);
            RecordingOptions options;
            options.retry_interval = milliseconds(5);
            recording = std::make_unique<Recording>(options, test.callers_, sink, test.metrics_, journal.get());
        }
        ~Gateway() {
            sink.release();
            recording.reset();
        }

        Result<Uuid> intend(const Call& call) {
            std::optional<Result<Uuid>> outcome;
            recording->intend(intent_of(call), [&](Result<Uuid> id) { set(outcome, std::move(id)); });
            return wait(outcome);
        }
        Result<std::optional<Uuid>> head(Call call) {
            std::optional<Result<std::optional<Uuid>>> outcome;
            recording->record_head(std::move(call),
                                   [&](Result<std::optional<Uuid>> id) { set(outcome, std::move(id)); });
            return wait(outcome);
        }
        Result<void> record(Call call) {
            std::optional<Result<void>> outcome;
            recording->record(std::move(call), [&](Result<void> result) { set(outcome, std::move(result)); });
            return wait(outcome);
        }
        template <class T>
        void set(std::optional<T>& outcome, T value) {
            std::lock_guard lock(mutex);
            outcome = std::move(value);
            answered.notify_all();
        }
        template <class T>
        T wait(std::optional<T>& outcome) {
            std::unique_lock lock(mutex);
            answered.wait(lock, [&] { return outcome.has_value(); });
            return std::move(*outcome);
        }

        std::mutex mutex;
        std::condition_variable answered;
        const std::unique_ptr<support::MemoryDisk> disk;
        TakingSink sink;
        std::unique_ptr<IntentJournal> journal;
        std::unique_ptr<Recording> recording;
    };

    std::unique_ptr<Gateway> start() {
        return std::make_unique<Gateway>(*this, std::make_unique<support::MemoryDisk>());
    }

    /// What a gateway gives to the sink that starts after this one was killed just now.
    std::vector<std::string> recovered_after(Gateway& gateway) {
        auto disk = gateway.disk->copy();
        disk->crash();
        Gateway next(*this, std::move(disk));
        next.recording.reset();
        auto texts = next.sink.texts();
        next.journal.reset();
        EXPECT_TRUE(next.disk->list("intents")->empty()) << "what was recovered is not settled";
        return texts;
    }
    std::string text_of(const Uuid& id) { return format_uuid(id); }

    Metrics metrics_;
    KnownCallers callers_{{}};
};

TEST_F(Recovery, AnIntentBecomesARecordThatSaysThatItsOutcomeIsUnknown) {
    auto gateway = start();
    const auto id = gateway->intend(call_to("PUT", "/bucket/key"));
    ASSERT_TRUE(id);
    const auto texts = recovered_after(*gateway);
    ASSERT_EQ(texts.size(), 1u);
    const auto record = parse_json(texts[0]);
    ASSERT_TRUE(record) << texts[0];
    EXPECT_EQ(record->text("eventID"), format_uuid(*id));
    EXPECT_EQ(record->text("eventName"), "PutObject");
    EXPECT_EQ(record->text("sourceIPAddress"), "192.0.2.7");
    EXPECT_EQ(record->find("userIdentity")->text("accessKeyId"), "AKIAEXAMPLE");
    EXPECT_EQ(record->find("requestParameters")->text("bucketName"), "bucket");
    EXPECT_EQ(record->find("requestParameters")->text("key"), "key");
    EXPECT_EQ(to_text(*record->find("addendum")), R"({"reason":"SERVICE_OUTAGE"})");
    EXPECT_EQ(record->find("additionalEventData")->text("outcome"), "unknown");
    EXPECT_EQ(record->find("additionalEventData")->find("bytesTransferredOut"), nullptr);
    for (const auto* absent : {"errorCode", "errorMessage", "requestID"})
        EXPECT_EQ(record->find(absent), nullptr) << absent;
    EXPECT_NE(texts[0].find(R"("responseElements":null)"), std::string::npos);
    EXPECT_EQ(texts[0].find("5e5e5e5e"), std::string::npos);
}

TEST_F(Recovery, GivesTheSameBytesWhereverARecordMayHaveGoneAlready) {
    auto gateway = start();
    const auto call = call_to("PUT", "/bucket/key");
    const auto id = gateway->intend(call);
    ASSERT_TRUE(id);
    gateway->sink.holds = true;
    gateway->recording->record(answered(call, Part::whole, *id), [](const Result<void>&) {});
    ASSERT_TRUE(until([&] { return gateway->sink.texts().size() == 1; }));
    const auto given = gateway->sink.texts();
    EXPECT_EQ(recovered_after(*gateway), given) << "killed while the sink had it";
    EXPECT_NE(given[0].find(format_uuid(*id)), std::string::npos);
    EXPECT_EQ(given[0].find("SERVICE_OUTAGE"), std::string::npos);
    gateway->sink.release();
    const auto later = recovered_after(*gateway);
    EXPECT_TRUE(later.empty() || later == given) << "killed before or after it was settled";
    gateway->recording.reset();
    gateway->journal.reset();
    EXPECT_TRUE(gateway->disk->list("intents")->empty());
}

TEST_F(Recovery, OfACallThatWasNotMadeThereIsNothing) {
    auto gateway = start();
    const auto id = gateway->intend(call_to("PUT", "/bucket/key"));
    ASSERT_TRUE(id);
    gateway->recording->forget(*id);
    gateway->journal.reset();
    EXPECT_TRUE(recovered_after(*gateway).empty());
}

TEST_F(Recovery, OfAnAnswerThatHasBegunThereIsWhatItsHeadTold) {
    for (const bool intended : {false, true}) {
        SCOPED_TRACE(intended);
        auto gateway = start();
        const auto call = call_to("GET", "/bucket/key");
        std::optional<Uuid> id;
        if (intended) id = *gateway->intend(call);
        const auto begun = gateway->head(answered(call, Part::head, id, 1'000));
        ASSERT_TRUE(begun && *begun);
        if (id) {
            EXPECT_EQ(**begun, *id);
        }
        EXPECT_TRUE(gateway->sink.texts().empty());
        const auto half = recovered_after(*gateway);
        ASSERT_EQ(half.size(), 1u);
        EXPECT_NE(half[0].find(R"("bytesTransferredOut":1000)"), std::string::npos);
        EXPECT_NE(half[0].find(format_uuid(**begun)), std::string::npos);
        EXPECT_EQ(half[0].find("SERVICE_OUTAGE"), std::string::npos);
        ASSERT_TRUE(gateway->record(answered(call, Part::rest, **begun, 70)));
        const auto whole = gateway->sink.texts();
        ASSERT_EQ(whole.size(), 1u);
        EXPECT_NE(whole[0].find(R"("bytesTransferredOut":70)"), std::string::npos);
        const auto later = recovered_after(*gateway);
        EXPECT_TRUE(later.empty() || later == whole);
    }
}

TEST_F(Recovery, WithoutAJournalTheHeadIsTheRecord) {
    TakingSink sink;
    Recording recording({}, callers_, sink, metrics_);
    std::optional<Result<std::optional<Uuid>>> begun;
    recording.record_head(answered(call_to("GET", "/b/k"), Part::head, {}), [&](auto id) { begun = std::move(id); });
    ASSERT_TRUE(begun && *begun);
    EXPECT_FALSE(**begun);
    EXPECT_EQ(sink.texts().size(), 1u);
    std::optional<Result<Uuid>> intended;
    recording.intend(intent_of(call_to("GET", "/b/k")), [&](auto id) { intended = std::move(id); });
    EXPECT_FALSE(*intended);
}

TEST_F(Recovery, AHeadThatTheJournalDoesNotTakeIsRecordedAsItIs) {
    auto gateway = start();
    gateway->disk->plan_failure(support::Call::sync, 1, Code::unavailable);
    const auto begun = gateway->head(answered(call_to("GET", "/b/k"), Part::head, {}, 1'000));
    ASSERT_TRUE(begun);
    EXPECT_FALSE(*begun);
    EXPECT_EQ(gateway->sink.texts().size(), 1u);
    const auto later = recovered_after(*gateway);
    EXPECT_TRUE(later.empty() || later == gateway->sink.texts());
}

TEST_F(Recovery, ARecordThatTheJournalDoesNotTakeWaitsAndGoesNowhereBefore) {
    auto gateway = start();
    const auto call = call_to("PUT", "/bucket/key");
    const auto id = gateway->intend(call);
    ASSERT_TRUE(id);
    gateway->disk->plan_failure(support::Call::write, 1, Code::exhausted, true);
    EXPECT_FALSE(gateway->record(answered(call, Part::whole, *id)));
    EXPECT_FALSE(gateway->recording->accepting());
    EXPECT_TRUE(gateway->sink.texts().empty());
    const auto unknown = recovered_after(*gateway);
    ASSERT_EQ(unknown.size(), 1u);
    EXPECT_NE(unknown[0].find("SERVICE_OUTAGE"), std::string::npos);
    gateway->disk->heal();
    EXPECT_TRUE(until([&] { return gateway->recording->accepting(); }));
    const auto given = gateway->sink.texts();
    ASSERT_EQ(given.size(), 1u);
    EXPECT_EQ(given[0].find("SERVICE_OUTAGE"), std::string::npos);
}

TEST_F(Recovery, WhatTheSinkDoesNotTakeStaysInTheJournalUntilItDoes) {
    auto gateway = start();
    const auto call = call_to("PUT", "/bucket/key");
    const auto id = gateway->intend(call);
    ASSERT_TRUE(id);
    gateway->sink.failing = true;
    EXPECT_FALSE(gateway->record(answered(call, Part::whole, *id)));
    gateway->recording.reset();
    gateway->journal.reset();
    const auto later = recovered_after(*gateway);
    ASSERT_EQ(later.size(), 1u);
    EXPECT_EQ(later, std::vector<std::string>{gateway->sink.texts().front()});
}

TEST_F(Recovery, CallsWithoutARecordLeaveNoIntent) {
    auto gateway = start();
    auto call = call_to("GET", "/minio/health/live");
    call.classified = classify_request(call.request, {}, {wire::UpstreamProfile::minio, {}, {}});
    ASSERT_EQ(call.classified.own_path, wire::OwnPath::health);
    const auto id = gateway->intend(call);
    ASSERT_TRUE(id);
    EXPECT_TRUE(gateway->disk->list("intents")->empty());
    EXPECT_TRUE(gateway->record(answered(call, Part::whole, *id)));
    EXPECT_TRUE(gateway->sink.texts().empty());
    EXPECT_EQ(metrics_.counter("cairn_gateway_unrecorded_calls_total", "", {{"reason", "health"}}).value(), 1u);
}

TEST_F(Recovery, AllRecordsOfACallAreRecovered) {
    auto gateway = start();
    auto call = call_to("POST", "/bucket?delete",
                        "<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>");
    const auto id = gateway->intend(call);
    ASSERT_TRUE(id);
    gateway->sink.holds = true;
    auto whole = answered(call, Part::whole, *id);
    whole.response.body = "<DeleteResult><Deleted><Key>a</Key></Deleted><Deleted><Key>b</Key></Deleted></DeleteResult>";
    whole.response_whole = true;
    gateway->recording->record(std::move(whole), [](const Result<void>&) {});
    ASSERT_TRUE(until([&] { return gateway->sink.texts().size() == 3; }));
    EXPECT_EQ(recovered_after(*gateway), gateway->sink.texts());
}

}  // namespace
}  // namespace cairn::gateway
