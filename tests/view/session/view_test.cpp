#include "view/session/view.h"

#include <gtest/gtest.h>

#include "event/block.h"
#include "follow/progress.h"
#include "support/fake_clock.h"
#include "support/memory_disk.h"
#include "support/memory_meta_store.h"
#include "view/session/calls.h"

namespace cairn::session {

namespace {

/// One record with its envelope.
struct Event {
    std::string record;
    Envelope envelope;
};

Event event(const std::string& name, const std::string& identity, const std::string& more, const char* at,
            const std::string& evidence = {}) {
    static int number = 0;
    Event made;
    made.record = R"({"eventVersion":"1.11","userIdentity":)" + identity + R"(,"eventTime":")" + at +
                  R"(","eventSource":")" + (name == "ListBuckets" ? "s3" : "sts") + R"(.amazonaws.com","eventName":")" +
                  name + R"(","awsRegion":"us-east-1",)" + more + R"("eventID":"e)" + std::to_string(++number) +
                  R"(","recipientAccountId":"111122223333"})";
    made.envelope.writer = "w";
    if (!evidence.empty()) {
        made.envelope.gateway = "gateway";
        made.envelope.evidence = evidence;
    }
    return made;
}

const std::string ana =
    R"({"type":"IAMUser","principalId":"AIDA","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","accessKeyId":"AKIAana","userName":"ana"})";

constexpr std::string_view ana_arn = "arn:aws:iam::111122223333:user/ana";

Event assume(const std::string& identity, const std::string& key, const char* at, const std::string& evidence = {}) {
    return event("AssumeRole", identity,
                 R"("requestParameters":{"roleArn":"arn:aws:iam::444455556666:role/ops","roleSessionName":"s"},)"
                 R"("responseElements":{"credentials":{"accessKeyId":")" +
                     key +
                     R"(","expiration":"Jan 2, 2026, 4:04:05 AM"},"assumedRoleUser":{"assumedRoleId":"AROA:s",)"
                     R"("arn":"arn:aws:sts::444455556666:assumed-role/ops/s"}},)",
                 at, evidence);
}

class SessionViewTest : public testing::Test {
protected:
    /// A graph with its view, as one process has them.
    struct Run {
        explicit Run(SessionViewTest& test)
            : view({graph, test.disk, "view/session", [](std::uint32_t) { return DictionaryPointer(); }, test.store,
                    test.clock},
                   {.save_pause = std::chrono::hours(1)}) {}
        Graph graph;
        SessionView view;
    };

    void add(const std::vector<Event>& events) {
        BlockBuilder builder(RetentionClass::management);
        for (const auto& one : events) builder.add(one.record, one.envelope);
        auto bytes = std::make_shared<const std::string>(builder.finish({}));
        StoredBlock block;
        block.first_number = end;
        block.event_count = static_cast<std::uint32_t>(events.size());
        block.bytes = *bytes;
        block.owner = bytes;
        blocks.push_back(block);
        end += events.size();
    }

    /// What a learner keeps of them, with their places.
    static std::vector<CallNote> notes_of(LiveLearner& learner, const std::vector<Event>& events) {
        RecordParser parser;
        std::vector<CallNote> notes;
        for (std::size_t i = 0; i < events.size(); ++i) {
            const auto text = events[i].record + std::string(RecordParser::padding, ' ');
            const auto event = parser.parse(std::string_view(text).substr(0, events[i].record.size()));
            EXPECT_TRUE(event) << event.error().message;
            auto note = learner.look(**event, !events[i].envelope.gateway.empty(), events[i].envelope.evidence);
            if (!note) continue;
            note->number = i;
            notes.push_back(std::move(*note));
        }
        return notes;
    }

    /// They become durable.
    void publish(LiveLearner& learner, const std::vector<Event>& events, std::vector<CallNote> notes) {
        for (auto& note : notes) note.number += end;
        add(events);
        learner.publish(end, std::move(notes));
    }

    std::uint64_t position() {
        std::uint64_t position = 0;
        EXPECT_TRUE(store.view([&](Transaction& transaction) -> Result<void> {
            const auto progress = follow::load_progress(transaction, "session");
            if (!progress) return fail(progress.error());
            position = progress->position;
            return {};
        }));
        return position;
    }

    void read_all(Run& run, std::uint64_t from) {
        std::vector<StoredBlock> wanted;
        for (const auto& block : blocks)
            if (block.first_number >= from) wanted.push_back(block);
        const auto planned = run.view.plan(from, wanted);
        ASSERT_TRUE(planned);
        EXPECT_EQ(planned->position, end);
        EXPECT_TRUE(planned->plans.empty());
    }

    support::MemoryDisk disk;
    support::MemoryMetaStore store;
    support::FakeClock clock;
    std::vector<StoredBlock> blocks;
    std::uint64_t end = 0;
};

TEST_F(SessionViewTest, RecordsOfTrailsAndOfGatewaysTeach) {
    add({assume(ana, "ASIA1", "2026-01-02T03:04:05Z"),
         assume(R"({"type":"AWSAccount","principalId":"k","accountId":"111122223333","accessKeyId":"k"})", "ASIA2",
                "2026-01-02T03:04:05Z", R"({"upstream":"minio","confidence":"confirmed"})"),
         event(
             "GetCallerIdentity",
             R"({"type":"AWSAccount","principalId":"k","accountId":"111122223333","accessKeyId":"k"})",
             R"("requestParameters":null,"responseElements":null,)", "2026-01-02T03:04:06Z",
             R"({"upstream":"minio","confidence":"confirmed","answer":{"userId":"AIDAK","account":"111122223333","arn":"arn:aws:iam::111122223333:user/kay"}})")});
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    read_all(run, 0);
    EXPECT_EQ(run.graph.chain("", "ASIA1", std::nullopt).origin.name, "ana");
    EXPECT_TRUE(run.graph.chain("", "ASIA2", std::nullopt).links.empty()) << "another upstream's";
    const auto chain = run.graph.chain("minio", "ASIA2", std::nullopt);
    EXPECT_EQ(chain.origin.name, "kay") << chain.origin.gap;
    EXPECT_FALSE(chain.links.front().event_id.empty());
}

TEST_F(SessionViewTest, WhatACustomerOfAwsAnsweredTeachesNothing) {
    add({assume(ana, "ASIA1", "2026-01-02T03:04:05Z", R"({"upstream":"aws","confidence":"foreign"})")});
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    read_all(run, 0);
    EXPECT_EQ(run.graph.key_count(), 0u);
}

TEST_F(SessionViewTest, OfAGatewaysRecordsOnlyThoseOfAKnownUseInTheirSpaceTellNothing) {
    const std::string minio = R"({"upstream":"minio","confidence":"claimed","invocationId":"1"})";
    const std::string again = R"({"upstream":"minio","confidence":"claimed","invocationId":"2"})";
    const std::string ceph = R"({"upstream":"ceph","confidence":"claimed"})";
    const auto record = event("ListBuckets", ana, "", "2026-01-02T03:04:05Z").record;
    const auto noon = *parse_time("2026-01-02T00:00:00Z"), next = *parse_time("2026-01-03T00:00:00Z");
    Told told;
    EXPECT_FALSE(told.tells_nothing(record, minio));
    told.note(use_of("AKIAana", ana_arn, "minio"), ana_arn, noon, next);
    EXPECT_TRUE(told.tells_nothing(record, again));
    EXPECT_FALSE(told.tells_nothing(record, ceph));
    EXPECT_FALSE(told.tells_nothing(record));
    EXPECT_FALSE(told.tells_nothing(record, R"({"confidence":"claimed","upstream":"minio"})")) << "written otherwise";
    EXPECT_FALSE(told.tells_nothing(record, R"({"upstream":"mi\u006eio","confidence":"claimed"})"));
    EXPECT_TRUE(told.tells_nothing(record, R"({"upstream":"aws","confidence":"foreign"})"));
    const auto refused =
        event("ListBuckets", ana,
              R"("errorCode":"AccessDenied","errorMessage":"User: x is not authorized to perform: y",)",
              "2026-01-02T03:04:05Z")
            .record;
    EXPECT_FALSE(told.tells_nothing(refused, minio)) << "the upstream says who it is";
    EXPECT_FALSE(told.tells_nothing(assume(ana, "ASIA1", "2026-01-02T03:04:05Z").record, minio));
    told.forget_key("AKIAana");
    EXPECT_FALSE(told.tells_nothing(record, minio));

    // And what is left out makes no difference.
    const auto call = [&](const char* name, const char* at) { return event(name, ana, "", at, minio); };
    add({call("ListBuckets", "2026-01-02T03:04:05Z"), call("ListBuckets", "2026-01-02T03:04:06Z"),
         call("GetObject", "2026-01-02T03:04:07Z"), call("GetObject", "2026-01-02T03:04:08Z")});
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    read_all(run, 0);
    EXPECT_EQ(run.graph.key_count(), 1u);
    EXPECT_EQ(run.graph.chain("minio", "AKIAana", std::nullopt).origin.name, "ana");
}

TEST_F(SessionViewTest, WhatTellsNothingNewIsNotParsedAndTheRestIs) {
    const auto call = [](const std::string& identity, const char* at) {
        return event("ListBuckets", identity, "", at);
    };
    auto bob = ana;
    for (auto at = bob.find("ana"); at != std::string::npos; at = bob.find("ana")) bob.replace(at, 3, "bob");
    add({call(ana, "2026-01-02T03:04:05Z"), call(ana, "2026-01-02T03:05:05Z"), call(ana, "2026-01-01T00:00:00Z"),
         call(bob, "2026-01-02T03:04:05Z"), call(ana, "2026-01-05T00:00:00Z"),
         assume(ana, "ASIA1", "2026-01-02T03:06:05Z"), call(ana, "2026-01-02T03:07:05Z")});
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    read_all(run, 0);
    EXPECT_FALSE(run.graph.find("", "AKIAana", *parse_time("2026-01-01T00:00:00Z")).is_null());
    EXPECT_EQ(run.graph.find("", "AKIAbob", *parse_time("2026-01-02T03:04:05Z")).text("userName"), "bob");
    EXPECT_EQ(run.graph.chain("", "ASIA1", std::nullopt).origin.name, "ana");

    Told told;
    const auto record = call(ana, "2026-01-02T03:04:05Z").record;
    EXPECT_FALSE(told.tells_nothing(record));
    told.note(use_of("AKIAana", ana_arn, {}), ana_arn, *parse_time("2026-01-02T00:00:00Z"),
              *parse_time("2026-01-03T00:00:00Z"));
    EXPECT_TRUE(told.tells_nothing(call(ana, "2026-01-02T23:00:00Z").record));
    EXPECT_FALSE(told.tells_nothing(call(ana, "2026-01-04T00:00:00Z").record));
    EXPECT_FALSE(told.tells_nothing(call(bob, "2026-01-02T23:00:00Z").record));
    EXPECT_FALSE(told.tells_nothing(assume(ana, "ASIA1", "2026-01-02T03:06:05Z").record));
    EXPECT_TRUE(told.tells_nothing(
        R"({"userIdentity":{"type":"AWSService","invokedBy":"s3.amazonaws.com"},"eventName":"PutObject"})"))
        << "without a key";
    EXPECT_FALSE(told.tells_nothing("{}"));
    EXPECT_FALSE(told.tells_nothing(record.substr(0, record.size() / 4)));
}

TEST_F(SessionViewTest, WhatComesInIsLearnedFromItsNotes) {
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    auto& learner = run.view.learner(end);
    const auto call = [](const char* at) { return event("ListBuckets", ana, "", at); };
    const auto deleted = [](const char* at) {
        auto made = event("DeleteAccessKey", ana, R"("requestParameters":{"accessKeyId":"AKIAana"},)", at);
        made.record.replace(made.record.find("sts.amazonaws"), 3, "iam");
        return made;
    };
    const auto service =
        event("PutObject", R"({"type":"AWSService","invokedBy":"s3.amazonaws.com"})", "", "2026-01-02T03:04:05Z");
    EXPECT_EQ(notes_of(learner, {service}).size(), 0u) << "nobody's key";

    const std::vector<Event> first = {call("2026-01-02T03:04:05Z"), service, call("2026-01-02T03:04:06Z")};
    publish(learner, first, notes_of(learner, first));
    read_all(run, 0);
    EXPECT_EQ(run.graph.key_count(), 1u);

    // Looked at before it is known that the key ends before it.
    const std::vector<Event> late = {call("2026-01-02T05:00:00Z")};
    auto late_notes = notes_of(learner, late);
    ASSERT_EQ(late_notes.size(), 1u);
    EXPECT_TRUE(late_notes.front().text.empty()) << "it tells nothing new";
    const std::vector<Event> between = {
        deleted("2026-01-02T04:00:00Z"),
        assume(ana, "ASIA2", "2026-01-02T03:30:00Z", R"({"upstream":"minio","confidence":"claimed"})")};
    publish(learner, between, notes_of(learner, between));
    publish(learner, late, std::move(late_notes));
    read_all(run, first.size());
    EXPECT_FALSE(run.graph.find("", "AKIAana", *parse_time("2026-01-02T05:00:00Z")).is_null());

    Run again(*this);  // from the log
    ASSERT_TRUE(again.view.open(end));
    read_all(again, 0);
    EXPECT_EQ(saved(again.graph, 1), saved(run.graph, 1));
}

TEST_F(SessionViewTest, NotesThatAreTooManyAreReadFromTheLog) {
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    auto& learner = run.view.learner(end);
    const std::string filler = R"("requestParameters":{"x":")" + std::string(100'000, 'x') + R"("},)";
    std::vector<Event> events;
    for (int i = 0; i < 200; ++i) {
        auto identity = ana;
        identity.replace(identity.find("AKIAana"), 7, "AKIA" + std::to_string(i));
        events.push_back(event("ListBuckets", identity, filler, "2026-01-02T03:04:05Z"));
    }
    publish(learner, events, notes_of(learner, events));
    const auto begin = end;
    const std::vector<Event> more = {event("ListBuckets", ana, "", "2026-01-02T03:04:05Z")};
    publish(learner, more, notes_of(learner, more));
    read_all(run, 0);
    EXPECT_EQ(run.graph.key_count(), 201u);
    EXPECT_EQ(begin, 200u);
}

TEST_F(SessionViewTest, WhatIsLostIsLearnedAnewWithTheSameAnswers) {
    add({assume(ana, "ASIA1", "2026-01-02T03:04:05Z")});
    Run first(*this);
    ASSERT_TRUE(first.view.open(end));
    read_all(first, 0);
    ASSERT_TRUE(first.view.save());
    const auto file = *read_file(disk, "view/session/graph");

    Run second(*this);  // goes on from the file
    ASSERT_TRUE(second.view.open(end));
    EXPECT_EQ(position(), 1u);
    add({event(
        "ListBuckets",
        R"({"type":"AssumedRole","principalId":"AROA:s","arn":"arn:aws:sts::444455556666:assumed-role/ops/s","accountId":"444455556666","accessKeyId":"ASIA1"})",
        "", "2026-01-02T03:05:00Z")});
    read_all(second, 1);
    ASSERT_TRUE(second.view.save());

    ASSERT_TRUE(disk.remove("view/session/graph"));
    Run third(*this);
    ASSERT_TRUE(third.view.open(end));
    EXPECT_EQ(position(), 0u);
    read_all(third, 0);
    EXPECT_EQ(saved(third.graph, 2), saved(second.graph, 2));

    ASSERT_TRUE(replace_file(disk, "view/session/graph", file.substr(0, file.size() / 2)));
    Run fourth(*this);
    ASSERT_TRUE(fourth.view.open(end));
    EXPECT_EQ(position(), 0u) << "a damaged file counts as none";
    ASSERT_TRUE(replace_file(disk, "view/session/graph", saved(second.graph, 3)));
    Run fifth(*this);
    ASSERT_TRUE(fifth.view.open(end));
    EXPECT_EQ(position(), 0u) << "and so does one of another log";
    EXPECT_EQ(fifth.graph.key_count(), 0u);
    read_all(fourth, 0);
    EXPECT_EQ(saved(fourth.graph, 2), saved(second.graph, 2));
}

TEST_F(SessionViewTest, ACallIsToldTwiceAndCountsOnce) {
    add({assume(ana, "ASIA1", "2026-01-02T03:04:05Z", R"({"upstream":"moto","confidence":"claimed"})")});
    Run run(*this);
    ASSERT_TRUE(run.view.open(end));
    const auto identity = *parse_json(ana);
    const auto request = *parse_json(R"({"roleArn":"arn:aws:iam::444455556666:role/ops","roleSessionName":"s"})");
    const auto answer = *parse_json(
        R"({"credentials":{"accessKeyId":"ASIA1","expiration":"Jan 2, 2026, 4:04:05 AM"},"assumedRoleUser":{"assumedRoleId":"AROA:s","arn":"arn:aws:sts::444455556666:assumed-role/ops/s"}})");
    run.graph.learn({.space = "moto",
                     .event_source = "sts.amazonaws.com",
                     .event_name = "AssumeRole",
                     .account = "111122223333",
                     .event_id = {},
                     .error_code = {},
                     .error_message = {},
                     .key_id = "AKIAana",
                     .user_identity = &identity,
                     .request_parameters = &request,
                     .answer = &answer,
                     .at = *parse_time("2026-01-02T03:04:05.678Z")});
    read_all(run, 0);
    Run other(*this);
    ASSERT_TRUE(other.view.open(end));
    read_all(other, 0);
    EXPECT_EQ(saved(run.graph, 1), saved(other.graph, 1));
}

}  // namespace

}  // namespace cairn::session
