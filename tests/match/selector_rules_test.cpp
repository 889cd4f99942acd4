#include "match/selector_rules.h"

#include <gtest/gtest.h>

#include "base/json.h"

using namespace cairn;
using namespace cairn::match;

namespace {

std::string repeated(std::size_t count, const char* item) {
    std::string list;
    for (std::size_t i = 0; i < count; ++i) list += (i ? "," : "") + std::string(item);
    return list;
}

std::string replaced(std::string text, char mark, const std::string& by) {
    const auto at = text.find(mark);
    return text.replace(at, 1, by);
}

/// The message of the fault, or empty.
template <class Read>
std::string fault_of(Read&& read, const std::string& text, SelectorFault expected = SelectorFault::event_selectors) {
    const auto json = parse_json(text);
    if (!json) return "no JSON: " + json.error().message;
    const auto selectors = read(*json);
    const auto checked = selectors ? validate(*selectors) : std::unexpected(selectors.error());
    if (checked) return "";
    EXPECT_EQ(checked.error().fault, expected);
    return checked.error().message;
}

std::string basic_fault(const std::string& text) { return fault_of(read_basic_selectors, text); }
std::string advanced_fault(const std::string& text) { return fault_of(read_advanced_selectors, text); }
std::string insight_fault(const std::string& text) {
    return fault_of(read_insight_selectors, text, SelectorFault::insight_selectors);
}

}  // namespace

TEST(BasicSelectors, DefaultsAreFilledIn) {
    const auto read = read_basic_selectors(
        *parse_json(R"([{}, {"ReadWriteType":"WriteOnly","DataResources":[{"Type":"AWS::S3::Object"}]}])"));
    ASSERT_TRUE(read);
    EXPECT_EQ(
        to_text(to_json(*read)),
        R"([{"ReadWriteType":"All","IncludeManagementEvents":true,"DataResources":[],"ExcludeManagementEventSources":[]},)"
        R"({"ReadWriteType":"WriteOnly","IncludeManagementEvents":true,"DataResources":[{"Type":"AWS::S3::Object","Values":[]}],"ExcludeManagementEventSources":[]}])");
    EXPECT_EQ(*read_basic_selectors(to_json(*read)), *read);
    EXPECT_TRUE(read_basic_selectors(Json())->empty());
}

TEST(BasicSelectors, Rules) {
    const struct {
        const char* text;
        const char* fault;
    } cases[] = {
        {"[]", "A trail has 1 to 5 event selectors, not 0."},
        {"[{},{},{},{},{}]", ""},
        {"[{},{},{},{},{},{}]", "A trail has 1 to 5 event selectors, not 6."},
        {"7", "Selectors must be a list."},
        {"[7]", "A selector must be an object."},
        {R"([{"ReadWriteType":"ReadOnly"}])", ""},
        {R"([{"ReadWriteType":"readonly"}])", "ReadWriteType must be All, ReadOnly or WriteOnly."},
        {R"([{"IncludeManagementEvents":"true"}])", "IncludeManagementEvents must be true or false."},
        {R"([{"ExcludeManagementEventSources":["kms.amazonaws.com","rdsdata.amazonaws.com"]}])", ""},
        {R"([{"ExcludeManagementEventSources":["s3.amazonaws.com"]}])",
         "Value s3.amazonaws.com for ExcludeManagementEventSources is invalid."},
        {R"([{"IncludeManagementEvents":false,"ExcludeManagementEventSources":["kms.amazonaws.com"]}])",
         "ExcludeManagementEventSources can be used only if IncludeManagementEvents is true."},
        {R"([{"IncludeManagementEvents":false,"ExcludeManagementEventSources":[]}])", ""},
        {R"([{"DataResources":[{"Values":["arn:aws:s3"]}]}])", "Type  for DataResources is invalid."},
        {R"([{"DataResources":[{"Type":"AWS::SNS::Topic","Values":[]}]}])",
         "Type AWS::SNS::Topic for DataResources is invalid."},
        {R"([{"DataResources":[{"Type":"AWS::S3::Object","Values":"arn:aws:s3"}]}])",
         "DataResources.Values must be a list of strings."},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(basic_fault(row.text), row.fault);
    }
}

TEST(BasicSelectors, DataValues) {
    const struct {
        const char* type;
        const char* value;
        bool valid;
    } cases[] = {
        {"AWS::S3::Object", "arn:aws:s3", true},
        {"AWS::S3::Object", "arn:aws:s3:::", true},
        {"AWS::S3::Object", "arn:aws-cn:s3", true},
        {"AWS::S3::Object", "arn:aws:s3:::b/", true},
        {"AWS::S3::Object", "arn:aws-us-gov:s3:::b/x/y*", true},
        {"AWS::S3::Object", "arn:aws:s3:::*", false},
        {"AWS::S3::Object", "arn:aws:s3:::b", false},
        {"AWS::S3::Object", "arn:aws:s3:::b*/x", false},
        {"AWS::S3::Object", "arn:aws:s3:::/x", false},
        {"AWS::S3::Object", "arn:aws:lambda", false},
        {"AWS::S3::Object", "arn:aws:s3:us-east-1::b/", false},
        {"AWS::S3::Object", "", false},
        {"AWS::S3::Object", "b/", false},
        {"AWS::S3::Object", "arn:azure:s3", false},
        {"AWS::Lambda::Function", "arn:aws:lambda", true},
        {"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:111122223333:function:f", true},
        {"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:111122223333:function:f:live", true},
        {"AWS::Lambda::Function", "arn:aws:lambda:*", false},
        {"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:111122223333:function:*", false},
        {"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:11:function:f", false},
        {"AWS::Lambda::Function", "arn:aws:lambda:us-east-1:111122223333:f", false},
        {"AWS::Lambda::Function", "arn:aws:s3", false},
        {"AWS::DynamoDB::Table", "arn:aws:dynamodb", true},
        {"AWS::DynamoDB::Table", "arn:aws:dynamodb:eu-west-1:111122223333:table/t", true},
        {"AWS::DynamoDB::Table", "arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/x", false},
        {"AWS::DynamoDB::Table", "arn:aws:dynamodb:::table/t", false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.value);
        const auto text = to_text(JsonArray{JsonObject{
            {"DataResources", JsonArray{JsonObject{{"Type", row.type}, {"Values", JsonArray{row.value}}}}}}});
        EXPECT_EQ(basic_fault(text),
                  row.valid ? "" : "Value " + std::string(row.value) + " for DataResources.Values is invalid.");
    }
}

TEST(BasicSelectors, DataValuesAreCountedOverAllSelectorsWithoutWholeServices) {
    const std::string text =
        R"([{"DataResources":[{"Type":"AWS::S3::Object","Values":[@]}]},{"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3","arn:aws:s3:::b/"]}]}])";
    EXPECT_EQ(basic_fault(replaced(text, '@', repeated(249, "\"arn:aws:s3:::b/\""))), "");
    EXPECT_EQ(basic_fault(replaced(text, '@', repeated(250, "\"arn:aws:s3:::b/\""))),
              "The event selectors name 251 data resources, more than 250.");
}

TEST(AdvancedSelectors, WhatIsAbsentStaysAbsent) {
    const std::string text =
        R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]},)"
        R"({"Name":"","FieldSelectors":[{"Field":"eventName","Equals":["b","a"],"StartsWith":["x"],"EndsWith":["y"],"NotEquals":["z"],"NotStartsWith":["q"],"NotEndsWith":["r"]}]}])";
    const auto read = read_advanced_selectors(*parse_json(text));
    ASSERT_TRUE(read);
    EXPECT_EQ(to_text(to_json(*read)), text);
}

TEST(AdvancedSelectors, Rules) {
    const std::string category = R"({"Field":"eventCategory","Equals":["@"]})";
    const std::string data = R"({"Field":"resources.type","Equals":["AWS::S3::Object"]})";
    const std::string source = R"({"Field":"eventSource","Equals":["s3.amazonaws.com"]})";
    const struct {
        const char* category;
        std::string fields;
        const char* fault;
    } cases[] = {
        {"Management", "", ""},
        {"Management", R"({"Field":"readOnly","Equals":["true"]})", ""},
        {"Management", R"({"Field":"readOnly","Equals":["True"]})", "Value True for field readOnly is invalid."},
        {"Management", R"({"Field":"readOnly","Equals":["true","false"]})", "Field readOnly can have only one value."},
        {"Management", R"({"Field":"readOnly","NotEquals":["true"]})",
         "An operator is not supported for field readOnly of Management events."},
        {"Management", R"({"Field":"readOnly","Equals":[]})", "Equals of field readOnly has no value."},
        {"Management", R"({"Field":"readOnly"})", "Field readOnly has no condition."},
        {"Management", R"({"Field":"readOnly","Equals":[""]})",
         "Values for field readOnly must have 1 to 2048 characters."},
        {"Management", R"({"Field":"eventSource","NotEquals":["kms.amazonaws.com","rdsdata.amazonaws.com"]})", ""},
        {"Management", R"({"Field":"eventSource","NotEquals":["s3.amazonaws.com"]})",
         "Value s3.amazonaws.com for field eventSource is invalid."},
        {"Management", R"({"Field":"eventSource","Equals":["kms.amazonaws.com"]})",
         "An operator is not supported for field eventSource of Management events."},
        {"Management", R"({"Field":"eventName","Equals":["a"]})",
         "Field eventName is not supported for Management events."},
        {"Management", R"({"Field":"eventname","Equals":["a"]})", "Field eventname is invalid."},
        {"Management", R"({"Field":"userIdentity.arn","Equals":["a"]})",
         "Field userIdentity.arn is not supported for Management events."},
        {"Management", R"({"Field":"readOnly","Equals":["true"]},{"Field":"readOnly","Equals":["true"]})",
         "Field readOnly is there twice in one selector."},
        {"Insight", "", "Value Insight for field eventCategory is invalid."},
        {"management", "", "Value management for field eventCategory is invalid."},
        {"Data", "", "Field resources.type is required for Data events."},
        {"Data", data, ""},
        {"Data", R"({"Field":"resources.type","Equals":["AWS::New::Thing"]})", ""},
        {"Data", R"({"Field":"resources.type","Equals":["S3::Object"]})",
         "Value S3::Object for field resources.type is invalid."},
        {"Data", R"({"Field":"resources.type","Equals":["AWS::S3"]})",
         "Value AWS::S3 for field resources.type is invalid."},
        {"Data", R"({"Field":"resources.type","Equals":["AWS::S3::Object","AWS::SNS::Topic"]})",
         "Field resources.type can have only one value."},
        {"Data",
         data +
             R"(,{"Field":"resources.ARN","Equals":["arn:aws:s3:::b/k"],"StartsWith":["arn:aws:s3:::b/"],"NotEndsWith":[".tmp"]})",
         ""},
        {"Data", data + R"(,{"Field":"resources.ARN","NotEquals":["b/k"]})",
         "Value b/k for field resources.ARN is invalid."},
        {"Data",
         data +
             R"(,{"Field":"eventSource","EndsWith":["x"]},{"Field":"eventName","NotStartsWith":["Get"]},{"Field":"eventType","Equals":["AwsApiCall"]},{"Field":"userIdentity.arn","NotEquals":["a"]},{"Field":"readOnly","Equals":["false"]})",
         ""},
        {"Data", data + R"(,{"Field":"sessionCredentialFromConsole","NotEquals":["true"]})", ""},
        {"Data", data + R"(,{"Field":"sessionCredentialFromConsole","Equals":["false"]})",
         "Value false for field sessionCredentialFromConsole is invalid."},
        {"Data", data + R"(,{"Field":"sessionCredentialFromConsole","StartsWith":["true"]})",
         "An operator is not supported for field sessionCredentialFromConsole of Data events."},
        {"Data", data + R"(,{"Field":"errorCode","Equals":["VpceAccessDenied"]})",
         "Field errorCode is not supported for Data events."},
        {"NetworkActivity", "", "Field eventSource is required for NetworkActivity events."},
        {"NetworkActivity", source, ""},
        {"NetworkActivity", R"({"Field":"eventSource","Equals":["s3.amazonaws.com","kms.amazonaws.com"]})",
         "Field eventSource can have only one value."},
        {"NetworkActivity", R"({"Field":"eventSource","Equals":["nosuch.amazonaws.com"]})",
         "Value nosuch.amazonaws.com for field eventSource is invalid."},
        {"NetworkActivity", R"({"Field":"eventSource","Equals":["s3"]})", "Value s3 for field eventSource is invalid."},
        {"NetworkActivity",
         source +
             R"(,{"Field":"errorCode","Equals":["VpceAccessDenied"]},{"Field":"vpcEndpointId","StartsWith":["vpce-"]},{"Field":"eventName","Equals":["x"]},{"Field":"userIdentity.arn","EndsWith":["x"]})",
         ""},
        {"NetworkActivity", source + R"(,{"Field":"errorCode","Equals":["AccessDenied"]})",
         "Value AccessDenied for field errorCode is invalid."},
        {"NetworkActivity", source + R"(,{"Field":"readOnly","Equals":["true"]})",
         "Field readOnly is not supported for NetworkActivity events."},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.fields);
        const auto fields = replaced(category, '@', row.category) + (row.fields.empty() ? "" : ",") + row.fields;
        EXPECT_EQ(advanced_fault(R"([{"Name":"n","FieldSelectors":[)" + fields + "]}]"), row.fault);
    }
}

TEST(AdvancedSelectors, EventCategoryIsAlwaysThere) {
    EXPECT_EQ(advanced_fault("[]"), "A trail has at least one advanced event selector.");
    EXPECT_EQ(advanced_fault("[{}]"), "Every advanced event selector must have a field eventCategory.");
    EXPECT_EQ(advanced_fault(R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data","Management"]}]}])"),
              "Field eventCategory must have one value of Equals.");
    EXPECT_EQ(advanced_fault(R"([{"FieldSelectors":[{"Field":"eventCategory","NotEquals":["Data"]}]}])"),
              "Field eventCategory must have one value of Equals.");
}

TEST(AdvancedSelectors, Limits) {
    const std::string many =
        R"([{"FieldSelectors":[{"Field":"eventCategory","Equals":["Data"]},{"Field":"resources.type","Equals":["AWS::S3::Object"]},{"Field":"eventName","Equals":[@]}]}])";
    EXPECT_EQ(advanced_fault(replaced(many, '@', repeated(498, "\"a\""))), "");
    EXPECT_EQ(advanced_fault(replaced(many, '@', repeated(499, "\"a\""))),
              "The advanced event selectors have 501 values, more than 500.");
    const std::string one = R"({"FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]})";
    EXPECT_EQ(advanced_fault("[" + repeated(500, one.c_str()) + "]"), "") << "only values are limited";
    EXPECT_EQ(advanced_fault(replaced(many, '@', "\"" + std::string(2048, 'x') + "\"")), "");
    EXPECT_NE(advanced_fault(replaced(many, '@', "\"" + std::string(2049, 'x') + "\"")), "");
    EXPECT_EQ(advanced_fault(replaced(many, '@', "\"" + repeated(1024, "\u00e9") + "\"")), "")
        << "characters, not bytes";
    const std::string named = R"([{"Name":"@","FieldSelectors":[{"Field":"eventCategory","Equals":["Management"]}]}])";
    EXPECT_EQ(advanced_fault(replaced(named, '@', std::string(1000, 'n'))), "");
    EXPECT_EQ(advanced_fault(replaced(named, '@', std::string(1001, 'n'))),
              "The name of a selector can have at most 1000 characters.");
}

TEST(InsightSelectors, Rules) {
    const struct {
        const char* text;
        const char* fault;
    } cases[] = {
        {"[]", ""},
        {R"([{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiErrorRateInsight","EventCategories":["Data","Management"]}])",
         ""},
        {R"([{"InsightType":"Other"}])", "InsightType Other is invalid."},
        {"[{}]", "InsightType  is invalid."},
        {R"([{"InsightType":"ApiCallRateInsight"},{"InsightType":"ApiCallRateInsight","EventCategories":["Data"]}])",
         "InsightType ApiCallRateInsight is there twice."},
        {R"([{"InsightType":"ApiCallRateInsight","EventCategories":[]}])", "EventCategories has no value."},
        {R"([{"InsightType":"ApiCallRateInsight","EventCategories":["NetworkActivity"]}])",
         "Value NetworkActivity for EventCategories is invalid."},
        {R"([{"InsightType":"ApiCallRateInsight","EventCategories":"Data"}])",
         "EventCategories must be a list of strings."},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(insight_fault(row.text), row.fault);
    }
    const std::string text =
        R"([{"InsightType":"ApiErrorRateInsight","EventCategories":["Data"]},{"InsightType":"ApiCallRateInsight"}])";
    EXPECT_EQ(to_text(to_json(*read_insight_selectors(*parse_json(text)))), text);
}

TEST(InsightSelectors, NeedTheEventsTheyAreComputedFrom) {
    const auto basic = [](const char* text) { return EventSelectors{*read_basic_selectors(*parse_json(text)), {}}; };
    const auto advanced = [](std::string category, std::string read_only) {
        AdvancedSelector selector{{}, {FieldSelector{"eventCategory", {category}, {}, {}, {}, {}, {}}}};
        if (!read_only.empty()) selector.fields.push_back(FieldSelector{"readOnly", {read_only}, {}, {}, {}, {}, {}});
        return EventSelectors{{}, {selector}};
    };
    const struct {
        EventSelectors selectors;
        bool call_rate, error_rate, data;
    } cases[] = {
        {{}, true, true, false},
        {basic(R"([{"ReadWriteType":"ReadOnly"}])"), false, true, false},
        {basic(R"([{"ReadWriteType":"ReadOnly"},{"ReadWriteType":"WriteOnly"}])"), true, true, false},
        {basic(
             R"([{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object","Values":["arn:aws:s3"]}]}])"),
         false, false, true},
        {basic(R"([{"IncludeManagementEvents":false,"DataResources":[{"Type":"AWS::S3::Object"}]}])"), false, false,
         false},
        {advanced("Management", ""), true, true, false},
        {advanced("Management", "true"), false, true, false},
        {advanced("Management", "false"), true, true, false},
        {advanced("Data", ""), false, false, true},
        {advanced("NetworkActivity", ""), false, false, false},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(to_text(to_json(row.selectors.basic)) + to_text(to_json(row.selectors.advanced)));
        EXPECT_EQ(check_insight_source({{"ApiCallRateInsight", {}}}, row.selectors).has_value(), row.call_rate);
        EXPECT_EQ(check_insight_source({{"ApiErrorRateInsight", {}}}, row.selectors).has_value(), row.error_rate);
        EXPECT_EQ(check_insight_source({{"ApiCallRateInsight", {{"Data"}}}}, row.selectors).has_value(), row.data);
        EXPECT_EQ(check_insight_source({{"ApiErrorRateInsight", {{"Management", "Data"}}}}, row.selectors).has_value(),
                  row.error_rate && row.data);
        EXPECT_TRUE(check_insight_source({}, row.selectors));
    }
}
