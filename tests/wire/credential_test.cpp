#include "wire/credential.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "base/json.h"

using namespace cairn;
using namespace cairn::wire;

namespace {

using Scheme = Credential::Scheme;
using Place = Credential::Place;

Credential read(std::string_view target, const std::vector<HeaderView>& headers, std::string_view form = {}) {
    const CallHead call{"POST", target, headers, form};
    return read_credential(call, Parameters::of_query(call.query()), Parameters::of_query(form));
}

}  // namespace

TEST(Credential, IsReadFromTheAuthorizationHeader) {
    const struct {
        const char* header;
        Scheme scheme;
        const char *key, *date, *region, *service;
    } rows[] = {
        {"AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/ec2/aws4_request, SignedHeaders=host, Signature=00",
         Scheme::sigv4, "AKID", "20260102", "eu-west-1", "ec2"},
        {"AWS4-HMAC-SHA256 SignedHeaders=host,Signature=00,Credential=AKID/20260102/eu-west-1/ec2/aws4_request",
         Scheme::sigv4, "AKID", "20260102", "eu-west-1", "ec2"},
        {"AWS4-HMAC-SHA256 Credential=a/user/20260102/us-east-1/s3/aws4_request,SignedHeaders=host,Signature=00",
         Scheme::sigv4, "a/user", "20260102", "us-east-1", "s3"},
        {"AWS4-ECDSA-P256-SHA256 Credential=AKID/20260102/s3/aws4_request, SignedHeaders=host, Signature=00",
         Scheme::sigv4a, "AKID", "20260102", "", "s3"},
        {"AWS AKID:c2lnbmF0dXJl", Scheme::sigv2, "AKID", "", "", ""},
        {"AWS c2VjcmV0", Scheme::sigv2, "", "", "", ""},
        {"AWS user:with:colons:c2lnbmF0dXJl", Scheme::sigv2, "user:with:colons", "", "", ""},
        {"AWS AKID c2lnbmF0dXJl", Scheme::sigv2, "", "", "", ""},
        {"Bearer some-token", Scheme::bearer, "", "", "", ""},
        {"Basic dTpw", Scheme::unknown, "", "", "", ""},
        {"AWS4-HMAC-SHA256 Credential=AKID/20260102/eu-west-1/ec2/aws5_request", Scheme::sigv4, "", "", "", ""},
        {"AWS4-HMAC-SHA256 NotTheCredential=AKID/20260102/eu-west-1/ec2/aws4_request", Scheme::sigv4, "", "", "", ""},
        {"AWS4-HMAC-SHA256", Scheme::sigv4, "", "", "", ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.header);
        const auto read_back = read("/", {{"AUTHORIZATION", row.header}});
        EXPECT_EQ(read_back.scheme, row.scheme);
        EXPECT_EQ(read_back.place, Place::header);
        EXPECT_EQ(read_back.key_id, row.key);
        EXPECT_EQ(read_back.date, row.date);
        EXPECT_EQ(read_back.region, row.region);
        EXPECT_EQ(read_back.service, row.service);
        EXPECT_FALSE(read_back.session_token);
    }
}

TEST(Credential, IsReadFromQueriesAndForms) {
    auto presigned =
        read("/b/k?X-Amz-Credential=AKID%2F20260102%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Security-Token=t", {});
    EXPECT_EQ(presigned.key_id, "AKID");
    EXPECT_EQ(presigned.service, "s3");
    EXPECT_EQ(presigned.place, Place::query);
    EXPECT_TRUE(presigned.session_token);
    EXPECT_EQ(signature_version(presigned.scheme), "SigV4");
    EXPECT_EQ(authentication_method(presigned.place), "QueryString");

    auto old = read("/b/k?AWSAccessKeyId=AKID&Signature=x&Expires=1", {});
    EXPECT_EQ(old.scheme, Scheme::sigv2);
    EXPECT_EQ(old.key_id, "AKID");

    auto multi_region = read(
        "/?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKID%2F20260102%2Fs3%2Faws4_request&"
        "X-Amz-Region-Set=eu-west-1%2Ceu-west-2",
        {});
    EXPECT_EQ(multi_region.scheme, Scheme::sigv4a);
    EXPECT_EQ(multi_region.region, "eu-west-1");

    auto form = read("/", {}, "Action=RunInstances&AWSAccessKeyId=AKID&SignatureVersion=2&SecurityToken=t");
    EXPECT_EQ(form.scheme, Scheme::sigv2);
    EXPECT_EQ(form.place, Place::form);
    EXPECT_TRUE(form.session_token);

    auto header_first =
        read("/?AWSAccessKeyId=other", {{"Authorization", "AWS AKID:s"}, {"X-Amz-Security-Token", "t"}});
    EXPECT_EQ(header_first.key_id, "AKID");
    EXPECT_TRUE(header_first.session_token);

    EXPECT_EQ(read("/b/k", {}).scheme, Scheme::anonymous);
}

TEST(Credential, RegionSetsOfSigV4aAreRead) {
    const char* const signature =
        "AWS4-ECDSA-P256-SHA256 Credential=AKID/20260102/s3/aws4_request, SignedHeaders=host, Signature=00";
    EXPECT_EQ(read("/", {{"Authorization", signature}, {"X-Amz-Region-Set", "us-west-2,us-east-1"}}).region,
              "us-west-2");
    EXPECT_EQ(read("/", {{"Authorization", signature}, {"X-Amz-Region-Set", "*"}}).region, "");
}

// The given signing cases (CAIRN_CASES): whoever signed is who is read.
TEST(Vectors, CredentialsAreReadFromSignedRequests) {
    const char* const named = std::getenv("CAIRN_CASES");
    const std::string folder = std::string(named ? named : CAIRN_SOURCE_DIR "/../shared/cases") + "/sigv4/";
    std::size_t count = 0;
    for (const auto* file : {"v4.json", "v4a.json"}) {
        std::ifstream in(folder + file);
        if (!in) {
            ASSERT_EQ(std::getenv("CI"), nullptr) << "no cases in " << folder;
            GTEST_SKIP() << "no cases in " << folder;
        }
        std::stringstream text;
        text << in.rdbuf();
        const auto cases = parse_json(text.str());
        ASSERT_TRUE(cases.has_value()) << file;
        for (const auto& one : cases->find("cases")->as_array()) {
            for (const auto* form : {"header", "query"}) {
                const auto* signed_form = one.find(form);
                if (!signed_form) continue;
                SCOPED_TRACE(std::string(one.text("name")) + " " + form);
                std::istringstream lines{std::string(signed_form->text("signed_request"))};
                std::string line, method, target;
                std::getline(lines, line);
                method = line.substr(0, line.find(' '));
                target = line.substr(method.size() + 1, line.rfind(' ') - method.size() - 1);
                std::vector<std::pair<std::string, std::string>> headers;
                while (std::getline(lines, line) && !line.empty())
                    if (const auto colon = line.find(':'); line.front() != ' ' && colon != std::string::npos)
                        headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
                const std::vector<HeaderView> views(headers.begin(), headers.end());
                const auto credential = read(target, views);
                const auto& context = *one.find("context");
                EXPECT_EQ(credential.key_id, context.find("credentials")->text("access_key_id"));
                EXPECT_EQ(credential.service, context.text("service"));
                EXPECT_EQ(credential.region, context.text("region"));
                EXPECT_EQ(
                    credential.session_token,
                    target.find("Security-Token") != std::string::npos ||
                        signed_form->text("signed_request").find("X-Amz-Security-Token:") != std::string_view::npos);
                EXPECT_EQ(credential.scheme, std::string_view(file) == "v4.json" ? Scheme::sigv4 : Scheme::sigv4a);
                ++count;
            }
        }
    }
    EXPECT_GE(count, 100u);
}
