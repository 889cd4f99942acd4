#include "api/s3_fixture.h"

#include <fmt/format.h>

#include "sign/digest.h"
#include "sign/sigv4.h"

namespace cairn::api::test {

namespace {

std::string allow(const std::string& actions, const std::string& resource) {
    return R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":)" + actions + R"(,"Resource":")" +
           resource + R"("}})";
}

std::vector<identity::FixedAccount> accounts() {
    identity::FixedAccount first;
    first.id = home;
    first.root_keys = {{"AKIAHOMEROOT00000000", "root secret"}};
    first.users = {
        {"reader",
         {allow(R"(["s3:GetObject","s3:ListBucket"])", "arn:aws:s3:::logs*")},
         {{"AKIAHOMEREADER000000", "reader secret"}}},
        {"getter", {allow(R"("s3:GetObject")", "arn:aws:s3:::logs/*")}, {{"AKIAHOMEGETTER000000", "getter secret"}}},
        {"nobody", {}, {{"AKIAHOMENOBODY000000", "nobody secret"}}}};
    identity::FixedAccount second;
    second.id = other;
    second.root_keys = {{"AKIAOTHERROOT0000000", "other secret"}};
    second.users = {{"idle", {}, {{"AKIAOTHERIDLE0000000", "idle secret"}}}};
    return {first, second};
}

sign::Credentials credentials(const std::string& key) {
    if (key == "root") return {"AKIAHOMEROOT00000000", "root secret", ""};
    if (key == "reader") return {"AKIAHOMEREADER000000", "reader secret", ""};
    if (key == "getter") return {"AKIAHOMEGETTER000000", "getter secret", ""};
    if (key == "nobody") return {"AKIAHOMENOBODY000000", "nobody secret", ""};
    if (key == "other") return {"AKIAOTHERROOT0000000", "other secret", ""};
    if (key == "idle") return {"AKIAOTHERIDLE0000000", "idle secret", ""};
    return {"AKIAUNKNOWN000000000", key, ""};
}

std::unique_ptr<EmbeddedStore> open_store(Disk& disk, MetaStore& meta, support::FakeClock& clock) {
    clock.set(*parse_time("2026-01-02T04:00:00Z"));
    return std::move(*open_dir_store(disk, "buckets", meta, clock));
}

}  // namespace

S3Test::S3Test()
    : objects_(open_store(disk_, meta_, clock_)),
      buckets_(meta_, *objects_, clock_, nullptr, false),
      services_{.buckets = buckets_, .retention = *objects_},
      directory_(meta_, sign::SecretBox(std::string(32, 'k')), clock_, accounts(), "999999999999"),
      authenticator_(directory_, clock_, {}),
      engine_({}, &services_,
              [this](const identity::IncomingRequest& request, const std::vector<std::string_view>& services,
                     bool bearer, bool unsigned_payload) {
                  return authenticator_.authenticate(request, services, bearer, unsigned_payload);
              }) {}

net::Request S3Test::request(const std::string& method, const std::string& target, const std::string& key,
                             std::string body, net::Headers headers) const {
    net::Request made{.method = method,
                      .target = target,
                      .headers = std::move(headers),
                      .body = std::move(body),
                      .peer_address = "192.0.2.9"};
    if (made.find("host").empty()) made.headers.emplace_back("Host", "127.0.0.1:4610");
    made.body.reserve(made.body.size() + 64);
    if (key.empty()) return made;
    const auto hash = made.find("x-amz-content-sha256").empty() ? sign::sha256_hex(made.body)
                                                                : std::string(made.find("x-amz-content-sha256"));
    auto to_sign = made.headers;
    std::erase_if(to_sign, [](const auto& header) { return header.first == "x-amz-content-sha256"; });
    auto added = sign::sign({method, target, &to_sign, hash}, credentials(key), "eu-west-1", "s3", clock_.now(), false);
    made.headers = std::move(to_sign);
    made.headers.insert(made.headers.end(), added.begin(), added.end());
    return made;
}

Answer S3Test::call(const std::string& method, const std::string& target, const std::string& key,
                    const std::string& body, net::Headers headers) {
    return engine_.call(request(method, target, key, body, std::move(headers)));
}

std::string S3Test::presigned(const std::string& method, const std::string& target, const std::string& key,
                              std::chrono::seconds expires) const {
    const sign::Headers headers{{"Host", "127.0.0.1:4610"}};
    return sign::sign_query({method, target, &headers, "UNSIGNED-PAYLOAD"}, credentials(key), "eu-west-1", "s3",
                            clock_.now(), expires, false);
}

std::string S3Test::presigned_v2(const std::string& target, const std::string& bucket, const std::string& key,
                                 std::chrono::seconds expires) const {
    const sign::Headers none;
    return sign::presign_v2({"GET", target, &none, {}}, bucket, credentials(key), clock_.now() + expires);
}

void S3Test::make_bucket(const std::string& name, const std::string& account) {
    ASSERT_TRUE(buckets_.create(name, account, "eu-west-1"));
}

void S3Test::put(const std::string& key, const std::string& bytes, const ObjectHeaders& headers,
                 const std::string& bucket) {
    const auto done = objects_->put(bucket, key, bytes, headers);
    ASSERT_TRUE(done) << key << ": " << done.error().message;
}

void S3Test::set_policy(const std::string& statements, const std::string& bucket) {
    const auto set = buckets_.set_policy(bucket, R"({"Version":"2012-10-17","Statement":[)" + statements + "]}");
    ASSERT_TRUE(set) << set.error().message;
}

pugi::xml_document xml_of(const Answer& answer) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_buffer(answer.response.body.data(), answer.response.body.size(),
                                     pugi::parse_default | pugi::parse_ws_pcdata_single))
        << answer.response.body;
    return document;
}

std::string error_of(const Answer& answer) {
    const auto document = xml_of(answer);
    return fmt::format("{} {}", answer.response.status, document.child("Error").child("Code").text().get());
}

std::vector<std::string> texts(const Answer& answer, const char* parent, const char* name) {
    std::vector<std::string> found;
    const auto document = xml_of(answer);
    for (const auto& node : document.document_element().children(parent))
        found.emplace_back(node.child(name).text().get());
    return found;
}

}  // namespace cairn::api::test
