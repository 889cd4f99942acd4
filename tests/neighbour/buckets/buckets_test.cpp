#include "neighbour/buckets/buckets.h"

#include <map>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::neighbour {
namespace {

/// Buckets and objects in memory, as far as writing needs them.
class MemoryObjects final : public ObjectStore {
public:
    Result<std::string> put(const std::string& bucket, const std::string& key, std::string_view bytes,
                            const ObjectHeaders& headers, std::string_view) override {
        buckets[bucket][key] = {std::string(bytes), headers};
        return std::string("etag");
    }
    Result<Object> get(const std::string&, const std::string&, const ObjectRange&, const ObjectConditions&) override {
        return fail(Code::internal, "not used");
    }
    Result<ObjectInfo> head(const std::string&, const std::string&) override {
        return fail(Code::internal, "not used");
    }
    Result<ListPage> list(const std::string&, const ListRequest&) override { return fail(Code::internal, "not used"); }
    Result<void> remove(const std::string&, const std::string&) override { return {}; }
    Result<void> create_bucket(const std::string& bucket) override {
        if (!buckets.try_emplace(bucket).second) return fail(Code::conflict, "BucketAlreadyOwnedByYou: it is there");
        return {};
    }
    Result<void> delete_bucket(const std::string& bucket) override {
        if (!buckets[bucket].empty()) return fail(Code::conflict, "BucketNotEmpty: it holds objects");
        buckets.erase(bucket);
        return {};
    }
    Result<void> head_bucket(const std::string&) override { return {}; }
    Result<std::vector<BucketInfo>> list_buckets() override { return std::vector<BucketInfo>{}; }

    struct Stored {
        std::string bytes;
        ObjectHeaders headers;
    };
    std::map<std::string, std::map<std::string, Stored>> buckets;
};

class OneKey final : public KeyService {
public:
    static constexpr const char* arn = "arn:aws:kms:us-east-1:111122223333:key/k";
    Result<KeyFacts> describe(const std::string& key_arn) override {
        if (away) return fail(Code::unavailable, "nobody answers");
        if (key_arn != arn) return fail(Code::not_found, "NotFoundException: none");
        return KeyFacts{arn, enabled, true};
    }
    Result<void> prove_use(const std::string&, const std::string&) override { return {}; }
    bool enabled = true, away = false;
};

class BucketsTest : public ::testing::Test {
protected:
    support::MemoryMetaStore store_;
    MemoryObjects objects_;
    support::FakeClock clock_;
    Buckets buckets_{store_, objects_, clock_, nullptr, false};
    const DeliveryCaller caller_{"arn:aws:cloudtrail:us-east-1:111122223333:trail/one", "111122223333"};
    const std::string policy_ = R"({"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs"},
        {"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/AWSLogs/*",
         "Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:SourceArn":"arn:aws:cloudtrail:us-east-1:111122223333:trail/one"}}}]})";
};

TEST_F(BucketsTest, ANameHasOneOwner) {
    const auto made = buckets_.create("logs", "111122223333", "eu-west-1");
    ASSERT_TRUE(made);
    EXPECT_TRUE(
        buckets_.create("logs", "111122223333", "eu-west-1").error().message.starts_with("BucketAlreadyOwnedByYou: "));
    EXPECT_TRUE(
        buckets_.create("logs", "999999999999", "eu-west-1").error().message.starts_with("BucketAlreadyExists: "));
    EXPECT_EQ(buckets_.list("111122223333")->size(), 1u);
    EXPECT_TRUE(buckets_.list("999999999999")->empty());
    EXPECT_EQ(buckets_.find("logs")->region, "eu-west-1");
    EXPECT_EQ(buckets_.find("other").error().code, Code::not_found);
}

TEST_F(BucketsTest, ANewBucketAndPolicyAreTold) {
    int told = 0;
    buckets_.on_change([&] { ++told; });
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    EXPECT_EQ(told, 1);
    ASSERT_FALSE(buckets_.create("logs", "111122223333", "us-east-1"));
    ASSERT_FALSE(buckets_.set_policy("other", policy_));
    EXPECT_EQ(told, 1) << "nothing changed";
    ASSERT_TRUE(buckets_.set_policy("logs", policy_));
    EXPECT_EQ(told, 2);
}

TEST_F(BucketsTest, OnlyAnEmptyOneCanGo) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    objects_.buckets["logs"]["k"] = {};
    EXPECT_TRUE(buckets_.remove("logs").error().message.starts_with("BucketNotEmpty: "));
    EXPECT_TRUE(buckets_.find("logs"));
    objects_.buckets["logs"].clear();
    EXPECT_TRUE(buckets_.remove("logs"));
    EXPECT_TRUE(buckets_.remove("logs").error().message.starts_with("NoSuchBucket: "));
    EXPECT_TRUE(buckets_.create("logs", "999999999999", "us-east-1")) << "the name is free again";
}

TEST_F(BucketsTest, TrailsWriteWhatThePolicyAllows) {
    EXPECT_TRUE(buckets_.check(caller_, "logs").error().message.starts_with("NoSuchBucket: "));
    ASSERT_TRUE(buckets_.create("logs", "999999999999", "us-east-1"));
    EXPECT_TRUE(buckets_.check(caller_, "logs").error().message.starts_with("AccessDenied: "));
    ASSERT_TRUE(buckets_.set_policy("logs", policy_));
    EXPECT_TRUE(buckets_.check(caller_, "logs"));
    ASSERT_TRUE(buckets_.put(caller_, "logs", "AWSLogs/x.json.gz", {"bytes", {{"signature", "s"}}, std::nullopt}));
    const auto& written = objects_.buckets["logs"]["AWSLogs/x.json.gz"];
    EXPECT_EQ(written.bytes, "bytes");
    EXPECT_EQ(written.headers.content_type, "application/json");
    EXPECT_EQ(written.headers.content_encoding, "gzip");
    EXPECT_EQ(written.headers.acl, "bucket-owner-full-control");
    EXPECT_EQ(written.headers.metadata, (std::vector<std::pair<std::string, std::string>>{{"signature", "s"}}));
    EXPECT_EQ(written.headers.encryption, Encryption::aes256);

    EXPECT_TRUE(buckets_.put(caller_, "logs", "other/x", {}).error().message.starts_with("AccessDenied: "));
    const DeliveryCaller other{"arn:aws:cloudtrail:us-east-1:111122223333:trail/two", "111122223333"};
    EXPECT_TRUE(buckets_.put(other, "logs", "AWSLogs/x", {}).error().message.starts_with("AccessDenied: "));
    ASSERT_TRUE(buckets_.set_policy("logs", ""));
    EXPECT_TRUE(buckets_.put(caller_, "logs", "AWSLogs/x", {}).error().message.starts_with("AccessDenied: "))
        << "a policy that is taken away counts at once";
}

TEST_F(BucketsTest, PoliciesFromBeforeThereWasAServicePrincipal) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    const auto allowed = [&](const std::string& principal, const std::string& effect = "Allow") {
        EXPECT_TRUE(buckets_.set_policy(
            "logs",
            R"({"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"x.amazonaws.com"},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs"},)"
            R"({"Effect":")" +
                effect + R"(","Principal":{"AWS":)" + principal +
                R"(},"Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs"}]})"));
        return buckets_.check(caller_, "logs").has_value();
    };
    EXPECT_TRUE(allowed(R"(["arn:aws:iam::903692715234:root","arn:aws:iam::859597730677:root"])"));
    EXPECT_TRUE(allowed(R"("086441151436")"));
    EXPECT_FALSE(allowed(R"("086441151436")", "Deny"));
    EXPECT_FALSE(allowed(R"("086441151437")"));
    EXPECT_FALSE(allowed(R"("arn:aws:iam::903692715234:user/root")"));
    EXPECT_FALSE(allowed(R"("111122223333")")) << "the trail's own account is not the service";
}

TEST_F(BucketsTest, PoliciesSeeTheServiceAndTheTime) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    const auto allowed = [&](const std::string& condition) {
        EXPECT_TRUE(buckets_.set_policy(
            "logs",
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},)"
            R"("Action":"s3:GetBucketAcl","Resource":"arn:aws:s3:::logs","Condition":)" +
                condition + "}]}"));
        return buckets_.check(caller_, "logs").has_value();
    };
    const auto later = format_time(std::chrono::floor<std::chrono::seconds>(clock_.now()) + std::chrono::hours(1));
    EXPECT_TRUE(allowed(R"({"DateLessThan":{"aws:CurrentTime":")" + later + R"("}})"));
    EXPECT_FALSE(allowed(R"({"DateGreaterThan":{"aws:CurrentTime":")" + later + R"("}})"));
    EXPECT_TRUE(allowed(R"({"NumericGreaterThan":{"aws:EpochTime":"1000"}})"));
    EXPECT_TRUE(
        allowed(R"({"ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":"cloudtrail.amazonaws.com"}})"));
    EXPECT_TRUE(allowed(R"({"StringEquals":{"aws:UserAgent":"cloudtrail.amazonaws.com"}})"));
    EXPECT_FALSE(allowed(R"({"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}})")) << "the service has no address";
}

TEST_F(BucketsTest, PoliciesSeeHowObjectsAreWritten) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    Buckets lenient(store_, objects_, clock_, nullptr, true);
    const std::string key = "arn:aws:kms:us-east-1:111122223333:key/k";
    const struct {
        const char* condition;
        bool plain, with_key;
    } cases[] = {
        {R"("Null":{"s3:x-amz-server-side-encryption":"false"})", true, true},
        {R"("StringEquals":{"s3:x-amz-server-side-encryption":"AES256"})", true, false},
        {R"("StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"})", false, true},
        {R"("StringEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:us-east-1:111122223333:key/k"})",
         false, true},
        {R"("StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control","aws:ResourceAccount":"111122223333"})", true,
         true},
        {R"("StringEquals":{"s3:x-amz-acl":"private"})", false, false},
    };
    for (const auto& row : cases) {
        const auto policy = fmt::format(
            R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"cloudtrail.amazonaws.com"}},)"
            R"("Action":["s3:PutObject","s3:GetBucketAcl"],"Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/*"],"Condition":{{{}}}}}]}})",
            row.condition);
        ASSERT_TRUE(buckets_.set_policy("logs", policy)) << policy;
        EXPECT_EQ(lenient.put(caller_, "logs", "AWSLogs/x", {}).has_value(), row.plain) << row.condition;
        EXPECT_EQ(lenient.put(caller_, "logs", "AWSLogs/x", {"", {}, key}).has_value(), row.with_key) << row.condition;
        EXPECT_FALSE(lenient.check(caller_, "logs")) << "to ask for the ACL has no such header: " << row.condition;
    }
}

TEST_F(BucketsTest, AKeyNeedsAKeyService) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    ASSERT_TRUE(buckets_.set_policy("logs", policy_));
    EXPECT_TRUE(buckets_.put(caller_, "logs", "AWSLogs/x", {"", {}, "arn:aws:kms:us-east-1:111122223333:key/k"})
                    .error()
                    .message.starts_with("KMS.NotFoundException: "));
    Buckets lenient(store_, objects_, clock_, nullptr, true);
    ASSERT_TRUE(lenient.put(caller_, "logs", "AWSLogs/x", {"", {}, "arn:aws:kms:us-east-1:111122223333:key/k"}));
    EXPECT_EQ(objects_.buckets["logs"]["AWSLogs/x"].headers.encryption, Encryption::kms);
}

TEST_F(BucketsTest, AKeyIsAskedForBeforeEachObject) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    ASSERT_TRUE(buckets_.set_policy("logs", policy_));
    OneKey keys;
    Buckets with_keys(store_, objects_, clock_, &keys, false);
    const auto put = [&](const char* key) {
        const auto written = with_keys.put(caller_, "logs", "AWSLogs/x", {"", {}, key});
        return written ? std::string("written") : written.error().message;
    };
    EXPECT_EQ(put(OneKey::arn), "written");
    EXPECT_EQ(objects_.buckets["logs"]["AWSLogs/x"].headers.kms_key, OneKey::arn);
    EXPECT_EQ(put("arn:aws:kms:us-east-1:111122223333:key/other"), "KMS.NotFoundException: none");
    keys.enabled = false;
    EXPECT_TRUE(put(OneKey::arn).starts_with("KMS.DisabledException: "));
    keys.away = true;
    EXPECT_EQ(put(OneKey::arn), "nobody answers");
}

TEST_F(BucketsTest, PoliciesAreCheckedWhenTheyArePut) {
    ASSERT_TRUE(buckets_.create("logs", "111122223333", "us-east-1"));
    EXPECT_TRUE(buckets_.set_policy("logs", "{}").error().message.starts_with("MalformedPolicy: "));
    EXPECT_EQ(buckets_.set_policy("none", policy_).error().code, Code::not_found);
    ASSERT_TRUE(buckets_.set_policy("logs", policy_));
    EXPECT_EQ(buckets_.find("logs")->policy, policy_) << "as it was put";
}

}  // namespace
}  // namespace cairn::neighbour
