#include "wire/model.h"

#include <algorithm>

#include <gtest/gtest.h>

using namespace cairn;
using namespace cairn::wire;

namespace {

const Model& trail() { return model_of("cloudtrail"); }

ShapeId input_of(std::string_view operation) { return *trail().find(operation)->input; }

Json json(std::string_view text) {
    auto parsed = parse_json(text);
    EXPECT_TRUE(parsed.has_value()) << text;
    return parsed.value_or(Json());
}

std::vector<std::string> violations(std::string_view operation, std::string_view text) {
    const auto read = trail().read(input_of(operation), json(text));
    EXPECT_TRUE(read.has_value()) << text;
    return read ? trail().violations(input_of(operation), *read) : std::vector<std::string>();
}

}  // namespace

TEST(Model, HoldsAllSixtyOperations) {
    EXPECT_EQ(trail().operations().size(), 60u);
    EXPECT_EQ(trail().target_prefix(), "CloudTrail_20131101");
    EXPECT_EQ(trail().find("LookupEvents")->name, "LookupEvents");
    EXPECT_EQ(trail().find("lookupEvents"), nullptr);
    EXPECT_EQ(model_of("cloudtrail-data").find("PutAuditEvents")->path, "/PutAuditEvents");
}

TEST(Model, EveryErrorOfEveryOperationIsInTheTable) {
    for (const auto* name : {"cloudtrail", "cloudtrail-data"})
        for (const auto& [operation, description] : model_of(name).operations())
            for (const auto& error : description.errors) EXPECT_TRUE(known_error(error)) << operation << " " << error;
}

TEST(Model, ErrorsHaveTheStatusOfTheProtocol) {
    const struct {
        Protocol protocol;
        const char* code;
        int status;
    } cases[] = {
        {Protocol::json, "TrailNotFoundException", 400},       {Protocol::json, "UnrecognizedClientException", 400},
        {Protocol::query, "UnrecognizedClientException", 403}, {Protocol::json, "InternalFailure", 500},
        {Protocol::rest_json, "ChannelNotFound", 400},         {Protocol::json, "no such code", 500},
    };
    for (const auto& row : cases) EXPECT_EQ(error_status(row.protocol, row.code), row.status) << row.code;
}

TEST(Model, ReadsWhatFitsAndNamesWhatDoesNot) {
    const struct {
        const char* operation;
        const char* text;
        const char* outcome;
    } cases[] = {
        {"LookupEvents", R"({})", R"({})"},
        {"LookupEvents", R"({"MaxResults":5,"Unknown":[1]})", R"({"MaxResults":5})"},
        {"LookupEvents", R"({"MaxResults":null})", R"({})"},
        {"LookupEvents", R"({"MaxResults":5.0})", R"({"MaxResults":5})"},
        {"LookupEvents", R"({"maxresults":5})", R"({})"},
        {"LookupEvents", R"({"StartTime":1424476529})", R"({"StartTime":1424476529.0})"},
        {"LookupEvents", R"({"StartTime":"2015-02-20T23:55:29Z"})", R"({"StartTime":1424476529.0})"},
        {"LookupEvents", R"({"StartTime":"1424476529.5"})", R"({"StartTime":1424476529.5})"},
        {"LookupEvents", R"({"StartTime":"2015-02-20T23:55:29"})", R"({"StartTime":1424476529.0})"},
        {"LookupEvents", R"({"StartTime":"2015-02-20T23:55:29.250+02:00"})", R"({"StartTime":1424469329.25})"},
        {"LookupEvents", R"({"StartTime":"2015-02-20"})", R"({"StartTime":1424390400.0})"},
        {"LookupEvents", R"({"StartTime":"Fri, 20 Feb 2015 23:55:29 GMT"})", R"({"StartTime":1424476529.0})"},
        {"LookupEvents", R"({"StartTime":""})", "STRING_VALUE can not be converted to a Timestamp at 'StartTime'"},
        {"LookupEvents", R"({"StartTime":true})", "TRUE_VALUE can not be converted to a Timestamp at 'StartTime'"},
        {"LookupEvents", R"({"StartTime":"yesterday"})",
         "STRING_VALUE can not be converted to a Timestamp at 'StartTime'"},
        {"LookupEvents", R"([])", "START_ARRAY can not be converted to a Structure"},
        {"LookupEvents", R"({"MaxResults":"5"})", "STRING_VALUE can not be converted to an Integer at 'MaxResults'"},
        {"LookupEvents", R"({"MaxResults":5.5})", "DECIMAL_VALUE can not be converted to an Integer at 'MaxResults'"},
        {"LookupEvents", R"({"MaxResults":3000000000})",
         "NUMBER_VALUE can not be converted to an Integer at 'MaxResults'"},
        {"LookupEvents", R"({"LookupAttributes":{}})",
         "START_OBJECT can not be converted to a List at 'LookupAttributes'"},
        {"LookupEvents", R"({"LookupAttributes":[{},{"AttributeKey":7}]})",
         "NUMBER_VALUE can not be converted to a String at 'LookupAttributes.2.AttributeKey'"},
        {"LookupEvents", R"({"LookupAttributes":[null]})",
         "NULL_VALUE can not be converted to a Structure at 'LookupAttributes.1'"},
        {"LookupEvents", R"({"LookupAttributes":[{"AttributeKey":null}]})", R"({"LookupAttributes":[{}]})"},
        {"CreateTrail", R"({"IsMultiRegionTrail":"true"})",
         "STRING_VALUE can not be converted to a Boolean at 'IsMultiRegionTrail'"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        const auto read = trail().read(input_of(row.operation), json(row.text));
        EXPECT_EQ(read ? to_text(*read) : read.error(), row.outcome);
    }
}

TEST(Model, ConstraintsAreWordedAsTheServiceDoes) {
    const struct {
        const char* operation;
        const char* text;
        const char* violation;
    } cases[] = {
        {"LookupEvents", R"({"MaxResults":0})",
         "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"},
        {"LookupEvents", R"({"MaxResults":51})",
         "Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50"},
        {"LookupEvents", R"({"EventCategory":"data"})",
         "Value 'data' at 'eventCategory' failed to satisfy constraint: Member must satisfy enum value set: [insight]"},
        {"LookupEvents", R"({"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":""}]})",
         "Value '' at 'lookupAttributes.1.member.attributeValue' failed to satisfy constraint: Member must have length "
         "greater than or equal to 1"},
        {"GetTrail", R"({})", "Value null at 'name' failed to satisfy constraint: Member must not be null"},
        {"GetQueryResults", R"({"QueryId":"X"})",
         "Value 'X' at 'queryId' failed to satisfy constraint: Member must have length greater than or equal to 36"},
        {"EnableFederation", R"({"EventDataStore":"a b","FederationRoleArn":"arn"})",
         "Value 'a b' at 'eventDataStore' failed to satisfy constraint: Member must satisfy regular expression "
         "pattern: "
         "^[a-zA-Z0-9._/\\-:]+$"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        const auto found = violations(row.operation, row.text);
        EXPECT_TRUE(std::ranges::find(found, row.violation) != found.end()) << (found.empty() ? "none" : found[0]);
    }
    EXPECT_TRUE(violations("LookupEvents", R"({"MaxResults":50,"EventCategory":"insight"})").empty());
}

TEST(Model, LengthCountsCharactersNotBytes) {
    std::string value;
    for (int i = 0; i < 2000; ++i) value += "\xc3\xa4";
    EXPECT_TRUE(violations("LookupEvents",
                           R"({"LookupAttributes":[{"AttributeKey":"EventId","AttributeValue":")" + value + R"("}]})")
                    .empty());
}

TEST(Model, PatternsOfSurrogatePairsAreUnderstood) {
    const auto model = Model::parse(R"({"protocol":"json","operations":{},"shapes":{"T":{"type":"string",
        "pattern":"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*"}}})");
    ASSERT_TRUE(model.has_value()) << model.error().message;
    EXPECT_TRUE(model->violations(0, "plain \xf0\x9f\x98\x80").empty());
    EXPECT_FALSE(model->violations(0, "\x01").empty());
}

TEST(Model, SeveralViolationsAreOneError) {
    const auto error = validation_error({"a", "b"});
    EXPECT_EQ(error.code, "ValidationException");
    EXPECT_EQ(error.message, "2 validation errors detected: a; b");
    EXPECT_EQ(validation_error({"a"}).message, "1 validation error detected: a");
}

TEST(Model, BrokenModelsAreRefused) {
    for (const auto* text : {"", "{}", R"({"protocol":"json"})", R"({"protocol":"soap","shapes":{},"operations":{}})",
                             R"({"protocol":"json","operations":{},"shapes":{"A":{"type":"list"}}})",
                             R"({"protocol":"json","operations":{},"shapes":{"A":{"type":"list","member":"B"}}})",
                             R"({"protocol":"json","operations":{},"shapes":{"A":{"type":"string","pattern":"("}}})",
                             R"({"protocol":"json","operations":{"O":{"input":"X"}},"shapes":{}})"})
        EXPECT_FALSE(Model::parse(text).has_value()) << text;
}
