#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "event/record_corpus.h"
#include "event/record_support.h"
#include "match/selector_match.h"
#include "match/selector_rules.h"

using namespace cairn;
using namespace cairn::match;

namespace {

/// The spec read line by line over parsed JSON, without a thought of speed and without the code under test.
class Oracle {
public:
    Oracle(const Json& record, Category category) : record_(record), category_(category) {}

    bool basic(const Json& selectors) const {
        for (const auto& selector : selectors.as_array())
            if (basic_one(selector)) return true;
        return false;
    }

    bool advanced(const Json& selectors) const {
        for (const auto& selector : selectors.as_array())
            if (advanced_one(selector)) return true;
        return false;
    }

private:
    static bool lists(const Json* list, const std::string& value) {
        if (!list) return false;
        for (const auto& item : list->as_array())
            if (item.as_string() == value) return true;
        return false;
    }

    /// "true", "false" or empty. Some producers write "True".
    std::string boolean(const char* name) const {
        const auto* member = record_.find(name);
        if (!member) return "";
        const auto& text = member->as_string();
        if (member->as_bool() || text == "true" || text == "True") return "true";
        return member->is_bool() || text == "false" || text == "False" ? "false" : "";
    }

    std::vector<std::string> arns(const std::string& type) const {
        std::vector<std::string> found;
        const auto* list = record_.find("resources");
        if (!list) return found;
        for (const auto& resource : list->as_array()) {
            if (resource.text("type") != type) continue;
            for (const char* name : {"ARN", "arn", "ARNPrefix"})
                if (const auto* arn = resource.find(name)) {
                    found.push_back(arn->as_string());
                    break;
                }
        }
        return found;
    }

    bool basic_one(const Json& selector) const {
        const std::string wanted(selector.text("ReadWriteType"));
        const bool is_read = boolean("readOnly") == "true";
        if (wanted == "ReadOnly" && !is_read) return false;
        if (wanted == "WriteOnly" && is_read) return false;
        if (category_ == Category::management) {
            const auto* include = selector.find("IncludeManagementEvents");
            if (include && !include->as_bool()) return false;
            return !lists(selector.find("ExcludeManagementEventSources"), std::string(record_.text("eventSource")));
        }
        const auto* resources = selector.find("DataResources");
        if (category_ != Category::data || !resources) return false;
        for (const auto& resource : resources->as_array())
            if (const auto* values = resource.find("Values"))
                for (const auto& value : values->as_array())
                    for (const auto& arn : arns(std::string(resource.text("Type"))))
                        if (data_value(value.as_string(), arn)) return true;
        return false;
    }

    static bool data_value(const std::string& value, const std::string& arn) {
        const auto colons = std::ranges::count(value, ':');
        if (colons == 2) return arn.rfind(value + ":", 0) == 0;  // "arn:aws:lambda"
        const bool s3 = value.find(":s3:") != std::string::npos;
        return s3 ? arn.rfind(value, 0) == 0 : arn == value;
    }

    std::string value(const std::string& field) const {
        if (field == "readOnly" || field == "sessionCredentialFromConsole") return boolean(field.c_str());
        if (field == "userIdentity.arn") {
            const auto* identity = record_.find("userIdentity");
            return identity ? std::string(identity->text("arn")) : "";
        }
        return std::string(record_.text(field));
    }

    static bool hit(const Json& condition, const char* operation, const std::string& value) {
        const auto* list = condition.find(operation);
        if (!list) return false;
        const std::string name = operation;
        for (const auto& item : list->as_array()) {
            const auto& text = item.as_string();
            if (text.size() > value.size()) continue;
            if (name.find("Equals") != std::string::npos && text == value) return true;
            if (name.find("Starts") != std::string::npos && value.substr(0, text.size()) == text) return true;
            if (name.find("Ends") != std::string::npos && value.substr(value.size() - text.size()) == text) return true;
        }
        return false;
    }
    static bool selects(const Json& condition, const std::string& value) {
        bool any = false, hits = false;
        for (const char* operation : {"Equals", "StartsWith", "EndsWith"}) {
            any |= condition.find(operation) != nullptr;
            hits |= hit(condition, operation, value);
        }
        return hits || !any;
    }
    static bool deselects(const Json& condition, const std::string& value) {
        return hit(condition, "NotEquals", value) || hit(condition, "NotStartsWith", value) ||
               hit(condition, "NotEndsWith", value);
    }

    bool advanced_one(const Json& selector) const {
        std::string type;
        for (const auto& condition : selector.find("FieldSelectors")->as_array())
            if (condition.text("Field") == "resources.type") type = condition.find("Equals")->as_array()[0].as_string();
        for (const auto& condition : selector.find("FieldSelectors")->as_array()) {
            const std::string field(condition.text("Field"));
            if (field == "eventCategory") {
                const auto& name = condition.find("Equals")->as_array()[0].as_string();
                if (name != category_name(category_)) return false;
            } else if (field == "resources.type") {
                if (arns(type).empty()) return false;
            } else if (field == "resources.ARN") {
                bool selected = false;
                for (const auto& arn : arns(type)) {
                    selected |= selects(condition, arn);
                    if (deselects(condition, arn)) return false;
                }
                if (!selected) return false;
            } else if (!selects(condition, value(field)) || deselects(condition, value(field))) {
                return false;
            }
        }
        return true;
    }

    const Json& record_;
    Category category_;
};

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    Json basic() {
        JsonArray list;
        for (auto left = 1 + below(2); left > 0; --left) {
            Json selector = JsonObject{};
            if (below(2)) selector.set("ReadWriteType", one_of({"All", "ReadOnly", "WriteOnly"}));
            const bool management = below(3) > 0;
            if (!management || below(2)) selector.set("IncludeManagementEvents", management);
            if (management && below(2))
                selector.set("ExcludeManagementEventSources",
                             JsonArray{one_of({"kms.amazonaws.com", "rdsdata.amazonaws.com"})});
            if (below(3)) {
                const bool s3 = below(2) == 0;
                JsonArray values;
                for (auto more = below(3); more > 0; --more)
                    values.push_back(s3 ? one_of({"arn:aws:s3", "arn:aws:s3:::", "arn:aws:s3:::a/", "arn:aws:s3:::b/k",
                                                  "arn:aws:s3:::a/k1", "arn:aws-cn:s3"})
                                        : one_of({"arn:aws:lambda", "arn:aws:lambda:us-east-1:111122223333:function:f",
                                                  "arn:aws:lambda:us-east-1:111122223333:function:g"}));
                selector.set("DataResources",
                             JsonArray{JsonObject{{"Type", s3 ? "AWS::S3::Object" : "AWS::Lambda::Function"},
                                                  {"Values", values}}});
            }
            list.push_back(std::move(selector));
        }
        return list;
    }

    /// Values of conditions are whole values, beginnings and ends of what `records` have.
    Json advanced(const std::vector<Json>& records) {
        JsonArray list;
        for (auto left = 1 + below(2); left > 0; --left) {
            const auto category = one_of({"Management", "Data", "Data", "NetworkActivity"});
            JsonArray fields{equal("eventCategory", category)};
            if (category == "Management") {
                if (below(2)) fields.push_back(equal("readOnly", one_of({"true", "false"})));
                if (below(2))
                    fields.push_back(
                        JsonObject{{"Field", "eventSource"}, {"NotEquals", JsonArray{"kms.amazonaws.com"}}});
            } else if (category == "Data") {
                fields.push_back(
                    equal("resources.type", one_of({"AWS::S3::Object", "AWS::Lambda::Function", "AWS::S3::Bucket"})));
                if (below(3) == 0) fields.push_back(equal("readOnly", one_of({"true", "false"})));
                if (below(3) == 0)
                    fields.push_back(JsonObject{{"Field", "sessionCredentialFromConsole"},
                                                {below(2) ? "Equals" : "NotEquals", JsonArray{"true"}}});
                for (const char* field : {"eventSource", "eventName", "eventType", "userIdentity.arn", "resources.ARN"})
                    if (below(4) == 0) fields.push_back(condition(field, records));
            } else {
                fields.push_back(equal("eventSource", one_of({"s3.amazonaws.com", "kms.amazonaws.com"})));
                if (below(3) == 0) fields.push_back(equal("errorCode", "VpceAccessDenied"));
                for (const char* field : {"eventName", "vpcEndpointId", "userIdentity.arn"})
                    if (below(4) == 0) fields.push_back(condition(field, records));
            }
            list.push_back(JsonObject{{"FieldSelectors", std::move(fields)}});
        }
        return list;
    }

    std::string record() {
        Json record =
            JsonObject{{"eventTime", "2026-01-02T03:04:05Z"},
                       {"eventSource", one_of({"s3", "lambda", "kms", "ec2"}) + ".amazonaws.com"},
                       {"eventName", one_of({"GetObject", "PutObject", "Get", "Object", "Invoke"})},
                       {"eventCategory",
                        one_of({"Management", "Data", "Data", "NetworkActivity", "Insight", "ConfigurationItem"})}};
        if (below(4)) record.set("readOnly", below(2) == 0);
        if (below(2)) record.set("eventType", one_of({"AwsApiCall", "AwsServiceEvent"}));
        if (below(2)) record.set("errorCode", one_of({"VpceAccessDenied", "AccessDenied"}));
        if (below(2)) record.set("vpcEndpointId", one_of({"vpce-1", "vpce-12"}));
        if (below(3) == 0) record.set("sessionCredentialFromConsole", below(2) ? Json("true") : Json(below(2) == 0));
        if (below(3))
            record.set("userIdentity", JsonObject{{"arn", one_of({"arn:aws:iam::111122223333:user/ana",
                                                                  "arn:aws:iam::111122223333:user/bo"})}});
        JsonArray resources;
        for (auto left = below(4); left > 0; --left) {
            if (below(4) == 0)
                resources.push_back(JsonObject{{"type", "AWS::Lambda::Function"},
                                               {"ARN", one_of({"arn:aws:lambda:us-east-1:111122223333:function:f",
                                                               "arn:aws:lambda:us-east-1:111122223333:function:f2"})}});
            else
                resources.push_back(JsonObject{
                    {"type", one_of({"AWS::S3::Object", "AWS::S3::Object", "AWS::S3::Bucket"})},
                    {one_of({"ARN", "ARNPrefix"}), one_of({"arn:aws:s3:::a/k", "arn:aws:s3:::a/k12", "arn:aws:s3:::b/k",
                                                           "arn:aws:s3:::b", "arn:aws:s3:::a/"})}});
        }
        record.set("resources", std::move(resources));
        return to_text(record);
    }

private:
    std::size_t below(std::size_t limit) { return random_() % limit; }
    std::string one_of(std::initializer_list<const char*> list) { return *(list.begin() + below(list.size())); }
    static Json equal(std::string field, std::string value) {
        return JsonObject{{"Field", std::move(field)}, {"Equals", JsonArray{std::move(value)}}};
    }

    std::string value_in(const std::string& field, const Json& record) {
        if (field == "userIdentity.arn")
            return record.find("userIdentity") ? std::string(record.find("userIdentity")->text("arn")) : "";
        if (field != "resources.ARN") return std::string(record.text(field));
        const auto* list = record.find("resources");
        if (!list || list->as_array().empty()) return "";
        return std::string(list->as_array()[below(list->as_array().size())].text("ARN"));
    }

    Json condition(const std::string& field, const std::vector<Json>& records) {
        Json made = JsonObject{{"Field", field}};
        for (auto left = 1 + below(2); left > 0; --left) {
            const auto operation =
                one_of({"Equals", "StartsWith", "EndsWith", "NotEquals", "NotStartsWith", "NotEndsWith"});
            JsonArray values;
            for (auto more = 1 + below(3); more > 0; --more) {
                auto value = value_in(field, records[below(records.size())]);
                if (value.empty()) value = field == "resources.ARN" ? "arn:aws:s3:::a/k" : "x";
                const auto keep = 1 + below(value.size());
                if (operation.find("Starts") != std::string::npos) value.resize(keep);
                if (operation.find("Ends") != std::string::npos) value = value.substr(value.size() - keep);
                values.push_back(std::move(value));
            }
            made.set(operation, std::move(values));
        }
        return made;
    }

    std::mt19937 random_;
};

struct Hits {
    std::size_t basic = 0, advanced = 0;
};

/// Compares the code with the oracle for `rounds` pairs of selectors over all records. Records of the oracle are kept
/// to texts it can read: valid JSON with UTF-8.
Hits compare(const std::vector<std::string>& texts, unsigned seed, int rounds, std::size_t sample) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::vector<Json> records;
    for (const auto& text : texts) records.push_back(*parse_json(text));
    Generator generator(seed);
    std::mt19937 random(seed);
    Parse parse;
    Hits hits;
    for (int round = 0; round < rounds; ++round) {
        const auto basic = generator.basic(), advanced = generator.advanced(records);
        const auto read_basic = read_basic_selectors(basic);
        const auto read_advanced = read_advanced_selectors(advanced);
        EXPECT_TRUE(read_basic && validate(*read_basic)) << to_text(basic);
        EXPECT_TRUE(read_advanced && validate(*read_advanced)) << to_text(advanced);
        const CompiledSelectors compiled_basic({*read_basic, {}}), compiled_advanced({{}, *read_advanced});
        for (std::size_t i = 0; i < sample; ++i) {
            const auto number = random() % texts.size();
            const auto& event = parse.view(texts[number]);
            const Oracle oracle(records[number], event.category);
            const bool by_basic = oracle.basic(basic), by_advanced = oracle.advanced(advanced);
            hits.basic += by_basic;
            hits.advanced += by_advanced;
            EXPECT_EQ(compiled_basic.selects(event), by_basic) << to_text(basic) << texts[number];
            EXPECT_EQ(compiled_advanced.selects(event), by_advanced) << to_text(advanced) << texts[number];
        }
    }
    return hits;
}

}  // namespace

TEST(SelectorOracle, AgreesOnGeneratedRecords) {
    for (unsigned seed = 1; seed <= 5; ++seed) {
        Generator generator(1000 + seed);
        std::vector<std::string> texts;
        for (int i = 0; i < 300; ++i) texts.push_back(generator.record());
        const auto hits = compare(texts, seed, 1000, 30);
        EXPECT_GT(hits.basic, 3000u);
        EXPECT_GT(hits.advanced, 1000u);
    }
}

TEST(SelectorOracle, AgreesOnRealRecords) {
    std::vector<std::string> texts;
    for (auto& text : corpus_records())
        if (parse_json(text)) texts.push_back(std::move(text));
    NEED_SHARED(texts);
    EXPECT_GT(compare(texts, 7, 2000, 30).basic, 5000u);
}
