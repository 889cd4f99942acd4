#include "backend/credentials/chain.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <gtest/gtest.h>

#include "net/http_server.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

namespace cairn {
namespace {

class Chain : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) {
        const auto path = folder_.path() + "/" + name;
        std::ofstream(path) << text;
        return path;
    }

    std::unique_ptr<CredentialSource> chain(CredentialOptions options = {}, Environment environment = {}) {
        environment.emplace("HOME", folder_.path());
        return credential_chain(std::move(options), std::move(environment), clock_);
    }

    static std::string id_of(CredentialSource& source) {
        const auto found = source.get();
        return found ? found->access_key_id : "error: " + found.error().message;
    }

    support::TemporaryFolder folder_;
    support::FakeClock clock_;
};

/// A token service that gives what it is told to and remembers what it was asked.
class FakeSts {
public:
    explicit FakeSts(const Clock& clock) : clock_(clock) {
        auto started = net::HttpServer::start(
            {},
            [this](net::Request request, std::unique_ptr<net::Responder> responder) {
                std::lock_guard lock(mutex_);
                asked_.push_back(request.body);
                responder->send({status, {{"Content-Type", "text/xml"}}, status == 200 ? answer() : refusal});
            },
            {}, metrics_);
        EXPECT_TRUE(started);
        server_ = std::move(*started);
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
    std::vector<std::string> asked() {
        std::lock_guard lock(mutex_);
        return asked_;
    }

    std::atomic<int> status = 200;
    std::string refusal;

private:
    std::string answer() const {
        return "<AssumeRoleWithWebIdentityResponse "
               "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>"
               "<Credentials><AccessKeyId>ASIA" +
               std::to_string(asked_.size()) +
               "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t&amp;</SessionToken><Expiration>" +
               format_time(clock_.now() + std::chrono::hours(1)) +
               "</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    }

    const Clock& clock_;
    std::mutex mutex_;
    std::vector<std::string> asked_;
    Metrics metrics_;
    std::unique_ptr<net::HttpServer> server_;
};

TEST_F(Chain, TheFirstPlaceThatHasSomethingIsTaken) {
    FakeSts sts(clock_);
    const auto token = write("token", "web token\n");
    const auto file = write("credentials",
                            "[default]\naws_access_key_id = FILE\naws_secret_access_key = f\n"
                            "[other]\naws_access_key_id = OTHER\naws_secret_access_key = o\naws_session_token = os\n");
    const Environment keys{{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "e"}, {"AWS_SESSION_TOKEN", "es"}};
    const Environment web{
        {"AWS_WEB_IDENTITY_TOKEN_FILE", token}, {"AWS_ROLE_ARN", "arn:r"}, {"AWS_ENDPOINT_URL_STS", sts.url()}};
    const Environment profile{{"AWS_SHARED_CREDENTIALS_FILE", file}};
    auto all = keys;
    all.insert(web.begin(), web.end());
    all.insert(profile.begin(), profile.end());

    CredentialOptions configured;
    configured.keys = {"CONF", "c", ""};
    EXPECT_EQ(id_of(*chain(configured, all)), "CONF");
    CredentialOptions named;
    named.profile = "other";
    EXPECT_EQ(id_of(*chain(named, all)), "OTHER");
    CredentialOptions role;
    role.web_identity_token_file = token;
    role.role_arn = "arn:other";
    EXPECT_EQ(id_of(*chain(role, all)), "ASIA1");
    EXPECT_EQ(id_of(*chain({}, all)), "ENV");
    EXPECT_EQ(chain({}, all)->get()->session_token, "es");
    auto without_keys = web;
    without_keys.insert(profile.begin(), profile.end());
    EXPECT_EQ(id_of(*chain({}, without_keys)), "ASIA2");
    EXPECT_EQ(id_of(*chain({}, profile)), "FILE");
    auto other = profile;
    other["AWS_PROFILE"] = "other";
    EXPECT_EQ(chain({}, other)->get()->session_token, "os");
}

TEST_F(Chain, WithoutAnyEveryPlaceIsNamed) {
    const auto nothing = chain()->get();
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, Code::not_found);
    for (const char* place : {"configuration", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE",
                              "profile default of ", "/.aws/credentials"})
        EXPECT_NE(nothing.error().message.find(place), std::string::npos) << nothing.error().message;
}

TEST_F(Chain, HalfOfSomethingIsAnErrorThatKeepsTheSecret) {
    CredentialOptions half;
    half.keys.secret_key = "the-secret";
    CredentialOptions unknown;
    unknown.profile = "unknown";
    CredentialOptions roleless;
    roleless.web_identity_token_file = "/nowhere";
    CredentialOptions tokenless = roleless;
    tokenless.role_arn = "arn:r";
    for (const auto& options : {half, unknown, roleless, tokenless}) {
        const auto refused = chain(options, {{"AWS_ACCESS_KEY_ID", "ENV"}, {"AWS_SECRET_ACCESS_KEY", "e"}})->get();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::invalid) << refused.error().message;
        EXPECT_EQ(refused.error().message.find("the-secret"), std::string::npos);
    }
}

TEST_F(Chain, AProfileFileThatChangedIsReadAgain) {
    const auto file = write("credentials", "[default]\naws_access_key_id = ONE\naws_secret_access_key = s\n");
    const auto source = chain({}, {{"AWS_SHARED_CREDENTIALS_FILE", file}});
    EXPECT_EQ(id_of(*source), "ONE");
    write("credentials", "[default]\naws_access_key_id = OTHER\naws_secret_access_key = s\n");
    EXPECT_EQ(id_of(*source), "OTHER");
    std::filesystem::remove(file);
    EXPECT_FALSE(source->get());
    write("credentials", "# comment\n\n[profile default]\n aws_access_key_id=THREE\n aws_secret_access_key=s\r\n");
    EXPECT_EQ(id_of(*source), "THREE");
}

class WebIdentityTest : public Chain {
protected:
    std::unique_ptr<CredentialSource> source() {
        CredentialOptions options;
        options.web_identity_token_file = write("token", "token one\n");
        options.role_arn = "arn:aws:iam::1:role/r";
        options.sts_endpoint = sts_.url();
        return chain(options, {{"AWS_ROLE_SESSION_NAME", "night"}});
    }
    FakeSts sts_{clock_};
};

TEST_F(WebIdentityTest, AsksOnceAndAgainBeforeTheEndWithTheTokenOfThatTime) {
    const auto source = this->source();
    const auto first = source->get();
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(first->access_key_id, "ASIA1");
    EXPECT_EQ(first->session_token, "t&");
    clock_.advance(std::chrono::minutes(54));
    EXPECT_EQ(id_of(*source), "ASIA1");
    write("token", "token two\n");
    clock_.advance(std::chrono::minutes(2));
    EXPECT_EQ(id_of(*source), "ASIA2");
    const auto asked = sts_.asked();
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_EQ(asked[0],
              "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"
              "RoleSessionName=night&WebIdentityToken=token%20one");
    EXPECT_TRUE(asked[1].ends_with("WebIdentityToken=token%20two")) << asked[1];
}

TEST_F(WebIdentityTest, OldCredentialsLastWhileNewOnesAreRefused) {
    const auto source = this->source();
    EXPECT_EQ(id_of(*source), "ASIA1");
    sts_.status = 500;
    clock_.advance(std::chrono::minutes(56));
    for (int i = 0; i < 5; ++i) EXPECT_EQ(id_of(*source), "ASIA1");
    EXPECT_EQ(sts_.asked().size(), 2u) << "no storm of attempts";
    clock_.advance(std::chrono::minutes(5));
    EXPECT_EQ(source->get().error().code, Code::unavailable);
    sts_.status = 200;
    EXPECT_TRUE(source->get());
}

TEST_F(WebIdentityTest, AClockThatWasSetBackAsksAgain) {
    const auto source = this->source();
    EXPECT_EQ(id_of(*source), "ASIA1");
    clock_.advance(-std::chrono::hours(2));
    EXPECT_EQ(id_of(*source), "ASIA2");
}

TEST_F(WebIdentityTest, RefusalsHaveACode) {
    const struct {
        int status;
        const char* code;
        Code expected;
    } cases[] = {{400, "InvalidIdentityToken", Code::denied},
                 {400, "ExpiredTokenException", Code::denied},
                 {403, "AccessDenied", Code::denied},
                 {400, "ValidationError", Code::invalid},
                 {400, "IDPCommunicationError", Code::unavailable},
                 {503, "ServiceUnavailable", Code::unavailable}};
    const auto source = this->source();
    for (const auto& row : cases) {
        sts_.status = row.status;
        sts_.refusal = std::string("<ErrorResponse xmlns=\"x\"><Error><Code>") + row.code +
                       "</Code><Message>why</Message></Error></ErrorResponse>";
        const auto refused = source->get();
        ASSERT_FALSE(refused) << row.code;
        EXPECT_EQ(refused.error().code, row.expected) << row.code;
        EXPECT_NE(refused.error().message.find(std::string(row.code) + " why"), std::string::npos)
            << refused.error().message;
        EXPECT_EQ(refused.error().message.find("token one"), std::string::npos);
    }
}

}  // namespace
}  // namespace cairn
