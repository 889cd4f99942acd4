#include "match/query.h"

#include <gtest/gtest.h>

#include "event/record_support.h"
#include "match/term.h"

using namespace cairn;
using cairn::match::Query;

namespace {

const char* const sample =
    R"({"eventVersion":"1.08","userIdentity":{"type":"AssumedRole","principalId":"AROAX:ana","arn":"arn:aws:sts::111122223333:assumed-role/ops/ana",)"
    R"("accountId":"111122223333","accessKeyId":"ASIA1","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/team/ops","userName":"ops"},)"
    R"("attributes":{"mfaAuthenticated":"true"}}},"eventTime":"2026-01-02T03:04:05Z","eventSource":"ec2.amazonaws.com","eventName":"StopInstances",)"
    R"("awsRegion":"eu-west-1","sourceIPAddress":"10.1.2.3","userAgent":"aws-cli\/2.31 \"x\" Boto3","errorCode":"Client.Denied","errorMessage":"You may NOT",)"
    R"("requestParameters":{"instancesSet":{"items":[{"instanceId":"i-1","n":5},{"instanceId":"i-2","n":7.50}]},"force":false,"a.b":"dotted","limit":"20",)"
    R"("none":null,"big":123456789012345678901,"policy":"{\"Action\":\"s3:*\"}","name\u0041":"f\u00fcr"},"responseElements":null,"requestID":"r-1","eventID":"e-1","readOnly":false,)"
    R"("eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","vpcEndpointId":"vpce-1","sharedEventID":"s-1","eventCategory":"Management"})";

class OnSample : public testing::Test {
protected:
    bool matches(std::string_view text) {
        const auto query = Query::parse(text);
        if (!query) {
            ADD_FAILURE() << text << ": " << query.error().message;
            return false;
        }
        return query->matches(view_);
    }

    Parse parse_;
    const EventView& view_ = parse_.view(sample);
};

}  // namespace

TEST_F(OnSample, EveryFieldAndOperator) {
    const struct {
        const char* query;
        bool matches;
    } cases[] = {
        {"", true},
        {"  ", true},
        {"eventName=StopInstances", true},
        {"eventName=stopinstances", false},
        {"eventName != StopInstances", false},
        {"eventName!=Other", true},
        {"eventName:stopinst", true},
        {"eventName^Stop", true},
        {"eventName^stop", false},
        {"eventName in (A, StopInstances)", true},
        {"eventName in (A,B)", false},
        {"-eventName in (A,B)", true},
        {"has:eventName", true},
        {"-has:eventName", false},
        {"eventSource=ec2.amazonaws.com", true},
        {"eventType=AwsApiCall", true},
        {"category=management", true},
        {"category=MANAGEMENT", true},
        {"category=data", false},
        {"category in (data, network, management)", true},
        {"category!=insight", true},
        {"readOnly=false", true},
        {"readOnly=False", true},
        {"readOnly=true", false},
        {"readOnly!=true", true},
        {"errorCode=Client.Denied", true},
        {"has:errorCode", true},
        {"region=eu-west-1", true},
        {"region^eu-", true},
        {"account=111122223333", true},
        {"user=ana", true},
        {"user=ops", false},
        {"origin=\"arn:aws:iam::111122223333:role/team/ops\"", true},
        {"principal=arn:aws:sts::111122223333:assumed-role/ops/ana", true},
        {"role=ops", true},
        {"role:TEAM", true},
        {"role!=ops", false},
        {"role!=dev", true},
        {"accessKey=ASIA1", true},
        {"sourceIP=10.1.2.3", true},
        {"sourceIP=10.0.0.0/8", true},
        {"sourceIP!=10.0.0.0/8", false},
        {"sourceIP=10.2.0.0/16", false},
        {"sourceIP in (1.1.1.1, 10.1.0.0/16)", true},
        {"-sourceIP=10.0.0.0/8", false},
        {"sourceIP:10.1", true},
        {"sourceIP^10.", true},
        {"userAgent:boto3", true},
        {"userAgent=\"aws-cli/2.31 \\\"x\\\" Boto3\"", true},
        {"mfa=true", true},
        {"mfa=false", false},
        {"has:mfa", true},
        {"vpcEndpoint=vpce-1", true},
        {"resource=i-1", true},
        {"resource=i-3", false},
        {"resource!=i-1", false},
        {"resource!=i-3", true},
        {"resourceType=AWS::EC2::Instance", true},
        {"has:arn", false},
        {"eventID=e-1", true},
        {"requestID=r-1", true},
        {"sharedEventID in (s-1)", true},
        {"errorMessage:not", true},
        {"errorMessage=\"You may NOT\"", true},
        {"text:boto3", true},
        {"boto3", true},
        {"-boto3", false},
        {"\"may not\"", true},
        {"aws-cli/2", true},
        {"aws-cli\\/2", true},
        {"\"\\\"Action\\\":\\\"s3:*\\\"\"", true},
        {"f\xc3\xbcr", true},
        {"nameA", true},
        {"nowhere", false},
        {"-nowhere", true},
        {"eventTime=2026-01-02T03:04:05Z", true},
        {"eventTime>2026-01-02", true},
        {"eventTime>=2026-01-02T03:04:05Z", true},
        {"eventTime<2026-01-02T03:04:05Z", false},
        {"eventTime<=1767323045", true},
        {"eventTime>=2026-01-02T03:04", true},
        {"eventTime<\"2026-01-02 03:04:06\"", true},
        {"eventTime=1767323045000", true},
        {"eventTime!=2026-01-02", true},
        {"has:eventTime", true},
        {"$.requestParameters.force=false", true},
        {"$.requestParameters.force!=false", false},
        {"$.requestParameters.instancesSet.items.instanceId=i-2", true},
        {"$.requestParameters.instancesSet.items[0].instanceId=i-2", false},
        {"$.requestParameters.instancesSet.items[*].instanceId=i-2", true},
        {"$.requestParameters.*.items[1].n=7.5", true},
        {"$.requestParameters.instancesSet.items.n>7", true},
        {"$.requestParameters.instancesSet.items.n>7.5", false},
        {"$.requestParameters.instancesSet.items.n>=7.5e0", true},
        {"$.requestParameters.instancesSet.items.n<5", false},
        {"$.requestParameters['a.b']=dotted", true},
        {"$.requestParameters.[\"a.b\"]^dot", true},
        {"$['eventName']=StopInstances", true},
        {"$.requestParameters.limit>10", true},
        {"$.requestParameters.limit=20", true},
        {"$.requestParameters.limit=20.0", false},
        {"has:$.requestParameters.none", false},
        {"$.requestParameters.none=null", false},
        {"$.requestParameters.none!=null", true},
        {"$.requestParameters.big=123456789012345678901", true},
        {"$.requestParameters.big=123456789012345678902", false},
        {"$.requestParameters.big>123456789012345678900", true},
        {"$.requestParameters:INSTANCEID", true},
        {"$.requestParameters=x", false},
        {"$.nothing!=x", true},
        {"$.nothing=x", false},
        {"$.requestParameters.nameA=f\xc3\xbcr", true},
        {"$.requestParameters.policy:\"\\\"action\\\"\"", true},
        {"$.requestParameters.force>0", false},
        {"eventName=StopInstances readOnly=false", true},
        {"eventName=StopInstances and readOnly=true", false},
        {"eventName=X or readOnly=false", true},
        {"eventName=X OR readOnly=true", false},
        {"(eventName=X or user=ana) region=eu-west-1", true},
        {"(eventName=X or user=ana) and (region=x or region=y)", false},
        {"(eventName=X user=ana) or (region=eu-west-1 account=111122223333)", true},
        {"(boto3)", true},
        {"( -boto3 or ana )", true},
        {"(ana)(boto3)", true},
        {"(ana)(nowhere)", false},
        {"user = ana", true},
        {"user : AN", true},
        {"user=\"\"", false},
        {"user!=\"\"", true},
        {"user=\"=\"", false},
        {"user=\"'ana'\"", false},
        {"user=an'a", false},
        {"arn:aws:sts::111122223333:assumed-role/ops/ana", true},  // of the caller, whom the field arn does not know
        {"-arn:aws:sts::111122223333:assumed-role/ops/ana", false},
        {"(arn:aws:s3:::b or arn:aws:IAM::111122223333:role/team/ops)", true},
        {"arn:aws-cn:sts::111122223333:assumed-role/ops/ana", false},
        {"arn:ana", false},
    };
    for (const auto& row : cases) EXPECT_EQ(matches(row.query), row.matches) << row.query;
}

TEST(QueryAbsent, AnAbsentFieldIsNeverEqual) {
    Parse parse;
    const auto& view = parse.view(R"({"eventTime":"2026-01-02T03:04:05Z","eventSource":"s","eventName":"n"})");
    for (const char* field :
         {"eventType", "readOnly",     "errorCode", "region",    "account",       "user",         "origin",
          "principal", "role",         "accessKey", "sourceIP",  "userAgent",     "mfa",          "vpcEndpoint",
          "resource",  "resourceType", "arn",       "requestID", "sharedEventID", "errorMessage", "$.x"}) {
        SCOPED_TRACE(field);
        const std::string name(field), value(name == "readOnly" || name == "mfa" ? "true" : "v");
        EXPECT_FALSE(Query::parse(name + "=" + value)->matches(view));
        EXPECT_TRUE(Query::parse(name + "!=" + value)->matches(view));
        EXPECT_TRUE(Query::parse("-" + name + "=" + value)->matches(view));
        EXPECT_FALSE(Query::parse("-" + name + "!=" + value)->matches(view));
        EXPECT_FALSE(Query::parse(name + " in (" + value + ")")->matches(view));
        EXPECT_FALSE(Query::parse("has:" + name)->matches(view));
    }
    EXPECT_TRUE(Query::parse("sourceIP!=10.0.0.0/8")->matches(view));
}

TEST(QueryError, NamesFieldAndPlace) {
    const struct {
        const char* query;
        const char* field;
        std::size_t position;
        const char* part;
    } cases[] = {
        {"user=a foo=b", "foo", 7, "unknown field \"foo\""},
        {"User=a", "User", 0, "unknown field"},
        {"eventID:a", "eventID", 7, "does not know the operator :"},
        {"eventID^a", "eventID", 7, "operator ^"},
        {"user>a", "user", 4, "operator >"},
        {"text=a", "text", 4, "operator ="},
        {"has:text", "text", 4, "has:"},
        {"category:man", "category", 8, "operator :"},
        {"()", "", 0, "an empty group"},
        {"user=a ( )", "", 7, "an empty group"},
        {"(a", "", 0, "'(' without ')'"},
        {"a)", "", 1, "')' without '('"},
        {"(a (b))", "", 3, "a group inside a group"},
        {"((a))", "", 1, "a group inside a group"},
        {"-(a)", "", 0, "'-' stands before a single term"},
        {"a and b or c", "", 8, "\"and\" and \"or\" on one level"},
        {"a b or c", "", 4, "on one level"},
        {"(a or b and c)", "", 8, "on one level"},
        {"a or", "", 2, "nothing follows \"or\""},
        {"(a and) b", "", 3, "nothing follows"},
        {"or a", "", 0, "has nothing before it"},
        {"and", "", 0, "has nothing before it"},
        {"user=", "user", 4, "user= needs a value"},
        {"user= )", "user", 4, "needs a value"},
        {"user=\"a", "", 5, "a quote is not closed"},
        {"\"a", "", 0, "a quote is not closed"},
        {"-", "", 0, "'-' without a term"},
        {"a - b", "", 2, "'-' without a term"},
        {"has:", "", 4, "has: needs a field"},
        {"has:foo", "foo", 4, "unknown field"},
        {"has:user=a", "user", 4, "has:user takes no value"},
        {"has:$.a=b", "$.a", 4, "takes no value"},
        {"user in ()", "user", 9, "lacks a value"},
        {"user in (a", "user", 10, "lacks ',' or ')'"},
        {"user in (a,)", "user", 11, "lacks a value"},
        {"user in (a b)", "user", 11, "lacks ',' or ')'"},
        {"sourceIP=10.0.0.0/33", "sourceIP", 9, "no address range"},
        {"sourceIP=a/b", "sourceIP", 9, "no address range"},
        {"readOnly=maybe", "readOnly", 9, "is neither true nor false"},
        {"mfa=1", "mfa", 4, "is neither true nor false"},
        {"eventTime>soon", "eventTime", 10, "\"soon\" is no time"},
        {"$.a>b", "$.a", 4, "no number"},
        {"$.=1", "$.", 0, "a member name is missing"},
        {"$.a..b=1", "$.a.", 0, "a member name is missing"},
        {"$.a[=1", "$.a[", 0, "an index is missing"},
        {"$.a[1=1", "$.a[1", 0, "']' is missing"},
        {"$.a['x=1", "$.a['x=1", 0, "a quote is not closed"},
        {"$.a", "$.a", 3, "needs an operator"},
        {"=a", "", 0, "a field is missing"},
        {"user=a(b)", "", 6, "quote a value that holds parentheses"},
        {"\"a\"\"b\"", "", 3, "a space is missing"},
        {"user:\"\"", "user", 5, "needs a text"},
        {"\"\"", "text", 0, "needs a text"},
        {"s3:GetObject", "s3", 0, "quote it"},
        {"user==a", "user", 4, "user== is no operator"},
        {"user!==a", "user", 4, "user!== is no operator"},
        {"user= 'a b'", "", 6, "quotes are \""},
        {"user in ('a')", "", 9, "quotes are \""},
        {"'a b'", "", 0, "quotes are \""},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.query);
        const auto query = Query::parse(row.query);
        ASSERT_FALSE(query);
        EXPECT_EQ(query.error().field, row.field);
        EXPECT_EQ(query.error().position, row.position);
        EXPECT_NE(query.error().message.find(row.part), std::string::npos) << query.error().message;
    }
    EXPECT_FALSE(Query::parse(std::string(20'000, 'a')));
    std::string many;
    for (int i = 0; i < 300; ++i) many += "a ";
    EXPECT_FALSE(Query::parse(many));
}

TEST(QueryError, TeachesWhatIsMeant) {
    const struct {
        const char* query;
        const char* message;
    } cases[] = {
        {"eventNme=x", "unknown field \"eventNme\": did you mean eventName, or the text, in quotes?"},
        {"EVENTNAME=x", "unknown field \"EVENTNAME\": did you mean eventName, or the text, in quotes?"},
        {"Username=x", "unknown field \"Username\": did you mean user, or the text, in quotes?"},
        {"AccessKeyId=x", "unknown field \"AccessKeyId\": did you mean accessKey, or the text, in quotes?"},
        {"sourceIPAddress=x", "unknown field \"sourceIPAddress\": did you mean sourceIP, or the text, in quotes?"},
        {"has:awsRegion", "unknown field \"awsRegion\": did you mean region, or the text, in quotes?"},
        {"regoin=x", "unknown field \"regoin\": did you mean region, or the text, in quotes?"},
        {"s3:GetObject", "unknown field \"s3\"; quote it to look for the text"},
        {"https://x", "unknown field \"https\"; quote it to look for the text"},
        {"eventID:a", "eventID does not know the operator :; it takes = != in(...) has:"},
        {"eventTime^2026", "eventTime does not know the operator ^; it takes = != > >= < <= in(...) has:"},
        {"text=a", "text does not know the operator =; it takes :"},
        {"eventTime>soon",
         "eventTime: \"soon\" is no time such as 2026-11-21, \"2026-11-21 16:00\" or 2026-11-21T16:00:00Z"},
        {"mfa=yes", "mfa: \"yes\" is neither true nor false"},
    };
    for (const auto& row : cases) {
        const auto query = Query::parse(row.query);
        ASSERT_FALSE(query) << row.query;
        EXPECT_EQ(query.error().message, row.message);
    }
}

TEST(QueryPlan, IndexedTermsAreThoseThatAllMatchesSatisfy) {
    const auto plan = [](std::string_view text) {
        const auto query = Query::parse(text);
        std::string shown;
        if (!query) return query.error().message;
        for (const auto& indexed : query->indexed()) {
            shown += std::string(attribute_name(indexed.attribute)) + "=";
            for (const auto& value : indexed.any_of) shown += value + ",";
        }
        return shown;
    };
    const struct {
        const char* query;
        const char* plan;
    } cases[] = {
        {"", ""},
        {"eventName=A", "EventName=A,"},
        {"-eventName=A", ""},
        {"eventName!=A", ""},
        {"eventName:A", ""},
        {"eventName^A", ""},
        {"eventName in (A,B) user=x", "EventName=A,B,Username=x,"},
        {"eventName=A or user=x", ""},
        {"eventName=A or eventName=B", "EventName=A,B,"},
        {"(eventName=A or eventName in (B,C)) readOnly=FALSE", "EventName=A,B,C,ReadOnly=false,"},
        {"(eventName=A or user=x) resource=r", "ResourceName=r,"},
        {"(eventName=A user=x) or eventName=B", ""},
        {"(eventName=A) or eventName=B", "EventName=A,B,"},
        {"(eventName=A user=x)", "EventName=A,Username=x,"},
        {"sourceIP=1.2.3.4", "SourceIPAddress=1.2.3.4,"},
        {"sourceIP=10.0.0.0/8", ""},
        {"sourceIP in (1.2.3.4,10.0.0.0/8)", ""},
        {"eventID=e errorCode=c accessKey=k eventSource=s resourceType=t",
         "EventId=e,ErrorCode=c,AccessKeyId=k,EventSource=s,ResourceType=t,"},
        {"eventName=A or -eventName=B", ""},
        {"region=r", ""},
        {"word eventName=A", "EventName=A,"},
    };
    for (const auto& row : cases) EXPECT_EQ(plan(row.query), row.plan) << row.query;
}

TEST(QueryPlan, KnowsWhenTheIndexTellsAll) {
    const struct {
        const char* query;
        bool only_indexed;
    } cases[] = {
        {"", false},
        {"eventName=A", true},
        {"eventName in (A,B) user=x", true},
        {"eventName=A or eventName=B", true},
        {"(eventName=A or eventName=B) readOnly=true", true},
        {"eventName=A or user=x", false},
        {"eventName=A word", false},
        {"-eventName=A", false},
        {"eventName=A -user=x", false},
        {"eventName=A sourceIP=10.0.0.0/8", false},
        {"(eventName=A user=x) or eventName=B", false},
        {"eventName=A region=r", false},
        {"eventName=A (user=x or word)", false},
    };
    for (const auto& row : cases) EXPECT_EQ(Query::parse(row.query)->only_indexed(), row.only_indexed) << row.query;
}

TEST(QueryPlan, NeedlesAreTheLongestPlainParts) {
    const auto needles = [](std::string_view text) {
        std::string shown;
        const auto query = Query::parse(text);
        if (!query) return query.error().message;
        for (const auto& needle : query->needles()) shown += needle.text + (needle.ignore_case ? "~;" : ";");
        return shown;
    };
    const struct {
        const char* query;
        const char* needles;
    } cases[] = {
        {"", ""},
        {"hello", "hello~;\\u00;"},
        {"ab", ""},
        {"-hello", ""},
        {"\"say \\\"hello\\\" you\"", "hello~;\\u00;"},
        {"a/bcd/ef", "bcd~;\\u00;"},
        {"f\xc3\xbcr-alle", "r-alle~;\\u00;"},
        {"\"<html>\"", "<html>~;\\u00;"},
        {"hello or world", "hello~;world~;\\u00;"},
        {"hello or -world", ""},
        {"hello longest", "longest~;\\u00;"},
        {"userAgent:Boto3", "Boto3~;\\u00;"},
        {"eventName=StopInstances", ""},
        {"user=root", ""},
        {"user:oo", ""},
        {"user=ana", ""},
        {"user^ana", "ana;\\u00;"},
        {"eventName=StopInstances hello", "hello~;\\u00;"},
        {"eventName=StopInstances or hello", "StopInstances;hello~;\\u00;"},
        {"user:ROOT", ""},
        {"resourceType=AWS::S3::Bucket", ""},
        {"readOnly=true", ""},
        {"category=management", ""},
        {"$.a.b=100", ""},
        {"$.a.b=true", "true;\\u00;"},
        {"$.a.b:100", "100~;\\u00;"},
        {"$.a.b^abc", "abc;\\u00;"},
        {"sourceIP=10.0.0.0/8", ""},
        {"sourceIP=10.0.0.1", ""},
        {"sourceIP^10.0.0.1", "10.0.0.1;\\u00;"},
        {"(hello or $.a>5) other", "other~;\\u00;"},
        {"eventName!=hello", ""},
        {"has:user", ""},
        {"hello\\world", "hello~;\\u00;"},
    };
    for (const auto& row : cases) EXPECT_EQ(needles(row.query), row.needles) << row.query;
}

TEST_F(OnSample, FieldValuesAreWhatCanBeAskedFor) {
    const auto values = [&](std::string_view field) {
        std::string shown;
        const auto shown_all =
            match::field_values(view_, field, [&](std::string_view value) { shown += std::string(value) + ";"; });
        return shown_all ? shown : shown_all.error().message;
    };
    EXPECT_EQ(values("resource"), "i-1;i-2;");
    EXPECT_EQ(values("role"), "ops;arn:aws:iam::111122223333:role/team/ops;");
    EXPECT_EQ(values("readOnly"), "false;");
    EXPECT_EQ(values("category"), "Management;");
    EXPECT_EQ(values("eventTime"), "2026-01-02T03:04:05Z;");
    EXPECT_EQ(values("arn"), "");
    EXPECT_EQ(values("$.requestParameters.instancesSet.items.instanceId"), "i-1;i-2;");
    EXPECT_EQ(values("$.requestParameters.none"), "");
    EXPECT_EQ(values("text"), "unknown field \"text\"");
    EXPECT_EQ(values("nope"), "unknown field \"nope\"");
    EXPECT_EQ(values("$.a="), "\"$.a=\" is no path");
    EXPECT_TRUE(match::known_field("user"));
    EXPECT_TRUE(match::known_field("$.a['b c'][0]"));
    EXPECT_FALSE(match::known_field("text"));
    EXPECT_FALSE(match::known_field("$.a b"));
    EXPECT_FALSE(match::known_field("$.a) (b"));
    EXPECT_FALSE(match::known_field(""));
}

TEST(Numbers, CompareExactly) {
    using match::Operator;
    const struct {
        const char* one;
        Operator op;
        const char* other;
        bool holds;
    } cases[] = {
        {"1", Operator::equal, "1.0", true},
        {"-0", Operator::equal, "0", true},
        {"10", Operator::greater, "9", true},
        {"-10", Operator::less, "-9", true},
        {"-10", Operator::greater, "9", false},
        {"100000000000000000001", Operator::greater, "100000000000000000000", true},
        {"100000000000000000001", Operator::equal, "100000000000000000000", false},
        {"1e400", Operator::greater, "1e308", true},
        {"1e-400", Operator::less, "1", true},
        {"2.5", Operator::at_most, "2.50", true},
        {"-1", Operator::at_least, "0", false},
    };
    for (const auto& row : cases)
        EXPECT_EQ(match::numbers_compare(row.one, row.op, row.other), row.holds) << row.one << " " << row.other;
    for (const char* text : {"0", "-0", "1.5", "1e5", "1E+5", "-1.5e-5"}) EXPECT_TRUE(match::is_number(text)) << text;
    for (const char* text : {"", "-", "01", "1.", ".5", "1e", "+1", "1 ", "0x1", "nan", "inf"})
        EXPECT_FALSE(match::is_number(text)) << text;
}
