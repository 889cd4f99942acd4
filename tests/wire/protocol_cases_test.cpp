// The protocol cases of the given case folder (CAIRN_CASES), turned round: what their clients send is read here, and
// what is written here must be read back by a client as the result that was meant.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "wire/answers.h"
#include "wire/call_failure.h"
#include "wire/classify.h"
#include "wire/model.h"
#include "wire/response_elements.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

std::string cases_folder() {
    const char* named = std::getenv("CAIRN_CASES");
    return named ? named : CAIRN_SOURCE_DIR "/../shared/cases";
}

std::optional<Json> load(const std::string& file) {
    std::ifstream in(cases_folder() + "/protocol_cases/" + file);
    if (!in) return std::nullopt;
    std::stringstream text;
    text << in.rdbuf();
    auto parsed = parse_json(text.str());
    EXPECT_TRUE(parsed.has_value()) << file;
    return parsed ? std::optional(*parsed) : std::nullopt;
}

Model model_for(const Json& one) {
    const auto& given = *one.find("given");
    JsonObject operation;
    for (const auto* member : {"input", "output"})
        if (const auto* shape = given.find(member)) operation.emplace_back(member, *shape);
    const Json document = JsonObject{{"protocol", "json"},
                                     {"targetPrefix", one.find("metadata")->text("targetPrefix")},
                                     {"operations", JsonObject{{std::string(given.text("name")), operation}}},
                                     {"shapes", *one.find("shapes")}};
    auto model = Model::parse(to_text(document));
    EXPECT_TRUE(model.has_value()) << model.error().message;
    return std::move(*model);
}

// Equal but for the order of members and for 1 and 1.0 being the same number.
bool same(const Json& one, const Json& other) {
    if (one.is_number() && other.is_number()) return std::abs(one.as_number() - other.as_number()) < 1e-6;
    if (one.is_array() && other.is_array()) return std::ranges::equal(one.as_array(), other.as_array(), same);
    if (!one.is_object() || !other.is_object()) return one == other;
    if (one.as_object().size() != other.as_object().size()) return false;
    return std::ranges::all_of(one.as_object(), [&](const auto& member) {
        const auto* twin = other.find(member.first);
        return twin && same(member.second, *twin);
    });
}

}  // namespace

TEST(ProtocolCases, RequestsAreRead) {
    for (const auto* file : {"json_input.json", "json_1_0_input.json"}) {
        const auto cases = load(file);
        if (!cases) {
            if (std::getenv("CI")) FAIL() << "no protocol cases";
            GTEST_SKIP() << "no protocol cases in " << cases_folder();
        }
        for (const auto& one : cases->find("cases")->as_array()) {
            SCOPED_TRACE(std::string(one.text("name")));
            const auto model = model_for(one);
            const auto& sent = *one.find("serialized");
            const auto* headers = sent.find("headers");
            if (!headers || !headers->find("X-Amz-Target")) continue;  // is about compressing the body only
            const auto name = target_operation(headers->text("X-Amz-Target"), model.target_prefix());
            const auto* operation = model.find(name);
            ASSERT_NE(operation, nullptr);
            const auto body = sent.text("body");
            if (!operation->input || body.empty()) continue;
            const auto document = parse_json(body);
            ASSERT_TRUE(document.has_value());
            const auto read = model.read(*operation->input, *document);
            ASSERT_TRUE(read.has_value()) << read.error();
            EXPECT_TRUE(same(*read, *one.find("params"))) << to_text(*read);
        }
    }
}

TEST(ProtocolCases, AnswersAreReadBack) {
    for (const auto* file : {"json_output.json", "json_1_0_output.json"}) {
        const auto cases = load(file);
        if (!cases) {
            if (std::getenv("CI")) FAIL() << "no protocol cases";
            GTEST_SKIP() << "no protocol cases in " << cases_folder();
        }
        for (const auto& one : cases->find("cases")->as_array()) {
            SCOPED_TRACE(std::string(one.text("name")));
            if (const auto code = one.text("errorCode"); !code.empty()) {
                const auto answer = error_answer(Protocol::json, {std::string(code), "message"}, "id");
                EXPECT_EQ(parse_json(answer.body)->text("__type"), code);
                continue;
            }
            const auto model = model_for(one);
            const auto& operation = model.operations().begin()->second;
            const auto* result = one.find("result");
            if (!operation.output || !result) continue;
            const auto written = parse_json(to_text(model.write(*operation.output, *result)));
            ASSERT_TRUE(written.has_value());
            const auto read = model.read(*operation.output, *written);
            ASSERT_TRUE(read.has_value()) << read.error();
            EXPECT_TRUE(same(*read, *result)) << to_text(*read);
        }
    }
}

// Their services are no services of AWS: a call is named after what the request itself says.
TEST(ProtocolCases, CallsOfUnknownServicesAreNamed) {
    constexpr std::string_view signature =
        "AWS4-HMAC-SHA256 Credential=AKID/20260102/us-east-1/widgets/aws4_request, SignedHeaders=host, Signature=00";
    std::size_t count = 0;
    for (const auto* file : {"json_input.json", "json_1_0_input.json", "query_input.json", "ec2_input.json"}) {
        const auto cases = load(file);
        if (!cases) {
            if (std::getenv("CI")) FAIL() << "no protocol cases";
            GTEST_SKIP() << "no protocol cases in " << cases_folder();
        }
        for (const auto& one : cases->find("cases")->as_array()) {
            SCOPED_TRACE(std::string(one.text("name")));
            const auto& sent = *one.find("serialized");
            std::vector<HeaderView> headers{{"Authorization", signature}};
            if (const auto* given = sent.find("headers"))
                for (const auto& [name, value] : given->as_object()) headers.emplace_back(name, value.as_string());
            const CallHead call{sent.text("method"), sent.text("uri"), headers, sent.text("body")};
            const bool form = call.find("content-type").starts_with("application/x-www-form-urlencoded");
            if (!form && call.find("x-amz-target").empty()) continue;  // is about compressing the body only
            const auto named = classify(call, {});
            EXPECT_EQ(named.event_name, one.find("given")->text("name"));
            EXPECT_EQ(named.event_source, "widgets.amazonaws.com");
            ++count;
        }
    }
    EXPECT_GE(count, 45u);
}

namespace {

/// A protocol, its cases, and a service that speaks it.
struct Spoken {
    CallProtocol protocol;
    const char *file, *service;
};

constexpr Spoken all_spoken[] = {
    {CallProtocol::json_1_1, "json_output.json", "ssm"},
    {CallProtocol::json_1_0, "json_1_0_output.json", "dynamodb"},
    {CallProtocol::query, "query_output.json", "iam"},
    {CallProtocol::ec2, "ec2_output.json", "ec2"},
    {CallProtocol::rest_json, "rest_json_output.json", "lambda"},
    {CallProtocol::rest_xml, "rest_xml_output.json", "cloudfront"},
};

}  // namespace

// What their servers answer: errors have the code that was meant, and whatever it is, the answer of another operation
// is no trouble.
TEST(ProtocolCases, AnswersOfUpstreamsAreRead) {
    std::size_t errors = 0, answers = 0;
    for (const auto& [protocol, file, service] : all_spoken) {
        const auto cases = load(file);
        if (!cases) {
            if (std::getenv("CI")) FAIL() << "no protocol cases";
            GTEST_SKIP() << "no protocol cases in " << cases_folder();
        }
        for (const auto& one : cases->find("cases")->as_array()) {
            SCOPED_TRACE(std::string(one.text("name")));
            const auto& given = *one.find("response");
            std::vector<HeaderView> headers;
            if (const auto* sent = given.find("headers"))
                for (const auto& [name, value] : sent->as_object()) headers.emplace_back(name, value.as_string());
            const CallAnswer answer{static_cast<int>(given.find("status_code")->as_integer()), headers,
                                    given.text("body"), true};
            Classified call;
            call.protocol = protocol;
            const auto failure = call_failure(call, answer);
            EXPECT_EQ(failure.code, one.text("errorCode"));
            const auto* error = one.find("error");
            EXPECT_EQ(failure.message, error ? error->text("Message") : "");
            (failure ? errors : answers) += 1;

            call.service = find_service(service);
            for (const auto operation : call.service.operations()) {
                call.operation = operation;
                const auto members = answered_members(call, answer);
                EXPECT_TRUE(members.is_null() || (!failure && parse_json(to_text(members)).has_value()));
            }
        }
    }
    EXPECT_GE(errors, 19u);
    EXPECT_GE(answers, 130u);
}
