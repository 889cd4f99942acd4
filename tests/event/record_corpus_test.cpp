#include <gtest/gtest.h>

#include "base/json.h"
#include "event/canonical.h"
#include "event/record.h"
#include "record_corpus.h"
#include "record_support.h"

using namespace cairn;

TEST(RecordCorpus, EveryRecordIsAcceptedAndKept) {
    const auto records = corpus_records();
    NEED_SHARED(records);
    EXPECT_EQ(records.size(), 6643u);
    Parse parse;
    std::size_t without_id = 0;
    for (const auto& record : records) {
        const auto& view = parse.view(record);
        EXPECT_EQ(view.raw, record);
        EXPECT_FALSE(view.event_id.empty());
        without_id += view.flags & flag_no_event_id;
        EXPECT_EQ(view.flags & ~std::uint32_t{flag_no_event_id}, 0u) << record;
    }
    EXPECT_EQ(without_id, 14u);
}

TEST(RecordCorpus, TheViewShowsWhatAPlainReaderSees) {
    const auto records = corpus_records();
    NEED_SHARED(records);
    Parse parse;
    for (const auto& record : records) {
        const auto& view = parse.view(record);
        const auto json = parse_json(record);
        ASSERT_TRUE(json);
        EXPECT_EQ(view.event_version, json->text("eventVersion"));
        EXPECT_EQ(view.event_name, json->text("eventName"));
        EXPECT_EQ(view.event_source, json->text("eventSource"));
        EXPECT_EQ(view.region, json->text("awsRegion"));
        EXPECT_EQ(view.source_ip, json->text("sourceIPAddress"));
        EXPECT_EQ(view.user_agent, json->text("userAgent"));
        EXPECT_EQ(view.error_code, json->text("errorCode"));
        EXPECT_EQ(view.error_message, json->text("errorMessage"));
        EXPECT_EQ(view.request_id, json->text("requestID"));
        EXPECT_EQ(view.event_type, json->text("eventType"));
        EXPECT_EQ(view.event_category, json->text("eventCategory"));
        EXPECT_EQ(view.shared_event_id, json->text("sharedEventID"));
        EXPECT_EQ(view.vpc_endpoint_id, json->text("vpcEndpointId"));
        EXPECT_EQ(view.time, parse_time(json->text("eventTime")));
        if (const auto* identity = json->find("userIdentity")) {
            EXPECT_EQ(view.identity_type, identity->text("type"));
            EXPECT_EQ(view.principal_id, identity->text("principalId"));
            EXPECT_EQ(view.arn, identity->text("arn"));
            EXPECT_EQ(view.access_key_id, identity->text("accessKeyId"));
            EXPECT_EQ(view.user_name, identity->text("userName"));
            EXPECT_EQ(view.invoked_by, identity->text("invokedBy"));
            const auto* session = identity->find("sessionContext");
            const auto* issuer = session ? session->find("sessionIssuer") : nullptr;
            EXPECT_EQ(view.session_issuer_arn, issuer ? issuer->text("arn") : "");
            EXPECT_EQ(view.session_issuer_name, issuer ? issuer->text("userName") : "");
        }
    }
}

TEST(RecordCorpus, EveryRecordIsItselfHoweverWritten) {
    const auto records = corpus_records();
    NEED_SHARED(records);
    Parse parse;
    for (const auto& record : records) {
        const auto canonical = canonical_record(record);
        EXPECT_TRUE(same_record(record, canonical));
        EXPECT_EQ(canonical_record(canonical), canonical);
        const std::string id(parse.view(record).event_id);
        EXPECT_EQ(parse.view(canonical).event_id, id);
    }
}

TEST(RecordLookup, DerivedMembersAreTheServices) {
    const auto lines = shared_lines("data/lookup/aws_cloudtrail.jsonl");
    NEED_SHARED(lines);
    Parse parse;
    for (const auto& line : lines) {
        const auto answer = parse_json(line);
        ASSERT_TRUE(answer);
        const auto& view = parse.view(answer->text("CloudTrailEvent"));
        SCOPED_TRACE(view.event_name);
        EXPECT_EQ(view.event_id, answer->text("EventId"));
        EXPECT_EQ(view.event_name, answer->text("EventName"));
        EXPECT_EQ(view.event_source, answer->text("EventSource"));
        EXPECT_EQ(view.username, answer->text("Username"));
        EXPECT_EQ(view.access_key_id, answer->text("AccessKeyId"));
        EXPECT_EQ(view.read_only == ReadOnly::yes ? "true" : "false", answer->text("ReadOnly"));
        Pairs wanted;
        for (const auto& resource : answer->find("Resources")->as_array()) {
            std::string name(resource.text("ResourceName"));
            // The publisher's pseudonym of this one has a digit more here than in the record.
            if (view.event_name == "CreateSecurityGroup" && name.starts_with("vpc-")) name.pop_back();
            wanted.emplace(resource.text("ResourceType"), name);
        }
        EXPECT_EQ(resource_pairs(view.resources), wanted);
    }
}
