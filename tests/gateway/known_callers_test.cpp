#include "gateway/known_callers.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "gateway/account_of_key.h"
#include "support/temporary_folder.h"

namespace cairn::gateway {

namespace {

using wire::UpstreamProfile;

TEST(AccountOfKey, ExamplesOfTheSpec) {
    const struct {
        const char* key;
        const char* account;
    } rows[] = {{"ASIAY34FZKBOKMUTVV7A", "609629065308"},
                {"ASIAQNZGKIQY56JQ7WML", "029608264753"},
                {"AKIAIOSFODNN7EXAMPLE", ""},  // older than 2019
                {"AKIAY34FZKBOKMUTVV7", ""},
                {"AKIAY34FZKBOKMUTVV71", ""},  // no base32
                {"minioadmin", ""}};
    for (const auto& row : rows) EXPECT_EQ(account_in_key_id(row.key).value_or(""), row.account) << row.key;
}

/// Knows what it was given.
class Book final : public KeyBook {
public:
    Json find(std::string_view space, std::string_view key_id, Time) const override {
        const auto found = known.find(std::string(space) + "/" + std::string(key_id));
        return found == known.end() ? Json() : found->second;
    }
    void learn(const LearnedCall& call, std::string_view account) override {
        learned.push_back(std::string(call.upstream) + " " + std::string(call.event_name) + " " + std::string(account));
    }
    std::map<std::string, Json> known;
    std::vector<std::string> learned;
};

wire::Credential credential(std::string key_id, bool temporary = false) {
    wire::Credential made;
    made.scheme = wire::Credential::Scheme::sigv4;
    made.key_id = std::move(key_id);
    made.session_token = temporary;
    return made;
}

class KnownCallersTest : public testing::Test {
protected:
    static std::map<std::string, UpstreamKeys, std::less<>> upstreams() {
        const std::string account = "111122223333";
        return {{"aws", {account, UpstreamProfile::aws}},
                {"moto", {"123456789012", UpstreamProfile::moto}},
                {"local", {"000000000000", UpstreamProfile::localstack}},
                {"minio", {account, UpstreamProfile::minio}},
                {"ceph", {account, UpstreamProfile::ceph}},
                {"other", {account, UpstreamProfile::generic}}};
    }
    Caller ask(const KnownCallers& callers, const char* upstream, const char* key, bool temporary = false) const {
        return callers.caller(upstream, credential(key, temporary), Confidence::confirmed, now);
    }
    Book book;
    support::TemporaryFolder folder;
    const Time now = from_milliseconds(1'767'000'000'000);
};

TEST_F(KnownCallersTest, WhatIsLeftDependsOnTheServer) {
    const KnownCallers callers(upstreams(), &book, nullptr);
    const struct {
        const char *upstream, *key;
        bool temporary;
        const char *identity, *account;
    } rows[] = {
        {"aws", "ASIAY34FZKBOKMUTVV7A", true,
         R"({"type":"AWSAccount","principalId":"ASIAY34FZKBOKMUTVV7A","accountId":"609629065308","accessKeyId":"ASIAY34FZKBOKMUTVV7A"})",
         "609629065308"},
        {"aws", "AKIAIOSFODNN7EXAMPLE", false, R"({"type":"Unknown","accessKeyId":"AKIAIOSFODNN7EXAMPLE"})",
         "111122223333"},
        {"moto", "AKIAIOSFODNN7EXAMPLE", false,
         R"({"type":"IAMUser","principalId":"AKIAIOSFODNN7EXAMPLE","arn":"arn:aws:sts::123456789012:user/moto","accountId":"123456789012","accessKeyId":"AKIAIOSFODNN7EXAMPLE","userName":"moto"})",
         "123456789012"},
        {"local", "test", false,
         R"({"type":"Root","principalId":"000000000000","arn":"arn:aws:iam::000000000000:root","accountId":"000000000000","accessKeyId":"test"})",
         "000000000000"},
        {"local", "444455556666", false,
         R"({"type":"Root","principalId":"444455556666","arn":"arn:aws:iam::444455556666:root","accountId":"444455556666","accessKeyId":"444455556666"})",
         "444455556666"},
        {"local", "ASIAY34FZKBOKMUTVV7A", true,
         R"({"type":"AWSAccount","principalId":"ASIAY34FZKBOKMUTVV7A","accountId":"000000000000","accessKeyId":"ASIAY34FZKBOKMUTVV7A"})",
         "000000000000"},
        {"minio", "team/ana", false,
         R"({"type":"IAMUser","principalId":"team/ana","arn":"arn:aws:iam::111122223333:user/team/ana","accountId":"111122223333","accessKeyId":"team/ana","userName":"team/ana"})",
         "111122223333"},
        {"ceph", "J7S", true,
         R"({"type":"AWSAccount","principalId":"J7S","accountId":"111122223333","accessKeyId":"J7S"})", "111122223333"},
        {"other", "ASIAY34FZKBOKMUTVV7A", false,
         R"({"type":"AWSAccount","principalId":"ASIAY34FZKBOKMUTVV7A","accountId":"111122223333","accessKeyId":"ASIAY34FZKBOKMUTVV7A"})",
         "111122223333"},
        {"nowhere", "X", false, R"({"type":"Unknown","accessKeyId":"X"})", ""},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.upstream) + " " + row.key);
        const auto caller = ask(callers, row.upstream, row.key, row.temporary);
        EXPECT_EQ(to_text(caller.user_identity), row.identity);
        EXPECT_EQ(caller.account, row.account);
    }
}

TEST_F(KnownCallersTest, NobodyAndRefused) {
    const KnownCallers callers(upstreams(), &book, nullptr);
    const auto nobody = callers.caller("aws", {}, Confidence::confirmed, now);
    EXPECT_EQ(to_text(nobody.user_identity),
              R"({"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"})");
    EXPECT_EQ(nobody.account, "111122223333");
    book.known["aws/AKIA1"] = JsonObject{{"type", "IAMUser"}};
    const auto refused = callers.caller("aws", credential("AKIA1"), Confidence::refused, now);
    EXPECT_EQ(to_text(refused.user_identity), R"({"type":"Unknown"})");
    wire::Credential bearer;
    bearer.scheme = wire::Credential::Scheme::bearer;
    EXPECT_EQ(to_text(callers.caller("aws", bearer, Confidence::confirmed, now).user_identity),
              R"({"type":"Unknown"})");
}

TEST_F(KnownCallersTest, CallsThatWereSeenComeFirst) {
    book.known["minio/k"] = JsonObject{{"type", "IAMUser"}, {"accountId", "444455556666"}, {"accessKeyId", "k"}};
    book.known["/t"] = JsonObject{{"type", "IAMUser"}, {"accountId", "777788889999"}, {"accessKeyId", "t"}};
    KnownCallers callers(upstreams(), &book, nullptr);
    EXPECT_EQ(ask(callers, "minio", "k").account, "444455556666");
    EXPECT_EQ(ask(callers, "ceph", "k").account, "111122223333");
    EXPECT_EQ(ask(callers, "aws", "t").account, "777788889999") << "a trail of AWS tells of AWS";
    EXPECT_EQ(ask(callers, "moto", "t").account, "123456789012") << "and of nothing else";
    callers.learn({.upstream = "moto", .event_source = {}, .event_name = "AssumeRole", .key_id = {}});
    EXPECT_EQ(book.learned, std::vector<std::string>{"moto AssumeRole 123456789012"});
}

TEST_F(KnownCallersTest, TheIdentityFileSaysTheRestAndIsReadAgain) {
    const auto path = folder.path() + "/identities.toml";
    const auto write = [&](const char* text) {
        std::ofstream(path + ".new") << text;
        std::filesystem::rename(path + ".new", path);  // at once: half a file can be read, too
    };
    write(R"(
[[keys]]
accessKeyId = "AKIA1"
accountId = "111122223333"
userName = "ana"
principalId = "AIDA1"
[[keys]]
accessKeyId = "AKIA2"
upstream = "minio"
roleArn = "arn:aws:iam::444455556666:role/team/ops"
sessionName = "night"
[[accounts]]
accountId = "111122223333"
alias = "acme"
rootKeys = ["minioadmin"]
[defaultAccounts]
aws = "999988887777"
)");
    auto file = IdentityFile::open(path, std::chrono::milliseconds(5));
    ASSERT_TRUE(file) << file.error().message;
    const KnownCallers callers(upstreams(), &book, std::move(*file));
    EXPECT_EQ(
        to_text(ask(callers, "aws", "AKIA1").user_identity),
        R"({"type":"IAMUser","principalId":"AIDA1","arn":"arn:aws:iam::111122223333:user/ana","accountId":"111122223333","accessKeyId":"AKIA1","userName":"ana"})");
    EXPECT_EQ(
        to_text(ask(callers, "minio", "AKIA2").user_identity),
        R"({"type":"AssumedRole","arn":"arn:aws:sts::444455556666:assumed-role/ops/night","accountId":"444455556666","accessKeyId":"AKIA2","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::444455556666:role/team/ops","accountId":"444455556666","userName":"ops"}}})");
    EXPECT_EQ(
        to_text(ask(callers, "minio", "minioadmin").user_identity),
        R"({"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":"minioadmin","userName":"acme"})");
    EXPECT_EQ(ask(callers, "aws", "AKIAIOSFODNN7EXAMPLE").account, "999988887777");
    EXPECT_EQ(ask(callers, "ceph", "AKIA2").user_identity.text("userName"), "AKIA2");

    const auto user_of = [&] { return std::string(ask(callers, "aws", "AKIA1").user_identity.text("userName")); };
    const auto soon = [&](const char* user) {
        for (int i = 0; i < 400 && user_of() != user; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return user_of();
    };
    write(R"([{"accessKeyId": "AKIA1", "accountId": "111122223333", "userName": "ana-maria"}])");
    EXPECT_EQ(soon("ana-maria"), "ana-maria");
    write("keys = 'nonsense");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(user_of(), "ana-maria") << "what cannot be read changes nothing";
}

TEST(Identities, WhatIsWrongIsSaid) {
    const struct {
        const char *text, *said;
    } rows[] = {{"[[keys]]\nname = 'x'", "a key has no member \"name\""},
                {"[[keys]]\nuserName = 'x'", "a key has no accessKeyId"},
                {"[[keys]]\naccessKeyId = 'x'\naccountId = 111122223333", "accountId of key x is not twelve digits"},
                {"[[keys]]\naccessKeyId = 'x'\nroleArn = 'ops'", "needs the ARN of a role"},
                {"keys = 'x'", "keys is no list of tables"},
                {"{\"keyz\": []}", "the file has no member \"keyz\""},
                {"defaultAccounts = { moto = '1' }", "defaultAccounts.moto"},
                {"[[keys]\n", "line 1"}};
    for (const auto& row : rows) {
        const auto read = Identities::parse(row.text);
        ASSERT_FALSE(read) << row.text;
        EXPECT_NE(read.error().message.find(row.said), std::string::npos) << read.error().message;
    }
}

}  // namespace

}  // namespace cairn::gateway
