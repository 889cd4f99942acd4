#include "ingest/ingest.h"

#include <future>
#include <random>

#include <gtest/gtest.h>

#include "ingest/fakes.h"

namespace cairn::ingest {
namespace {

using test::House;
using test::record;

std::vector<Outcome> outcomes(const Receipt& receipt) {
    std::vector<Outcome> result;
    for (const auto& one : receipt.results) result.push_back(one.outcome);
    return result;
}

constexpr auto stored = Outcome::stored, duplicate = Outcome::duplicate, conflict = Outcome::conflict,
               rejected = Outcome::rejected;

/// A deferred answer.
struct Answer {
    std::promise<Result<Receipt>> promise;
    std::future<Result<Receipt>> future = promise.get_future();
    Ingest::Done done() {
        return [this](Result<Receipt> result) { promise.set_value(std::move(result)); };
    }
    bool is_there() const { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }
};

TEST(Ingest, StoresNewRecordsAndAnswersWhenTheyAreVisible) {
    House house(1000);
    Writer writer;
    writer.envelope.writer = "arn:aws:iam::123456789012:user/collector";
    writer.envelope.inlet = Inlet::import;
    const auto receipt = house.put({record("a"), " \n" + record("b") + " "}, writer);
    ASSERT_TRUE(receipt) << receipt.error().message;
    EXPECT_EQ(outcomes(*receipt), (std::vector{stored, stored}));
    EXPECT_EQ(receipt->results[1].event_id, "b");
    EXPECT_EQ(receipt->results[1].number, 1001u);
    EXPECT_EQ(receipt->counts.stored, 2u);
    EXPECT_EQ(house.view.end(), 1002u);
    EXPECT_EQ(house.second_view.end(), 1002u);
    EXPECT_EQ(house.seen.durable_end(), 1002u);

    const auto event = read_event(house.log, {}, 1001);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->record, record("b"));
    EXPECT_EQ(event->envelope.writer, writer.envelope.writer);
    EXPECT_EQ(event->envelope.inlet, Inlet::import);
    EXPECT_EQ(event->envelope.ingest_time, house.clock.now());
    EXPECT_FALSE(event->envelope.conflict);
}

TEST(Ingest, NumbersGroupByRetentionClassInRequestOrder) {
    House house;
    const auto receipt = house.put(
        {record("a", "GetObject", "1", "Data"), record("b"), record("c", "GetObject", "1", "Data"), record("d")});
    ASSERT_TRUE(receipt);
    std::vector<std::uint64_t> numbers;
    for (const auto& one : receipt->results) numbers.push_back(one.number);
    EXPECT_EQ(numbers, (std::vector<std::uint64_t>{2, 0, 3, 1}));
    EXPECT_EQ(house.log.find(1)->retention, RetentionClass::management);
    EXPECT_EQ(house.log.find(3)->retention, RetentionClass::data);
    EXPECT_EQ(read_event(house.log, {}, 3)->record, record("c", "GetObject", "1", "Data"));
    const std::vector<std::uint64_t> ids = {
        posting_hash(Attribute::event_id, "b"), posting_hash(Attribute::event_id, "d"),
        posting_hash(Attribute::event_id, "a"), posting_hash(Attribute::event_id, "c")};
    EXPECT_EQ(house.view.id_hashes(), ids);
}

TEST(Ingest, ALearnerIsToldOfWhatIsStoredInNumberOrder) {
    House house(10);
    Writer writer;
    writer.envelope.gateway = "gateway";
    writer.origins = {{1, "first"}, {2, "second"}, {3, "third"}, {4, "fourth"}, {5, "fifth"}};
    ASSERT_TRUE(house.put(
        {record("a", "GetObject", "1", "Data"), record("b"), "{}", record("b"), record("c", "AssumeNothing")}, writer));
    ASSERT_TRUE(house.put({record("b"), record("d")}));
    using Noted = std::vector<std::pair<std::uint64_t, std::string>>;
    EXPECT_EQ(house.learner.noted(), (Noted{{10, "b gateway second"}, {12, "a gateway first"}, {13, "d trail "}}));
    EXPECT_EQ(house.learner.end(), 14u);
}

TEST(Ingest, EqualRecordsAreDuplicatesOthersOfTheIdentityConflict) {
    const std::string spaced = "{ \"eventID\" : \"a\"," + record("a").substr(1, record("a").find(",\"eventID") - 1) +
                               record("a").substr(record("a").find(",\"recipientAccountId"));
    ASSERT_TRUE(same_record(spaced, record("a"))) << spaced;
    const struct {
        const char* name;
        std::vector<std::string> before, now;
        std::vector<Outcome> outcomes;
    } cases[] = {
        {"same bytes", {record("a")}, {record("a")}, {duplicate}},
        {"same record, other bytes", {record("a")}, {spaced}, {duplicate}},
        {"other content", {record("a")}, {record("a", "Other")}, {conflict}},
        {"other account", {record("a")}, {record("a", "RunInstances", "999999999999")}, {stored}},
        {"same bytes in one request",
         {},
         {record("a"), record("a"), record("b"), record("a")},
         {stored, duplicate, stored, duplicate}},
        {"same record in one request", {}, {record("a"), spaced}, {stored, duplicate}},
        {"other content in one request",
         {},
         {record("a"), record("a", "Other"), spaced, record("a", "Other")},
         {stored, conflict, duplicate, duplicate}},
        {"both",
         {record("a")},
         {record("a", "Other"), spaced, record("a", "Third"), record("a")},
         {conflict, duplicate, conflict, duplicate}},
        {"conflict, then each again",
         {record("a"), record("a", "Other")},
         {record("a"), record("a", "Other"), record("a", "Third")},
         {duplicate, duplicate, conflict}},
    };
    // With identities that all collide, the answers are the same: a hash is no proof.
    for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0}}) {
        for (const auto& row : cases) {
            SCOPED_TRACE(row.name);
            House house(0, mask);
            if (!row.before.empty()) {
                ASSERT_TRUE(house.put(row.before));
            }
            const auto receipt = house.put(row.now);
            ASSERT_TRUE(receipt) << receipt.error().message;
            EXPECT_EQ(outcomes(*receipt), row.outcomes);
            EXPECT_EQ(receipt->counts.total(), row.now.size());
            for (std::size_t i = 0; i < row.now.size(); ++i) {
                const auto event = read_event(house.log, {}, receipt->results[i].number);
                ASSERT_TRUE(event);
                EXPECT_TRUE(same_record(event->record, row.now[i]));
                if (row.outcomes[i] != duplicate) {
                    EXPECT_EQ(event->envelope.conflict, row.outcomes[i] == conflict);
                }
                EXPECT_EQ(receipt->results[i].reason.empty(), row.outcomes[i] != conflict)
                    << receipt->results[i].reason;
            }
        }
    }
}

TEST(Ingest, RejectsWithReasonsAndStoresTheRest) {
    House house;
    Writer writer;
    writer.may_write = [](std::string_view account, std::string_view) { return account == "123456789012"; };
    const auto receipt = house.put({"nonsense", record("a"), record("b", "X", "999999999999"), "{}"}, writer);
    ASSERT_TRUE(receipt);
    EXPECT_EQ(outcomes(*receipt), (std::vector{rejected, stored, rejected, rejected}));
    EXPECT_FALSE(receipt->results[0].reason.empty());
    EXPECT_TRUE(receipt->results[2].reason.starts_with("not authorized")) << receipt->results[2].reason;
    EXPECT_EQ(receipt->results[2].event_id, "b");

    const auto nothing = house.put({"nonsense", "[]"});
    ASSERT_TRUE(nothing);
    EXPECT_EQ(nothing->counts.rejected, 2u);
    EXPECT_EQ(house.log.end(), 1u);
    ASSERT_TRUE(house.put({}));

    EXPECT_EQ(house.counted("rejected"), 5u);
    EXPECT_EQ(house.counted("stored"), 1u);
}

TEST(Ingest, TooManyVersionsOfOneIdentityAreRejected) {
    House house;
    std::vector<std::string> records;
    for (int i = 0; i < 100; ++i) records.push_back(record("a", "Name" + std::to_string(i)));
    records.push_back(record("b"));
    records.push_back(record("a", "Name7"));
    const auto receipt = house.put(records);
    ASSERT_TRUE(receipt);
    EXPECT_EQ(receipt->counts.total(), records.size());
    EXPECT_EQ(receipt->counts.conflict, 63u);
    EXPECT_EQ(receipt->counts.rejected, 36u);
    EXPECT_EQ(receipt->results[100].outcome, stored);
    EXPECT_EQ(receipt->results[101].outcome, duplicate);
    EXPECT_EQ(house.view.end(), 65u);
    EXPECT_EQ(read_event(house.log, {}, receipt->results[100].number)->record, record("b"));
}

TEST(Ingest, LargeRequestsComeAsBlocksSmallOnesAsRecords) {
    House house;
    std::vector<std::string> records;
    std::size_t bytes = 0;
    for (int i = 0; bytes < 300 * 1024; ++i) {
        records.push_back(record("id-" + std::to_string(i)));
        bytes += records.back().size();
    }
    records.push_back(record("small", "GetObject", "1", "Data"));
    const auto receipt = house.put(records);
    ASSERT_TRUE(receipt);
    EXPECT_EQ(house.log.block_count(), 4u);  // three of management, one of data
    for (const auto& one : receipt->results)
        EXPECT_EQ(read_event(house.log, {}, one.number)->record, records[&one - receipt->results.data()]);
}

TEST(Ingest, EachRecordHasTheOriginThatBelongsToIt) {
    for (const std::size_t count : {4u, 1200u}) {  // as records, and as blocks
        SCOPED_TRACE(count);
        House house;
        std::vector<std::string> records;
        Writer writer;
        writer.envelope.gateway = "edge";
        for (std::size_t i = 0; i < count; ++i) {
            const bool data = i % 3 == 1;
            records.push_back(
                i == 2 ? "{}" : record("id-" + std::to_string(i), "PutObject", "1", data ? "Data" : "Management"));
            writer.origins.push_back({i + 1, "{\"n\":" + std::to_string(i) + "}"});
        }
        const auto receipt = house.put(records, writer);
        ASSERT_TRUE(receipt);
        EXPECT_EQ(receipt->counts.rejected, 1u);
        for (std::size_t i = 0; i < count; ++i) {
            if (i == 2) continue;
            const auto event = read_event(house.log, {}, receipt->results[i].number);
            ASSERT_TRUE(event);
            EXPECT_EQ(event->record, records[i]);
            EXPECT_EQ(event->envelope.gateway, "edge");
            EXPECT_EQ(event->envelope.sequence, i + 1);
            EXPECT_EQ(event->envelope.evidence, "{\"n\":" + std::to_string(i) + "}");
        }
    }
}

TEST(Ingest, ADuplicateIsAnsweredOnlyWhenItsEventIsDurable) {
    House house;
    house.log.hold();
    Answer first, second, third;
    house.put_later({record("a")}, first.done());
    house.put_later({record("a")}, second.done());
    house.put_later({record("b"), record("a")}, third.done());
    EXPECT_FALSE(first.is_there());
    EXPECT_FALSE(second.is_there());
    house.log.release();
    EXPECT_EQ(first.future.get()->counts.stored, 1u);
    const auto receipt = second.future.get();
    ASSERT_TRUE(receipt);
    EXPECT_EQ(receipt->counts.duplicate, 1u);
    EXPECT_GE(house.view.end(), 1u);
    EXPECT_EQ(third.future.get()->counts.stored, 1u);
}

TEST(Ingest, ASuspectOnItsWayIsWaitedFor) {
    House house;
    house.log.hold();
    Answer first, second;
    house.put_later({record("a")}, first.done());
    std::thread other([&] { house.put_later({record("a", "Other"), record("b")}, second.done()); });
    while (!house.log.has_waiter()) std::this_thread::yield();
    Answer third;  // meanwhile the door is open to others
    house.put_later({record("c")}, third.done());
    house.log.release();
    other.join();
    EXPECT_EQ(outcomes(*second.future.get()), (std::vector{conflict, stored}));
    EXPECT_EQ(first.future.get()->counts.stored, 1u);
    EXPECT_EQ(third.future.get()->counts.stored, 1u);
}

TEST(Ingest, ATrimmedSuspectIsForgottenADamagedOneConflicts) {
    House house;
    ASSERT_TRUE(house.put({record("a"), record("b")}));
    house.log.trim(0);
    house.log.damage(1);
    EXPECT_EQ(outcomes(*house.put({record("a", "Other"), record("b", "Other")})), (std::vector{stored, conflict}));
}

TEST(Ingest, AFullDiskRefusesWithoutClosing) {
    House house;
    ASSERT_TRUE(house.put({record("a")}));
    house.log.set_budget(10);
    EXPECT_EQ(house.put({record("b")}).error().code, Code::exhausted);
    EXPECT_EQ(house.put({record("a")})->counts.duplicate, 1u);
    house.log.set_budget(1 << 20);
    EXPECT_EQ(house.put({record("b")})->counts.stored, 1u);
    EXPECT_EQ(house.counted("failed"), 1u);
}

TEST(Ingest, AFailedAppendFailsEverythingBehindItAndCloses) {
    House house;
    house.log.hold();
    house.log.fail_from(1);
    Answer good, bad, repeats_good, repeats_bad, behind;
    house.put_later({record("a")}, good.done());
    house.put_later({record("b")}, bad.done());
    house.put_later({record("a")}, repeats_good.done());
    house.put_later({record("b")}, repeats_bad.done());
    house.put_later({record("c")}, behind.done());
    house.log.release();
    EXPECT_TRUE(good.future.get());
    EXPECT_EQ(bad.future.get().error().code, Code::unavailable);
    EXPECT_TRUE(repeats_good.future.get());
    EXPECT_EQ(repeats_bad.future.get().error().code, Code::unavailable);
    EXPECT_EQ(behind.future.get().error().code, Code::unavailable);
    EXPECT_EQ(house.put({record("d")}).error().code, Code::unavailable);
    EXPECT_EQ(house.view.end(), 1u);
    EXPECT_EQ(house.seen.durable_end(), 1u);
}

TEST(Ingest, ASuspectThatIsLostFailsTheRequestThatWaitsForIt) {
    House house;
    house.log.hold();
    house.log.fail_from(0);
    Answer first, second;
    house.put_later({record("a")}, first.done());
    std::thread other([&] { house.put_later({record("a", "Other")}, second.done()); });
    while (!house.log.has_waiter()) std::this_thread::yield();
    house.log.release();
    other.join();
    EXPECT_FALSE(first.future.get());
    EXPECT_FALSE(second.future.get());
}

TEST(Ingest, RefusesWhileIdentitiesCannotBeRemembered) {
    House house;
    house.seen.fails = true;
    EXPECT_FALSE(house.put({record("a")}));
    house.seen.fails = false;
    EXPECT_EQ(outcomes(*house.put({record("a"), record("b")})), (std::vector{stored, stored}));
}

TEST(Ingest, DrainWaitsForEverything) {
    House house;
    std::atomic<int> answered = 0;
    for (int i = 0; i < 200; ++i)
        house.put_later({record("id-" + std::to_string(i))}, [&](Result<Receipt>) { ++answered; });
    house.ingest.drain();
    EXPECT_EQ(answered, 200);
}

TEST(Ingest, AnAnswerMaySubmitAgain) {
    House house;
    Answer second;
    house.put_later({record("a")}, [&](Result<Receipt>) { house.put_later({record("a", "Other")}, second.done()); });
    EXPECT_EQ(second.future.get()->counts.conflict, 1u);
}

// Many writers send the same few identities in several versions and spellings. Whatever the order: each version is
// stored once, every answer points at an equal record that is visible, and the numbers add up.
TEST(Ingest, ConcurrentWritersStoreEachRecordOnce) {
    constexpr int threads = 6, requests = 60, identities = 40, versions = 3;
    for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{7}}) {
        House house(0, mask);
        std::atomic<std::uint64_t> sent = 0, total = 0;
        std::vector<std::thread> writers;
        for (int t = 0; t < threads; ++t) {
            writers.emplace_back([&, t] {
                std::mt19937_64 random(static_cast<std::uint64_t>(t) + 1);
                for (int r = 0; r < requests; ++r) {
                    std::vector<std::string> records;
                    for (std::size_t n = 1 + random() % 8; n > 0; --n) {
                        auto text = record("id-" + std::to_string(random() % identities),
                                           "Version" + std::to_string(random() % versions));
                        if (random() % 4 == 0) text.insert(1, " ");
                        records.push_back(std::move(text));
                    }
                    sent += records.size();
                    house.put_later(records, [&, records](Result<Receipt> receipt) {
                        ASSERT_TRUE(receipt);
                        total += receipt->counts.total();
                        for (std::size_t i = 0; i < records.size(); ++i) {
                            const auto number = receipt->results[i].number;
                            ASSERT_LT(number, house.view.end());
                            const auto event = read_event(house.log, {}, number);
                            ASSERT_TRUE(event);
                            EXPECT_TRUE(same_record(event->record, records[i]));
                        }
                    });
                }
            });
        }
        for (auto& writer : writers) writer.join();
        house.ingest.drain();
        EXPECT_EQ(total, sent);
        EXPECT_EQ(house.counted("stored") + house.counted("duplicate") + house.counted("conflict"), sent);
        EXPECT_EQ(house.view.end(), house.counted("stored") + house.counted("conflict"));

        std::set<std::string> once;
        for (std::uint64_t number = 0; number < house.view.end(); ++number) {
            auto text = read_event(house.log, {}, number)->record;
            std::erase(text, ' ');
            EXPECT_TRUE(once.insert(text).second) << "stored twice: " << text;
        }
        EXPECT_EQ(once.size(), static_cast<std::size_t>(identities * versions));
        EXPECT_EQ(house.counted("stored"), static_cast<std::uint64_t>(identities));
    }
}

}  // namespace
}  // namespace cairn::ingest
