#include "event/index_row.h"

#include <gtest/gtest.h>

#include "record_corpus.h"
#include "record_support.h"

using namespace cairn;

TEST(IndexRow, HasEveryAttributeOnce) {
    Parse parse;
    IndexBatch batch;
    const auto& view = parse.view(
        R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"ec2.amazonaws.com","eventName":"StopInstances","awsRegion":"eu-west-1","eventID":"abcdefghij",)"
        R"("recipientAccountId":"1","readOnly":false,"errorCode":"E","sourceIPAddress":"10.0.0.1","userIdentity":{"type":"IAMUser","userName":"ana","accessKeyId":"AKIA"},)"
        R"("requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"}]}}})");
    batch.add(view, 7);
    ASSERT_EQ(batch.rows.size(), 1u);
    const auto& row = batch.rows[0];
    EXPECT_EQ(row.number, 7u);
    EXPECT_EQ(row.time_ms, to_milliseconds(view.time));
    EXPECT_EQ(row.id_hash, posting_hash(Attribute::event_id, "abcdefghij"));
    EXPECT_EQ(row.id_prefix, 0x6162636465666768u);
    const std::vector<std::pair<Attribute, std::string>> wanted = {{Attribute::event_name, "StopInstances"},
                                                                   {Attribute::event_source, "ec2.amazonaws.com"},
                                                                   {Attribute::username, "ana"},
                                                                   {Attribute::access_key_id, "AKIA"},
                                                                   {Attribute::read_only, "false"},
                                                                   {Attribute::resource_type, "AWS::EC2::Instance"},
                                                                   {Attribute::resource_name, "i-1"},
                                                                   {Attribute::resource_name, "i-2"},
                                                                   {Attribute::error_code, "E"},
                                                                   {Attribute::source_ip, "10.0.0.1"}};
    EXPECT_EQ(row.postings_end - row.postings_begin, wanted.size());
    for (const auto& [attribute, value] : wanted)
        EXPECT_EQ(std::ranges::count(batch.postings, posting_hash(attribute, value)), 1) << value;
    EXPECT_EQ(batch.scopes[row.scope], (ScopeKey{"1", "eu-west-1", Category::management}));
}

TEST(IndexRow, ScopesAreSharedInAnyOrder) {
    Parse parse;
    IndexBatch batch;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 300; ++i) {
            const auto region = "r" + std::to_string(i);
            batch.add(
                parse.view(
                    R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"s","eventName":"n","eventID":"e","awsRegion":")" +
                    region + "\"}"),
                0);
            EXPECT_EQ(batch.scopes[batch.rows.back().scope].region, region);
        }
        EXPECT_EQ(batch.scopes.size(), 300u);
    }
    batch.clear();
    batch.add(parse.view(record_with("")), 0);
    EXPECT_EQ(batch.scopes.size(), 1u);
    EXPECT_EQ(batch.rows.size(), 1u);
}

TEST(IndexRow, OfTheCorpusIsTheSameTwice) {
    const auto records = corpus_records();
    NEED_SHARED(records);
    Parse parse;
    IndexBatch first, second;
    for (const auto& record : records) first.add(parse.view(record), 0);
    for (const auto& record : records) second.add(parse.view(record), 0);
    EXPECT_EQ(first.postings, second.postings);
    EXPECT_EQ(first.scopes, second.scopes);
}

TEST(IndexRow, AttributeNamesAreTheServices) {
    EXPECT_EQ(attribute_name(Attribute::event_id), "EventId");
    EXPECT_EQ(attribute_name(Attribute::username), "Username");
    EXPECT_EQ(attribute_name(Attribute::read_only), "ReadOnly");
    EXPECT_EQ(attribute_name(Attribute::source_ip), "SourceIPAddress");
}
