#include "ingest/slice.h"

#include <random>

#include <gtest/gtest.h>

#include "event/record.h"
#include "ingest/json_cut.h"

namespace cairn::ingest {
namespace {

struct Cut {
    Container container;
    std::vector<std::string> texts;  // "!" and the problem where there is no text
    std::vector<std::uint64_t> lines;
};

Cut cut(const std::string& body, std::size_t slices_max = 1 << 20) {
    std::string padded = body + std::string(RecordParser::padding, '}');
    const auto sliced = slice(std::string_view(padded).substr(0, body.size()), slices_max);
    Cut result{sliced.container, {}, {}};
    for (const auto& part : sliced.slices) {
        result.texts.push_back(part.problem.empty() ? std::string(part.text) : "!" + part.problem);
        result.lines.push_back(part.line);
    }
    return result;
}

const std::string one = R"({"eventVersion":"1.08","eventID":"1","a":{"b":["}","\"]"]}})";
const std::string two = R"({ "userIdentity" : {"x":"\\"}, "eventID":"2" })";
const std::string odd = R"({"zzz":[1,2,{}],"eventID":"3"})";

TEST(Slice, EveryContainerYieldsItsRecords) {
    const std::string envelope =
        R"({"version":"0","id":"i","detail-type":"AWS API Call via CloudTrail","source":"aws.ec2","detail":)" + one +
        "}";
    const std::string lookup = R"({"EventId":"1","CloudTrailEvent":"{\"eventID\":\"\\u00e9\",\"n\":\"\u00e9\\n\"}"})";
    const std::string looked_up = R"({"eventID":"\u00e9","n":")"
                                  "\xc3\xa9"
                                  R"(\n"})";
    const struct {
        const char* name;
        std::string body;
        Container container;
        std::vector<std::string> texts;
    } cases[] = {
        {"empty", "", Container::unknown, {}},
        {"white space", " \r\n\n\t ", Container::unknown, {}},
        {"one record", one, Container::ndjson, {one}},
        {"one record over lines",
         "{\n  \"eventVersion\": \"1.08\",\n  \"a\": {}\n}\n",
         Container::ndjson,
         {"{\n  \"eventVersion\": \"1.08\",\n  \"a\": {}\n}"}},
        {"lines", one + "\n" + two + "\n" + odd, Container::ndjson, {one, two, odd}},
        {"lines with CRLF, blank lines and a mark",
         "\xef\xbb\xbf" + one + "\r\n\r\n  \n" + two + " \r\n",
         Container::ndjson,
         {one, two}},
        {"records side by side", odd + odd + " " + odd, Container::ndjson, {odd, odd, odd}},
        {"records over lines",
         "{\n\"eventTime\":{}\n}\n{\"eventTime\":\n1}",
         Container::ndjson,
         {"{\n\"eventTime\":{}\n}", "{\"eventTime\":\n1}"}},
        {"log file",
         R"({"Records":[)" + one + "," + two + " ,\n" + odd + "]}",
         Container::records_object,
         {one, two, odd}},
        {"log file with members around",
         R"({"a":{"Records":[1]},"Records":[)" + one + R"(],"z":[null,true,-1.5e3,"]"]})",
         Container::records_object,
         {one}},
        {"empty log file", R"({"Records":[]})", Container::records_object, {}},
        {"log files as lines",
         R"({"Records":[)" + one +
             "]}\n"
             R"({"Records":[)" +
             two + "]}\n",
         Container::records_object,
         {one, two}},
        {"array", "[" + one + " , " + odd + "]\n", Container::array, {one, odd}},
        {"empty array", " [ ] ", Container::array, {}},
        {"EventBridge", envelope, Container::eventbridge, {one}},
        {"EventBridge lines", envelope + "\n" + envelope + "\n", Container::eventbridge, {one, one}},
        {"EventBridge array", "[" + envelope + "]", Container::array, {one}},
        {"LookupEvents output",
         R"({"Events":[)" + lookup + "," + lookup + R"(],"NextToken":"x"})",
         Container::lookup_output,
         {looked_up, looked_up}},
        {"LookupEvents lines", lookup + "\n" + lookup, Container::lookup_output, {looked_up, looked_up}},
        {"digest",
         R"({"awsAccountId":"1","digestStartTime":"x","digestS3Object":"y","logFiles":[]})",
         Container::digest,
         {}},
        {"empty object", "{}", Container::ndjson, {"{}"}},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name);
        const auto result = cut(row.body);
        EXPECT_EQ(static_cast<int>(result.container), static_cast<int>(row.container));
        EXPECT_EQ(result.texts, row.texts);
    }
}

TEST(Slice, DamageCostsNoRecordBeforeIt) {
    const struct {
        const char* name;
        std::string body;
        std::vector<std::string> texts;
    } cases[] = {
        {"not JSON", "hello\nworld", {"!neither a JSON object nor an array"}},
        {"binary", std::string("\x00\xff\x01", 3), {"!neither a JSON object nor an array"}},
        {"UTF-16", std::string("\xff\xfe{\0}\0", 6), {"!UTF-16 text; only UTF-8 is read"}},
        {"log file cut in a record",
         R"({"Records":[)" + one + "," + two.substr(0, 20),
         {one, "!JSON array is damaged or not closed"}},
        {"log file cut after a record", R"({"Records":[)" + one, {one, "!JSON array is not closed"}},
        {"log file cut after a comma", R"({"Records":[)" + one + ",", {one, "!JSON array is not closed"}},
        {"log file cut after the array", R"({"Records":[)" + one + "]", {one, "!JSON object is damaged or not closed"}},
        {"log file over lines, damaged",
         "{\"Records\":[\n" + one + ",\n" + odd + "x\n" + one + "\n]}",
         {one, odd, "!neither ',' nor ']' after an element"}},
        {"no array of records", R"({"Records":null})", {"!Records is not an array"}},
        {"a record with such a member", R"({"Records":1,"eventTime":"x"})", {R"({"Records":1,"eventTime":"x"})"}},
        {"no record in a log file", R"({"Records":[)" + one + ",7," + two + "]}", {one, "!not a JSON object", two}},
        {"bad line",
         one + "\nhello\n" + two + "\n{\"a\n" + one,
         {one, "!not a JSON object", two, "!JSON object is damaged or not closed", one}},
        {"bad first line",
         "{\"eventVersion\":\"1.0\n" + one + "\n" + two,
         {"!JSON object is damaged or not closed", one, two}},
        {"bad lines of another kind",
         odd + "\n{\"a\":[\n" + odd + "\n" + odd,
         {odd, "!JSON object is damaged or not closed", odd, odd}},
        {"record over lines, cut", "{\n \"eventTime\": {\n  \"x\": 1\n", {"!JSON object is damaged or not closed"}},
        {"array with a tail", "[" + one + "] x", {one, "!text after the end of the array"}},
        {"wrong escape in LookupEvents",
         R"({"CloudTrailEvent":"\ud800 "})",
         {"!CloudTrailEvent is no valid JSON string"}},
        {"nothing in LookupEvents", R"({"EventId":"1","CloudTrailEvent":""})", {"!CloudTrailEvent is empty"}},
        {"deep", std::string(100000, '['), {"!JSON array is damaged or not closed"}},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(cut(row.body).texts, row.texts);
    }
}

TEST(Slice, TellsTheLineOfEachRecord) {
    EXPECT_EQ(cut("\n\n" + one + "\r\n" + two + "\n\n" + odd).lines, (std::vector<std::uint64_t>{3, 4, 6}));
    EXPECT_EQ(cut("{\"Records\":[\n" + one + ",\n\n" + odd + "]}").lines, (std::vector<std::uint64_t>{2, 4}));
    EXPECT_EQ(cut("{\n\"eventID\":\n1}\n" + odd + "\nx").lines, (std::vector<std::uint64_t>{1, 4, 5}));
}

TEST(Slice, StopsAtTheGivenNumber) {
    EXPECT_EQ(cut(odd + "\n" + odd + "\n" + odd, 2).texts,
              (std::vector<std::string>{odd, odd, "!more than 2 records"}));
    EXPECT_EQ(cut("[" + odd + "," + odd + "]", 2).texts, (std::vector<std::string>{odd, odd}));
    EXPECT_EQ(cut("[" + odd + "," + odd + "," + odd + "]", 2).texts.size(), 3u);
}

TEST(Slice, ACutAnywhereYieldsOnlyWholeRecords) {
    const std::string body = R"({"Records":[)" + one + "," + two + "," + odd + R"(],"x":1})";
    for (std::size_t end = 0; end < body.size(); ++end) {
        SCOPED_TRACE(end);
        const auto result = cut(body.substr(0, end));
        std::size_t problems = 0;
        for (std::size_t i = 0; i < result.texts.size(); ++i) {
            if (result.texts[i].starts_with('!'))
                ++problems;
            else
                EXPECT_EQ(result.texts[i], i == 0 ? one : i == 1 ? two : odd);
        }
        EXPECT_EQ(problems, end == 0 ? 0u : 1u);
    }
}

// Time must not grow with the square of the size: each of these would take minutes.
TEST(Slice, HostileBodiesAreReadOnce) {
    const auto repeated = [](std::string_view text, std::size_t bytes) {
        std::string body;
        while (body.size() < bytes) body += text;
        return body;
    };
    for (const char* text :
         {"{\"a\":{\n", "{\"a\":\n", "{}", "{\"eventVersion\":{}\n", "{\"a\":1}", "{\"Events\":[", "[", "{", "{\"a\\\\",
          "\n", "{\"a\":\"\n", "{\"eventVersion\"}\n", "[{", "{\"Records\":[{}\n"}) {
        SCOPED_TRACE(text);
        const auto body = repeated(text, 4 << 20);
        EXPECT_LE(cut(body, 1000).texts.size(), 1001u);
        EXPECT_LE(cut(body + repeated("}", body.size() / 4), 1000).texts.size(), 1001u);
    }
}

std::size_t slow_value_end(std::string_view text, std::size_t begin) {
    int depth = 0;
    bool in_string = false;
    for (std::size_t i = begin; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                ++i;
            else if (c == '"')
                in_string = false;
        } else if (c == '\\') {  // not JSON: only what it does to quotes is looked at
            if (i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\')) ++i;
        } else if (c == '"')
            in_string = true;
        else if (c == '{' || c == '[')
            ++depth;
        else if (c == '}' || c == ']') {
            if (--depth <= 0) return i + 1;
        }
    }
    return std::string_view::npos;
}

TEST(JsonCut, AgreesWithTheSlowWay) {
    std::mt19937_64 random(17);
    constexpr char alphabet[] = "{}[]\"\"\\\\ab,: ";
    for (int round = 0; round < 200000; ++round) {
        std::string text = random() % 2 == 0 ? "{" : "[";
        for (std::size_t n = random() % 300; n > 0; --n) text += alphabet[random() % (sizeof alphabet - 1)];
        if (random() % 4 == 0) text += std::string(200, ' ') + "}}}}]]]]\"}}}}}";
        const std::size_t size = text.size();
        text += std::string(RecordParser::padding, '}');
        const auto view = std::string_view(text).substr(0, size);
        ASSERT_EQ(value_end(view, 0), slow_value_end(view, 0)) << view;
    }
}

TEST(JsonCut, Unescapes) {
    const struct {
        const char* escaped;
        const char* plain;
    } good[] = {
        {"", ""},
        {"abc", "abc"},
        {R"(\"\\\/\b\f\n\r\t)", "\"\\/\b\f\n\r\t"},
        {R"(\u0041\u00e9\u20AC)", "A\xc3\xa9\xe2\x82\xac"},
        {R"(\ud83d\ude00!)", "\xf0\x9f\x98\x80!"},
    };
    for (const auto& row : good) {
        std::string out;
        EXPECT_TRUE(unescape(row.escaped, out)) << row.escaped;
        EXPECT_EQ(out, row.plain);
    }
    for (const char* bad :
         {R"(\)", R"(\x)", R"(\u12)", R"(\u12g4)", R"(\ud800)", R"(\ud800\u0041)", R"(\udc00)", R"(\ud800\)"}) {
        std::string out;
        EXPECT_FALSE(unescape(bad, out)) << bad;
    }
}

}  // namespace
}  // namespace cairn::ingest
