#include <gtest/gtest.h>

#include "api/fake_engine.h"
#include "api/trail_services.h"
#include "support/memory_meta_store.h"
#include "view/trail/status.h"

namespace cairn::api::test {
namespace {

class NoBuckets final : public DeliveryStore {
public:
    Result<void> check(const DeliveryCaller&, const std::string&) override { return {}; }
    Result<void> put(const DeliveryCaller&, const std::string&, const std::string&, const DeliveryObject&) override {
        return {};
    }
};

Settings quiet() {
    Settings settings;
    settings.record_calls = false;
    return settings;
}

class TrailOverview : public ::testing::Test {
protected:
    void SetUp() override {
        clock_.set(*parse_time("2026-01-02T03:00:00Z"));
        ASSERT_TRUE(trails_.load());
        one_ = create("111122223333", "one", "us-east-1", true);
        two_ = create("111122223333", "two", "eu-west-1", false);
        create("444455556666", "other", "us-east-1", false);
    }

    std::string create(const char* account, const char* name, const char* region, bool multi_region) {
        trail::Trail made;
        made.name = name;
        made.account = account;
        made.home_region = region;
        made.bucket = "logs";
        made.multi_region = multi_region;
        const auto stored = trails_.create(made, {5, {"us-east-1", "eu-west-1"}});
        EXPECT_TRUE(stored);
        return stored->id;
    }
    void note(const std::function<Result<void>(Transaction&)>& notes) { ASSERT_TRUE(store_.transact(notes)); }

    std::vector<std::string> names(const Answer& answer) {
        std::vector<std::string> found;
        const auto json = answer.json();
        if (const auto* list = json.find("trails"))
            for (const auto& trail : list->as_array()) found.emplace_back(trail.text("name"));
        return found;
    }

    using Names = std::vector<std::string>;
    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    trail::Trails trails_{store_, clock_};
    sign::SecretBox box_{std::string(32, 'k')};
    trail::SigningKeys keys_{store_, box_};
    NoBuckets buckets_;
    TrailServices services_{
        .trails = trails_, .keys = keys_, .store = store_, .buckets = buckets_, .regions = {"us-east-1", "eu-west-1"}};
    FakeEngine engine_{quiet(), nullptr, {}, &services_};
    std::string one_, two_;
};

TEST_F(TrailOverview, TellsTheLastOfEachAndWhatIsWrong) {
    const auto at = *parse_time("2026-01-02T03:04:05Z");
    note([&](Transaction& transaction) -> Result<void> {
        CAIRN_TRY(trail::note_success(transaction, one_, "us-east-1", trail::Leg::file, at, "s3://logs/a"));
        CAIRN_TRY(trail::note_success(transaction, one_, "eu-west-1", trail::Leg::file, at + std::chrono::seconds(1),
                                      "s3://logs/b"));
        CAIRN_TRY(trail::note_success(transaction, one_, "us-east-1", trail::Leg::digest, at, "s3://logs/d"));
        return trail::note_failure(transaction, one_, "us-east-1", trail::Leg::file, at + std::chrono::seconds(9),
                                   {Code::denied, "AccessDenied: no"});
    });
    const auto json = engine_.own("GET", "/v1/trails").json();
    const auto& one = json.find("trails")->as_array().back();
    EXPECT_EQ(
        to_text(one),
        R"({"name":"one","arn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one","account":"111122223333","homeRegion":"us-east-1",)"
        R"("multiRegion":true,"validation":false,"bucket":"logs","logging":false,"waitingFiles":0,"lagSeconds":0.0,)"
        R"("lastFile":{"time":"2026-01-02T03:04:06Z","region":"eu-west-1","object":"s3://logs/b"},)"
        R"("lastDigest":{"time":"2026-01-02T03:04:05Z","region":"us-east-1","object":"s3://logs/d"},)"
        R"("lastError":{"time":"2026-01-02T03:04:14Z","region":"us-east-1","what":"file","code":"AccessDenied"}})");
    const auto ireland = engine_.own("GET", "/v1/trails?region=eu-west-1").json();
    EXPECT_EQ(ireland.find("trails")->as_array().back().find("lastError"), nullptr) << "that is of another region";
}

TEST_F(TrailOverview, EverybodySeesWhatTheirPolicyAllows) {
    EXPECT_EQ(names(engine_.own("GET", "/v1/trails")), (Names{"two", "one"}));
    EXPECT_EQ(names(engine_.own("GET", "/v1/trails?region=us-east-1")), Names{"one"});
    EXPECT_EQ(names(engine_.own("GET", "/v1/trails?acct=444455556666")), Names{});
    auto& admin = engine_.caller("admin");
    admin.policies = {*policy::Policy::parse(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"cairn:ListTrails","Resource":"*",)"
        R"("Condition":{"StringEquals":{"cairn:region":"eu-west-1"}}}})")};
    EXPECT_EQ(names(engine_.own("GET", "/v1/trails")), (Names{"two", "one"})) << "one shows itself in eu-west-1, too";
    admin.policies = {*policy::Policy::parse(
        R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"cairn:SearchEvents","Resource":"*"}})")};
    EXPECT_EQ(engine_.own("GET", "/v1/trails").response.status, 403);
}

TEST_F(TrailOverview, WrongRequestsAreRefused) {
    EXPECT_EQ(engine_.own("POST", "/v1/trails", "{}").response.status, 405);
    EXPECT_EQ(engine_.own("GET", "/v1/trails?regoin=eu-west-1").response.status, 400);
}

}  // namespace
}  // namespace cairn::api::test
