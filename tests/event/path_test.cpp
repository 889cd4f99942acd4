#include <gtest/gtest.h>
#include <array>

#include "base/hash.h"
#include "event/canonical.h"
#include "event/record.h"

using namespace cairn;
using Kind = PathValue::Kind;

namespace {

PathValue at(std::string_view record, std::vector<std::string> path) { return value_at(record, path); }

}  // namespace

TEST(ValueAt, FindsWhatIsThere) {
    const std::string_view record =
        R"( { "a" : { "b" : [ 1.50 , "x\u0041\n" , { "k" : "v" , "n" : null } , [ true ] ] , "" : 0 } , "big":123456789012345678901, "a":2, "\u0065":false } )";
    const struct {
        std::vector<std::string> path;
        Kind kind;
        const char* text;
    } cases[] = {
        {{"a", "b", "0"}, Kind::number, "1.50"},
        {{"a", "b", "1"}, Kind::string, "xA\n"},
        {{"a", "b", "2", "k"}, Kind::string, "v"},
        {{"a", "b", "k"}, Kind::string, "v"},
        {{"a", "b", "2", "n"}, Kind::null, "null"},
        {{"a", "b", "3", "0"}, Kind::boolean, "true"},
        {{"a", "b", "4"}, Kind::absent, ""},
        {{"a", ""}, Kind::number, "0"},
        {{"a", "b", "3"}, Kind::array, "[ true ]"},
        {{"a", "x"}, Kind::absent, ""},
        {{"big"}, Kind::number, "123456789012345678901"},
        {{"e"}, Kind::boolean, "false"},
        {{"big", "x"}, Kind::absent, ""},
        {{"a", "b", "-1"}, Kind::absent, ""},
        {{"a", "b", "99999999999999999999"}, Kind::absent, ""},
    };
    for (const auto& row : cases) {
        std::string name;
        for (const auto& step : row.path) name += "." + step;
        const auto value = at(record, row.path);
        EXPECT_EQ(value.kind, row.kind) << name;
        EXPECT_EQ(value.text, row.text) << name;
    }
    EXPECT_EQ(at(record, {}).kind, Kind::object);
}

TEST(ValueAt, TakesTheFirstElementThatHasIt) {
    EXPECT_EQ(at(R"({"s":[{"x":1},{"k":"one"},{"k":"two"}]})", {"s", "k"}).text, "one");
    EXPECT_EQ(at(R"({"s":[[{"k":"deep"}]]})", {"s", "k"}).text, "deep");
    EXPECT_EQ(at(R"({"s":[]})", {"s", "k"}).kind, Kind::absent);
}

TEST(SameRecord, IgnoresOrderAndSpaceButNotSpelling) {
    const struct {
        const char* one;
        const char* other;
        bool same;
    } cases[] = {
        {"{}", " { } ", true},
        {R"({"a":1,"b":[2,3]})", R"({ "b" : [ 2 , 3 ] , "a" : 1 })", true},
        {R"({"a":1})", R"({"a":1.0})", false},
        {R"({"a":1e1})", R"({"a":1E1})", false},
        {R"({"a":[1,2]})", R"({"a":[2,1]})", false},
        {R"({"a":"\u0041"})", R"({"a":"A"})", true},
        {R"({"a":"\/"})", R"({"a":"/"})", true},
        {R"({"\u0061":1})", R"({"a":1})", true},
        {R"({"a":"\ud83d\ude00"})", "{\"a\":\"\xf0\x9f\x98\x80\"}", true},
        {R"({"a":"\ud800"})", R"({"a":"\ufffd"})", false},
        {R"({"a":"\ud800"})", R"({"a":"\uD800"})", true},
        {R"({"a":"\ud800"})", R"({"a":"\ud801"})", false},
        {R"({"a":1,"a":2})", R"({"a":2,"a":1})", false},
        {R"({"a":1,"b":0,"a":2})", R"({"b":0,"a":1,"a":2})", true},
        {R"({"a":null})", R"({})", false},
        {R"({"a":"1"})", R"({"a":1})", false},
        {R"({"a":{"x":1,"y":2}})", R"({"a":{"y":2,"x":1}})", true},
        {R"({"a":"\n"})", R"({"a":"\u000a"})", true},
        {R"({"a":123456789012345678901})", R"({"a":123456789012345678902})", false},
        {R"({"a":[]})", R"({"a":{}})", false},
    };
    for (const auto& row : cases) {
        EXPECT_EQ(same_record(row.one, row.other), row.same) << row.one << " " << row.other;
        EXPECT_EQ(same_record(row.other, row.one), row.same) << row.one << " " << row.other;
    }
}

TEST(IdentityHash, TellsAccountAndIdApart) {
    const HashKey key(std::string(32, 'k')), other(std::string(32, 'l'));
    EXPECT_EQ(identity_hash(key, "1", "e"), identity_hash(key, "1", "e"));
    EXPECT_NE(identity_hash(key, "1", "e"), identity_hash(key, "1e", ""));
    EXPECT_NE(identity_hash(key, "1", "e"), identity_hash(key, "", "1e"));
    EXPECT_NE(identity_hash(key, "1", "e"), identity_hash(other, "1", "e"));
    const std::string longer(300, 'x');
    EXPECT_EQ(identity_hash(key, "1", longer), identity_hash(key, "1", longer));
    EXPECT_NE(identity_hash(key, "1", longer), identity_hash(key, "1x", longer.substr(1)));
}

TEST(Category, NamesAndClasses) {
    EXPECT_EQ(category_name(Category::activity), "ActivityAuditLog");
    EXPECT_EQ(retention_class(Category::network_activity), RetentionClass::data);
    EXPECT_EQ(retention_class(Category::aggregated), RetentionClass::data);
    EXPECT_EQ(retention_class(Category::other), RetentionClass::audit);
    EXPECT_EQ(retention_class(Category::insight), RetentionClass::insight);
    EXPECT_EQ(retention_class_name(RetentionClass::management), "management");
}

TEST(EachValueAt, ShowsAllUntilToldToStop) {
    const std::string_view record =
        R"({"s":[{"k":"a"},{"x":0},{"k":["b","c"]}],"o":{"p":{"k":1},"q":{"k":2}},"s":[{"k":"second"}]})";
    const auto all = [&](std::vector<std::string> path, std::size_t limit = 100) {
        std::string found;
        each_value_at(record, path, [&](const PathValue& value) {
            found += value.text + ";";
            return --limit > 0;
        });
        return found;
    };
    EXPECT_EQ(all({"s", "k"}), R"(a;["b","c"];)");
    EXPECT_EQ(all({"s", "*", "k"}), R"(a;["b","c"];)");
    EXPECT_EQ(all({"s", "k", "*"}), "b;c;");
    EXPECT_EQ(all({"s", "2", "k", "1"}), "c;");
    EXPECT_EQ(all({"o", "*", "k"}), "1;2;");
    EXPECT_EQ(all({"o", "*", "k"}, 1), "1;");
    EXPECT_EQ(all({"s", "k"}, 1), "a;");
    EXPECT_EQ(all({"none"}), "");
}

TEST(FindMembers, FindsSeveralInOnePass) {
    const std::string_view record =
        R"( {"a":{"b":"}"},"c" : [1,{"a":2}],"d":null,"\u0065":"say \"e\"","a":3,"f":-1.50} )";
    const std::array<std::string_view, 5> names = {"f", "a", "e", "absent", "d"};
    std::array<std::string_view, 5> values;
    find_members(record, names, values);
    EXPECT_EQ(values, (std::array<std::string_view, 5>{"-1.50", R"({"b":"}"})", R"("say \"e\"")", "", "null"}));
    find_members("{}", names, values);
    EXPECT_EQ(values, (std::array<std::string_view, 5>{}));
}

TEST(FindMembers, StringsEndAtTheirQuoteWhereverItStands) {
    const std::array<std::string_view, 1> names = {"wanted"};
    std::array<std::string_view, 1> values;
    for (std::size_t length = 0; length < 70; ++length)
        for (std::size_t escape = 0; escape <= length; ++escape) {
            std::string inside(length, 'x');
            inside.insert(escape, R"(\"\\)");
            const auto value = '"' + inside + '"';
            const auto record = R"({"first":)" + value + R"(,"wanted":)" + value + "}";
            find_members(record, names, values);
            ASSERT_EQ(values[0], value) << record;
        }
}
