#include <gtest/gtest.h>

#include <string>

#include "policy/document.h"
#include "policy/policy.h"

namespace cairn::policy {
namespace {

std::string with_statement(const std::string& statement) {
    return R"({"Version":"2012-10-17","Statement":)" + statement + "}";
}

TEST(PolicyParse, KnowsWhatAPolicyAsksFor) {
    const struct {
        const char* statement;
        bool asks;
    } cases[] = {
        {R"({"Effect":"Allow","Action":"*","Resource":"*"})", false},
        {R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"AWS:sourceip":"10.0.0.0/8"}}})",
         true},
        {R"({"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:SourceIp":"true"}}})", true},
        {R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"cairn:region":"${aws:SourceIp}"}}})",
         true},
        {R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:SourceIp}/*"})", true},
        {R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}/*"})", false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.statement);
        const auto policy = Policy::parse(with_statement(row.statement));
        ASSERT_TRUE(policy) << policy.error().message;
        EXPECT_EQ(asks_for({*policy}, "aws:SourceIp"), row.asks);
    }
}

TEST(PolicyParse, AcceptsTheLanguage) {
    const char* statements[] = {
        R"({"Effect":"Allow","Action":"*","Resource":"*"})",
        R"([{"Effect":"Allow","Action":["cloudtrail:*","cairn:Ingest"],"Resource":["*"]}])",
        R"([{"Sid":"One","Effect":"Deny","NotAction":"cairn:*","NotResource":"arn:aws:s3:::b/${aws:username}/*"}])",
        R"({"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{}})",
        R"({"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}})",
        R"({"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":[10,"20"]}}})",
        R"({"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"cairn:account":"111122223333"}}})",
        R"({"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":["a*"]}}})",
        R"({"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":["2026-11-21","2026-11-21T16:00:00Z","1795276800"]}}})",
    };
    for (const auto* statement : statements) {
        SCOPED_TRACE(statement);
        const auto policy = Policy::parse(with_statement(statement));
        EXPECT_TRUE(policy) << policy.error().message;
    }
    const auto policy = Policy::parse(
        R"({"Version":"2008-10-17","Id":"mine","Statement":{"Effect":"Allow","Action":"a:b","Resource":"*"}})");
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->document().id, "mine");
}

TEST(PolicyParse, RefusesWhatItDoesNotUnderstand) {
    const struct {
        std::string document;
        const char* names;  ///< must stand in the message
    } cases[] = {
        {"", "policy"},
        {"[]", "not an object"},
        {R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "Version"},
        {R"({"Version":"2013-01-01","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "Version"},
        {R"({"Version":"2012-10-17"})", "Statement"},
        {R"({"Version":"2012-10-17","Statement":[]})", "Statement"},
        {R"({"Version":"2012-10-17","Statement":"x"})", "Statement"},
        {R"({"Version":"2012-10-17","statement":{}})", "\"statement\""},
        {R"({"Version":"2012-10-17","Id":7,"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})", "Id"},
        {with_statement("[7]"), "statement 1"},
        {with_statement(R"({"Action":"*","Resource":"*"})"), "Effect"},
        {with_statement(R"({"Effect":"allow","Action":"*","Resource":"*"})"), "Effect"},
        {with_statement(R"({"Effect":"Allow","Resource":"*"})"), "Action"},
        {with_statement(R"({"Effect":"Allow","Action":"*","NotAction":"a:b","Resource":"*"})"), "NotAction"},
        {with_statement(R"({"Effect":"Allow","Action":[],"Resource":"*"})"), "Action"},
        {with_statement(R"({"Effect":"Allow","Action":[1],"Resource":"*"})"), "Action"},
        {with_statement(R"({"Effect":"Allow","Action":"lookup","Resource":"*"})"), "lookup"},
        {with_statement(R"({"Effect":"Allow","Action":"a:","Resource":"*"})"), "a:"},
        {with_statement(R"({"Effect":"Allow","Action":"*"})"), "Resource"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"bucket"})"), "bucket"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"arn:${"})"), "not closed"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"arn:aws:x:::${Cairn:Region}"})"), "cairn:region"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Principal":"*"})"), "Principal"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Sid":null})"), "Sid"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":[]})"), "Condition"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringIs":{"a":"b"}}})"),
         "StringIs"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"stringequals":{"a":"b"}}})"),
         "stringequals"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"a":"true"}}})"),
         "NullIfExists"},
        {with_statement(
             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"a":["true","false"]}}})"),
         "Null"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":"yes"}}})"), "yes"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"a":"1x"}}})"),
         "1x"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"a":"nan"}}})"),
         "nan"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateEquals":{"a":"soon"}}})"),
         "soon"},
        {with_statement(
             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"a":"10.0.0.0/40"}}})"),
         "10.0.0.0/40"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a":[]}}})"),
         "\"a\""},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"":"x"}}})"),
         "name"},
        {with_statement(R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"a":{}}}})"),
         "text"},
        {with_statement(
             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"cairn:region":"us-*"}}})"),
         "StringLike"},
        {with_statement(
             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIgnoreCase":{"cairn:region":"US-EAST-1"}}})"),
         "cairn:region"},
        {with_statement(
             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"Cairn:Account":"1"}}})"),
         "Cairn:Account"},
        {with_statement(
             R"({"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"cairn:region":"${*}"}}})"),
         "cairn:region"},
        {with_statement(
             R"([{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}])"),
         "\"A\""},
        {with_statement(
             R"([{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Two","Effect":"No","Action":"*","Resource":"*"}])"),
         "statement 2 (\"Two\")"},
        {std::string(policy_bytes_max + 1, ' '), "longer"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.document.substr(0, 300));
        const auto policy = Policy::parse(row.document);
        ASSERT_FALSE(policy);
        EXPECT_EQ(policy.error().code, Code::invalid);
        EXPECT_NE(policy.error().message.find(row.names), std::string::npos) << policy.error().message;
    }
}

}  // namespace
}  // namespace cairn::policy
