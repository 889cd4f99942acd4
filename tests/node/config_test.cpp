#include "node/config.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

using namespace cairn;
using namespace cairn::node;

namespace {

/// A TOML file that lives as long as the test.
class ConfigFileOnDisk : public testing::Test {
protected:
    std::string write(const std::string& text) {
        path_ = testing::TempDir() + "cairn-config-" + testing::UnitTest::GetInstance()->current_test_info()->name() +
                ".toml";
        std::ofstream(path_) << text;
        return path_;
    }
    ~ConfigFileOnDisk() override { std::filesystem::remove(path_); }

    std::string path_;
};

}  // namespace

using ConfigTest = ConfigFileOnDisk;

TEST_F(ConfigTest, DefaultsNeedNoFile) {
    const auto config = load_config("", {}, {});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->listen, "127.0.0.1:4610");
    EXPECT_EQ(config->record_bytes, 262144);
    EXPECT_FALSE(config->retain_management);
    EXPECT_TRUE(check_config(*config));
}

TEST_F(ConfigTest, LaterSourcesWin) {
    const auto file = write(
        "listen = \"127.0.0.1:1\"\n[storage]\ncodec = \"fast\"\ndisk_budget = \"2GB\"\n[retention]\nmanagement = "
        "\"90d\"\n");
    const auto config = load_config(file, {{"CAIRN_LISTEN", "127.0.0.1:2"}, {"CAIRN_STORAGE_CODEC", "dense"}},
                                    {{"listen", "127.0.0.1:3"}});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->listen, "127.0.0.1:3");
    EXPECT_EQ(config->codec, "dense");
    EXPECT_EQ(config->disk_budget_bytes, 2'000'000'000);
    EXPECT_EQ(config->retain_management, std::chrono::hours(90 * 24));
}

TEST_F(ConfigTest, VariablesThatNothingReadsAreKnown) {
    EXPECT_EQ(unknown_variables({"CAIRN_LISTEN", "CAIRN_LISTN", "CAIRN_ENDPOINT", "CAIRN_SERVICE_HOST",
                                 "CAIRN_PORT_4610_TCP", "CAIRN_STORAGE_CODE", "HOME", "cairn_listen"}),
              (std::vector<std::string>{"CAIRN_LISTN", "CAIRN_STORAGE_CODE"}));
}

TEST_F(ConfigTest, ListsAndIntervals) {
    const auto file = write(
        "region = \"here\"\nregions = [\"eu-west-1\", \"eu-west-1\", \"there\"]\ndelivery_interval = "
        "0\ndigest_interval = \"10s\"\n");
    const auto config = load_config(file, {}, {});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->regions, (std::vector<std::string>{"eu-west-1", "there", "here"}))
        << "the own region is always there";
    EXPECT_EQ(config->delivery_interval, std::chrono::milliseconds(0));
    EXPECT_EQ(config->digest_interval, std::chrono::seconds(10));
    EXPECT_EQ(load_config("", {{"CAIRN_REGIONS", "a,b"}}, {})->regions.size(), 3u);
    EXPECT_EQ(load_config("", {}, {})->regions.size(), 17u);
    const struct {
        const char* text;
        const char* says;
    } wrong[] = {{"regions = [\"A\"]", "regions"},
                 {"regions = [1]", "regions"},
                 {"regions = []", "regions"},
                 {"delivery_interval = \"soon\"", "delivery_interval"},
                 {"validation = \"loose\"", "validation"},
                 {"[trails]\ncompression = \"best\"", "trails.compression"}};
    for (const auto& row : wrong) {
        const auto refused = load_config(write(row.text), {}, {});
        ASSERT_FALSE(refused) << row.text;
        EXPECT_NE(refused.error().message.find(row.says), std::string::npos) << refused.error().message;
    }
    for (const auto* interval : {"0", "500ms", "1500ms"})
        EXPECT_FALSE(check_config(*load_config("", {}, {{"digest_interval", interval}}))) << interval;
}

TEST_F(ConfigTest, AccountsHoldUsersKeysAndRoles) {
    const auto file = write(R"(
[[accounts]]
id = "111122223333"
alias = "prod"
[[accounts.key]]
id = "AKIAROOT"
secret = "s0"
[[accounts.user]]
name = "ana"
policies = ['{"Version":"2012-10-17","Statement":[]}']
[[accounts.user.key]]
id = "AKIAANA"
secret = "s1"
[[accounts.role]]
name = "ops"
session = "s"
[[accounts.role.credentials]]
id = "ASIAOPS"
secret = "s2"
session_token = "t"
[[accounts]]
id = "444455556666"
)");
    const auto config = load_config(file, {}, {});
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_EQ(config->accounts.size(), 2u);
    const auto& account = config->accounts[0];
    EXPECT_EQ(account.alias, "prod");
    EXPECT_EQ(account.root_keys.at(0).id, "AKIAROOT");
    EXPECT_EQ(account.users.at(0).name, "ana");
    EXPECT_EQ(account.users.at(0).keys.at(0).secret, "s1");
    EXPECT_EQ(account.users.at(0).policies.size(), 1u);
    EXPECT_EQ(account.roles.at(0).sessions.at(0).session_token, "t");
}

TEST_F(ConfigTest, ErrorsNameTheThing) {
    const struct {
        const char* text;
        const char* named;
    } cases[] = {
        {"lissten = \"x\"\n", "lissten"},
        {"[storage]\ncodec = \"tiny\"\n", "storage.codec"},
        {"[storage]\ncodec = \"tiny\"\n", "line 2"},
        {"[limits]\nrecord_bytes = -1\n", "limits.record_bytes"},
        {"[limits]\nrecord_bytes = 0\n", "limits.record_bytes: 0 is not between 1024 and 16777216"},
        {"[limits]\nrecord_bytes = \"17MiB\"\n", "limits.record_bytes"},
        {"[limits]\nrecord_depth = 1001\n", "limits.record_depth"},  // deeper ones could be stored, but not shown
        {"[limits]\nbody_bytes = 0\n", "limits.body_bytes"},
        {"[limits]\nconnections = 0\n", "limits.connections"},
        {"[retention]\ndata = \"soon\"\n", "retention.data"},
        {"account = \"12\"\n", "line 1: account: \"12\" is not 12 digits"},
        {"\nregion = \"US EAST\"\n", "line 2: region: \"US EAST\" is not a name of lower-case letters"},
        {"region = \"\"\n", "region"},
        {"threads = 100000\n", "line 1: threads: 100000 is not between 0 and 1024"},
        {"[limits]\nrecord_bytes = 0\n", "line 2: limits.record_bytes"},
        {"[storage]\njournal_file_bytes = 10000\n",
         "line 2: storage.journal_file_bytes: 10000 is not a multiple of 4096"},
        {"[storage]\njournal_file_bytes = 4096\n", "line 2: storage.journal_file_bytes: 4096 is less than 8192"},
        {"[storage]\nidentity_table = 256\n", "line 2: storage.identity_table: 256 is not a multiple of 255"},
        {"a = [\n", "line"},
        {"[[accounts]]\nalias = \"x\"\n", "accounts has no id"},
        {"[[accounts]]\nid = \"1\"\n[[accounts.user]]\nname = \"x\"\nnane = \"y\"\n", "nane"},
        {"accounts = 3\n", "accounts"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.text);
        const auto config = load_config(write(row.text), {}, {});
        ASSERT_FALSE(config);
        EXPECT_NE(config.error().message.find(row.named), std::string::npos) << config.error().message;
    }
    const auto missing = load_config("/nonexistent/cairn.toml", {}, {});
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("/nonexistent/cairn.toml"), std::string::npos);
    const auto folder = load_config("/", {}, {});
    ASSERT_FALSE(folder);
    EXPECT_EQ(folder.error().message, "configuration file / is a folder");
    EXPECT_FALSE(load_config("", {}, {{"no.such", "x"}}));
    EXPECT_FALSE(load_config("", {{"CAIRN_THREADS", "many"}}, {}));
}

TEST_F(ConfigTest, WhatIsUnsafeOffLoopbackIsRefused) {
    const struct {
        std::map<std::string, std::string> set;
        bool allowed;
    } cases[] = {
        {{{"listen", "127.0.0.1:1"}, {"auth", "trust"}}, true},
        {{{"listen", "[::1]:1"}, {"auth", "trust"}}, true},
        {{{"listen", "0.0.0.0:1"}, {"auth", "trust"}, {"allow_plain_http", "true"}}, false},
        {{{"listen", "0.0.0.0:1"}}, false},
        {{{"listen", "192.0.2.1:1"}, {"allow_plain_http", "true"}}, true},
        {{{"listen", "0.0.0.0:1"}, {"tls.certificate", "a"}, {"tls.key", "b"}}, true},
        {{{"listen", "127.0.0.1:1"}, {"tls.certificate", "a"}}, false},
        {{{"listen", "127.0.0.1"}}, false},
        {{{"listen", "127.0.0.1:99999"}}, false},
    };
    for (const auto& row : cases) {
        const auto config = load_config("", {}, row.set);
        ASSERT_TRUE(config);
        EXPECT_EQ(check_config(*config).has_value(), row.allowed) << row.set.at("listen");
    }
}

TEST_F(ConfigTest, EverySettingIsDocumented) {
    std::ifstream in(CAIRN_SOURCE_DIR "/docs/configuration.md");
    const std::string page(std::istreambuf_iterator<char>(in), {});
    for (const auto& setting : settings()) {
        EXPECT_NE(page.find("| `" + setting.key + "` |"), std::string::npos) << setting.key;
        EXPECT_NE(page.find("| `" + environment_name(setting.key) + "` | " + setting.meaning + " |"), std::string::npos)
            << setting.key;
    }
}

TEST_F(ConfigTest, AGatewayHasListenersAndUpstreams) {
    const auto file = write(R"(
[gateway]
mode = "observe"
trusted_proxies = ["10.0.0.0/8", "::1"]
[[gateway.upstreams]]
name = "minio"
url = "https://minio:9000"
verify_tls = false
profile = "minio"
endpoint_names = ["s3.example.com"]
default_service = "s3"
admin_paths = "ignore"
continue_timeout = "0"
silence_timeout = "20s"
[[gateway.listeners]]
listen = "[::1]:443"
proxy_protocol = true
client_timeout = "9s"
certificates = [{ certificate = "a.pem", key = "a.key" }]
routes = [{ host = "*.s3.local", upstream = "minio" }, { sni = "x", service = "kms", upstream = "minio" }]
[[gateway.listeners]]
listen = "127.0.0.1:4612"
mode = "forward"
)");
    const auto config = load_config(file, {}, {});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->gateway_mode, "observe");
    EXPECT_EQ(config->gateway_trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "::1"}));
    ASSERT_EQ(config->gateway_upstreams.size(), 1u);
    const auto& upstream = config->gateway_upstreams.front();
    EXPECT_FALSE(upstream.verify_tls);
    EXPECT_EQ(upstream.calls.profile, wire::UpstreamProfile::minio);
    EXPECT_EQ(upstream.calls.endpoint_names, std::vector<std::string>{"s3.example.com"});
    EXPECT_EQ(upstream.calls.default_service, "s3");
    EXPECT_FALSE(upstream.record_admin_paths);
    EXPECT_EQ(upstream.continue_timeout, std::chrono::milliseconds(0));
    EXPECT_EQ(upstream.silence_timeout, std::chrono::seconds(20));
    ASSERT_EQ(config->gateway_listeners.size(), 2u);
    EXPECT_TRUE(config->gateway_listeners.back().forward);
    const auto& listener = config->gateway_listeners.front();
    EXPECT_EQ(listener.host, "::1");
    EXPECT_EQ(listener.port, 443);
    EXPECT_TRUE(listener.proxy_protocol);
    EXPECT_EQ(listener.client_timeout, std::chrono::seconds(9));
    EXPECT_EQ(listener.tls.at(0).key, "a.key");
    EXPECT_EQ(listener.routes.at(1).scope_service, "kms");
    EXPECT_FALSE(listener.forward);
}

TEST_F(ConfigTest, WhatIsWrongWithAGatewayIsNamed) {
    for (const auto& [text, what] :
         {std::pair("[[gateway.upstreams]]\nname = \"a\"\n", "no url"),
          {"[[gateway.listeners]]\nlisten = \"x\"\n", "HOST:PORT"},
          {"[[gateway.listeners]]\nlisten = \"h:1\"\nodd = 1\n", "odd"},
          {"[[gateway.listeners]]\nlisten = \"h:1\"\nmode = \"sideways\"\n", "sideways"},
          {"[[gateway.listeners]]\nlisten = \"h:1\"\nmode = \"forward\"\nroutes = [{ upstream = \"a\" }]\n", "routes"},
          {"[gateway]\nother_hosts = \"drop\"\n", "gateway.other_hosts"},
          {"[[gateway.upstreams]]\nname = \"a\"\nurl = \"b\"\nconnect_timeout = \"soon\"\n", "soon"},
          {"[[gateway.upstreams]]\nname = \"a\"\nurl = \"b\"\nverify_tls = 1\n", "verify_tls"},
          {"[[gateway.upstreams]]\nname = \"a\"\nurl = \"b\"\nprofile = \"azure\"\n", "azure"},
          {"[[gateway.upstreams]]\nname = \"a\"\nurl = \"b\"\nadmin_paths = \"some\"\n", "admin_paths"}}) {
        const auto config = load_config(write(text), {}, {});
        ASSERT_FALSE(config) << text;
        EXPECT_NE(config.error().message.find(std::string(what) == "soon" ? "connect_timeout" : what),
                  std::string::npos)
            << config.error().message;
    }
}

TEST_F(ConfigTest, AGatewayInTheOpenSpeaksTls) {
    const auto refused = load_config("", {}, {{"gateway.listen", "0.0.0.0:80"}});
    EXPECT_FALSE(check_config(*refused));
    const auto behind_another = load_config("", {}, {{"gateway.listen", "0.0.0.0:80"}, {"allow_plain_http", "true"}});
    EXPECT_TRUE(check_config(*behind_another));
    const auto half = load_config("", {}, {{"gateway.listen", "0.0.0.0:443"}, {"gateway.tls_certificate", "a"}});
    EXPECT_FALSE(check_config(*half));
}

TEST_F(ConfigTest, AForwardProxyInTheOpenIsWantedExpressly) {
    EXPECT_TRUE(check_config(*load_config("", {}, {{"gateway.forward_listen", "127.0.0.1:4612"}})));
    const auto refused = check_config(*load_config("", {}, {{"gateway.forward_listen", "0.0.0.0:4612"}}));
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("forward proxy"), std::string::npos);
    EXPECT_TRUE(
        check_config(*load_config("", {}, {{"gateway.forward_listen", "0.0.0.0:4612"}, {"allow_plain_http", "true"}})));
    const auto listed =
        load_config(write("[[gateway.listeners]]\nlisten = \"0.0.0.0:1\"\nmode = \"forward\"\n"), {}, {});
    EXPECT_FALSE(check_config(*listed));
}

TEST_F(ConfigTest, HoldsSayWhatTheyKeep) {
    const auto file = write(R"(
[[holds]]
name = "case 4711"
account = "111122223333"
user = "ana"
resource = "arn:aws:s3:::payroll"
from = "2026-01-01"
to = "2026-03-31"
[[holds]]
name = "everything since"
from = "2026-01-01T08:00:00+01:00"
)");
    const auto config = load_config(file, {}, {});
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_EQ(config->holds.size(), 2u);
    EXPECT_EQ(describe(config->holds[0]),
              "account 111122223333, user ana, resource arn:aws:s3:::payroll, from 2026-01-01T00:00:00Z, to "
              "2026-04-01T00:00:00Z");
    EXPECT_EQ(describe(config->holds[1]), "from 2026-01-01T07:00:00Z");
}

TEST_F(ConfigTest, AHoldThatCannotBeMeantIsRefusedWithItsLine) {
    const struct {
        const char* text;
        const char* error;
    } rows[] = {
        {"[[holds]]\nuser = \"ana\"\n", "holds has no name"},
        {"[[holds]]\nname = \"a\"\nusers = \"ana\"\n", "holds has no member \"users\""},
        {"[[holds]]\nname = \"a\"\naccount = \"123\"\n", "is not 12 digits"},
        {"[[holds]]\nname = \"a\"\nfrom = \"yesterday\"\n", "from of holds is neither a day nor a time"},
        {"[[holds]]\nname = \"a\"\nfrom = \"2026-02-01\"\nto = \"2026-01-01\"\n", "nothing between from and to"},
        {"holds = 3\n", "holds is not a list of tables"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.text);
        const auto config = load_config(write(row.text), {}, {});
        ASSERT_FALSE(config);
        EXPECT_EQ(config.error().code, Code::invalid);
        EXPECT_NE(config.error().message.find(row.error), std::string::npos) << config.error().message;
        EXPECT_NE(config.error().message.find("line "), std::string::npos) << config.error().message;
    }
}

TEST_F(ConfigTest, SizesThatNoFileCanHaveAreRefused) {
    for (const auto& [key, value] :
         std::vector<std::pair<std::string, std::string>>{{"storage.identity_table", "0"},
                                                          {"storage.identity_table", "256"},
                                                          {"history.head_events", "1"},
                                                          {"history.head_events", "99999999"}}) {
        SCOPED_TRACE(key + "=" + value);
        const auto config = load_config("", {}, {{key, value}});
        ASSERT_FALSE(config);
        EXPECT_NE(config.error().message.find(key), std::string::npos) << config.error().message;
    }
}

TEST_F(ConfigTest, AServiceElsewhere) {
    const auto file = write(
        "[s3]\nendpoint = \"https://minio.example.com:9000\"\naccess_key_id = \"AK\"\npath_style = true\nca_file = "
        "\"/ca.pem\"\n");
    const auto config =
        load_config(file, {{"CAIRN_S3_SECRET_ACCESS_KEY", "very secret"}}, {{"s3.region", "eu-west-1"}});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(config->s3.configured());
    EXPECT_EQ(config->s3.access_key_id, "AK");
    EXPECT_EQ(config->s3.secret_access_key, "very secret");
    EXPECT_EQ(config->s3.region, "eu-west-1");
    EXPECT_EQ(config->s3.ca_file, "/ca.pem");
    EXPECT_EQ(config->s3_path_style, "true");
    EXPECT_TRUE(check_config(*config));
    EXPECT_FALSE(load_config("", {}, {})->s3.configured());

    const std::map<std::string, std::string> wrong[] = {{{"s3.endpoint", "minio:9000"}},
                                                        {{"s3.access_key_id", "AK"}},
                                                        {{"s3.secret_access_key", "very secret"}},
                                                        {{"s3.role_arn", "arn:r"}}};
    for (const auto& overrides : wrong) {
        const auto refused = check_config(*load_config("", {}, overrides));
        ASSERT_FALSE(refused) << overrides.begin()->first;
        EXPECT_NE(refused.error().message.find("s3."), std::string::npos);
        EXPECT_EQ(refused.error().message.find("very secret"), std::string::npos);
    }
    EXPECT_FALSE(load_config("", {}, {{"s3.path_style", "maybe"}}));
}

TEST_F(ConfigTest, EachServiceElsewhereHasASection) {
    const auto file = write(R"(
[sns]
endpoint = "https://sns.example.com"
[logs]
endpoint = "https://logs.example.com"
[kms]
endpoint = "https://kms.example.com"
region = "eu-west-1"
)");
    const auto config = load_config(file, {{"CAIRN_LOGS_PROFILE", "audit"}}, {});
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(check_config(*config));
    EXPECT_EQ(config->sns.endpoint, "https://sns.example.com");
    EXPECT_EQ(config->logs.profile, "audit");
    EXPECT_EQ(config->kms.region, "eu-west-1");
    for (const std::string section : {"sns", "logs", "kms"}) {
        const auto refused = check_config(*load_config("", {}, {{section + ".endpoint", "example.com"}}));
        ASSERT_FALSE(refused) << section;
        EXPECT_EQ(refused.error().message, section + ".endpoint begins with http:// or https://");
    }
}
