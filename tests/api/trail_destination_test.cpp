#include "api/trail_destination.h"

#include <map>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/trail_calls.h"
#include "base/deadline.h"
#include "support/fake_clock.h"
#include "support/memory_meta_store.h"

namespace cairn::api {
namespace {

constexpr const char* account = "111122223333";
constexpr const char* key = "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-3333-4444-555555555555";
constexpr const char* group = "arn:aws:logs:us-east-1:111122223333:log-group:g:*";

/// What was done where, in order, by everybody.
using Steps = std::vector<std::string>;

class FakeBuckets final : public DeliveryStore {
public:
    explicit FakeBuckets(Steps& steps) : steps_(steps) {}
    Result<void> check(const DeliveryCaller&, const std::string&) override { return {}; }
    Result<void> put(const DeliveryCaller&, const std::string&, const std::string& path,
                     const DeliveryObject& object) override {
        steps_.push_back(fmt::format("put {} {}", path, object.key_arn.value_or("")));
        return answer;
    }
    Result<void> answer;

private:
    Steps& steps_;
};

class FakeTopics final : public Notifier {
public:
    explicit FakeTopics(Steps& steps) : steps_(steps) {}
    Result<void> publish(const std::string& topic_arn, const std::string& message,
                         const std::string& trail_arn) override {
        steps_.push_back(fmt::format("publish {} {} {}", topic_arn, message, trail_arn));
        time_left = Deadline::left(std::chrono::hours(1));
        std::this_thread::sleep_for(takes);
        return answer;
    }
    Result<void> answer;
    std::chrono::milliseconds takes{0}, time_left{};

private:
    Steps& steps_;
};

class FakeLogs final : public LogSink {
public:
    explicit FakeLogs(Steps& steps) : steps_(steps) {}
    Result<void> create_stream(const LogStream& stream) override {
        steps_.push_back(fmt::format("stream {} {}", stream.group_arn, stream.name));
        time_left = Deadline::left(std::chrono::hours(1));
        return answer;
    }
    std::chrono::milliseconds time_left{};
    Result<void> put(const LogStream&, Time, const std::vector<std::string_view>&) override {
        return fail(Code::internal, "no test event is sent");
    }
    Result<void> answer;

private:
    Steps& steps_;
};

class FakeKeys final : public KeyService {
public:
    explicit FakeKeys(Steps& steps) : steps_(steps) {}
    Result<KeyFacts> describe(const std::string& key_arn) override {
        const auto named = names.find(key_arn);
        return named == names.end() ? fail(Code::not_found, "NotFoundException: none") : named->second;
    }
    Result<void> prove_use(const std::string& key_arn, const std::string& trail_arn) override {
        steps_.push_back(fmt::format("prove {} {}", key_arn, trail_arn));
        return proof;
    }
    std::map<std::string, Result<KeyFacts>> names{
        {key, KeyFacts{key, true, true}},
        {"arn:aws:kms:us-east-1:111122223333:alias/trails", KeyFacts{key, true, true}}};
    Result<void> proof;

private:
    Steps& steps_;
};

class TrailDestination : public ::testing::Test {
protected:
    std::string ask(const std::string& operation, const std::string& input) {
        Call call;
        call.received = clock_.now();
        call.caller.principal.account = account;
        call.caller.region = "us-east-1";
        const auto json = parse_json(input);
        EXPECT_TRUE(json) << input;
        const auto answer = find_trail_operation(operation)(services_, call, *json);
        clock_.advance(std::chrono::seconds(1));
        return answer ? to_text(*answer) : answer.error().code + ": " + answer.error().message;
    }
    std::string create(const std::string& members) {
        return ask("CreateTrail", fmt::format(R"({{"Name":"one","S3BucketName":"logs",{}}})", members));
    }
    std::string refusal(const std::string& members) {
        const auto answer = create(members);
        EXPECT_TRUE(trails_.list().empty()) << "nothing is stored";
        return answer;
    }

    Steps steps_;
    support::MemoryMetaStore store_;
    support::FakeClock clock_;
    trail::Trails trails_{store_, clock_};
    sign::SecretBox box_{std::string(32, 'k')};
    trail::SigningKeys keys_{store_, box_};
    FakeBuckets buckets_{steps_};
    FakeTopics topics_{steps_};
    FakeLogs logs_{steps_};
    FakeKeys key_service_{steps_};
    std::string bucket_region_ = "us-east-1";
    TrailServices services_{.trails = trails_,
                            .keys = keys_,
                            .store = store_,
                            .buckets = buckets_,
                            .notifier = &topics_,
                            .logs = &logs_,
                            .key_service = &key_service_,
                            .regions = {"us-east-1"},
                            .bucket_region = [this](const std::string&) { return std::optional(bucket_region_); }};
    const std::string log_members_ = fmt::format(
        R"("CloudWatchLogsLogGroupArn":"{}","CloudWatchLogsRoleArn":"arn:aws:iam::111122223333:role/r")", group);
};

TEST_F(TrailDestination, EachIsTriedInTheOrderOfTheService) {
    const auto made =
        create(R"("EnableLogFileValidation":true,"SnsTopicName":"topic","KmsKeyId":"alias/trails",)" + log_members_);
    ASSERT_EQ(made.front(), '{') << made;
    EXPECT_NE(made.find(fmt::format(R"("KmsKeyId":"{}")", key)), std::string::npos)
        << "an alias becomes its key: " << made;
    const std::string arn = "arn:aws:cloudtrail:us-east-1:111122223333:trail/one";
    EXPECT_EQ(
        steps_,
        (Steps{fmt::format("put AWSLogs/111122223333/CloudTrail/ {}", key),
               fmt::format("put AWSLogs/111122223333/CloudTrail-Digest/ {}", key), fmt::format("prove {} {}", key, arn),
               fmt::format("publish arn:aws:sns:us-east-1:111122223333:topic CloudTrail validation message. {}", arn),
               fmt::format("stream {} 111122223333_CloudTrail_us-east-1", group)}));
}

TEST_F(TrailDestination, AllThatIsTriedHasOneDeadline) {
    services_.patience = std::chrono::milliseconds(60'000);
    topics_.takes = std::chrono::milliseconds(20);
    ASSERT_EQ(create(R"("SnsTopicName":"topic",)" + log_members_).front(), '{');
    EXPECT_LE(topics_.time_left, services_.patience);
    EXPECT_LE(logs_.time_left, topics_.time_left - topics_.takes + std::chrono::milliseconds(1));
    EXPECT_EQ(Deadline::left(std::chrono::hours(1)), std::chrono::hours(1)) << "what comes later has none";
}

TEST_F(TrailDestination, AnUpdateTriesWhatItChanges) {
    create(R"("SnsTopicName":"topic","KmsKeyId":"alias/trails",)" + log_members_);
    steps_.clear();
    EXPECT_EQ(ask("UpdateTrail", R"({"Name":"one","IsMultiRegionTrail":true})").front(), '{');
    EXPECT_EQ(
        ask("UpdateTrail", fmt::format(R"({{"Name":"one","KmsKeyId":"{}","SnsTopicName":"topic"}})", key)).front(),
        '{');
    EXPECT_EQ(steps_, Steps{}) << "it has these already";
    EXPECT_EQ(ask("UpdateTrail", R"({"Name":"one","SnsTopicName":"other"})").front(), '{');
    EXPECT_EQ(steps_.size(), 1u);
    const auto renamed = ask("UpdateTrail", R"({"Name":"one","KmsKeyId":"alias/trails"})");
    EXPECT_NE(renamed.find(fmt::format(R"("KmsKeyId":"{}")", key)), std::string::npos) << renamed;
    EXPECT_EQ(ask("UpdateTrail", R"({"Name":"one","KmsKeyId":""})").find("KmsKeyId"), std::string::npos);
    topics_.answer = fail(Code::not_found, "NotFound: gone");
    EXPECT_TRUE(ask("UpdateTrail", R"({"Name":"one","SnsTopicName":"third"})")
                    .starts_with("InsufficientSnsTopicPolicyException"));
    EXPECT_NE(ask("GetTrail", R"({"Name":"one"})").find(R"("SnsTopicName":"other")"), std::string::npos)
        << "a rejected update leaves everything";
}

TEST_F(TrailDestination, TopicsAreRefusedAsTheServiceDoes) {
    const struct {
        Code code;
        const char *message, *answer;
    } cases[] = {
        {Code::not_found, "NotFound: Topic does not exist",
         "InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!"},
        {Code::denied, "AuthorizationError: no",
         "InsufficientSnsTopicPolicyException: SNS Topic does not exist or the topic policy is incorrect!"},
        {Code::denied, "InvalidClientTokenId: who",
         "CloudTrailInvalidClientTokenIdException: The call to Amazon SNS resulted in the InvalidClientTokenId error "
         "code."},
        {Code::not_found, "KMSNotFound: no key",
         "KmsKeyNotFoundException: The KMS key of the SNS topic does not exist."},
        {Code::conflict, "KMSDisabled: off", "KmsException: The KMS key of the SNS topic cannot be used: KMSDisabled"},
    };
    for (const auto& row : cases) {
        topics_.answer = fail(row.code, row.message);
        EXPECT_EQ(refusal(R"("SnsTopicName":"topic")"), row.answer);
    }
    topics_.answer = fail(Code::unavailable, "http://127.0.0.1:1: nobody there");
    EXPECT_TRUE(refusal(R"("SnsTopicName":"topic")").starts_with("ServiceUnavailable: "));
}

TEST_F(TrailDestination, LogGroupsAreRefusedAsTheServiceDoes) {
    const struct {
        Code code;
        const char *message, *answer;
    } cases[] = {
        {Code::not_found, "ResourceNotFoundException: none",
         "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN."},
        {Code::invalid, "InvalidParameterException: what",
         "InvalidCloudWatchLogsLogGroupArnException: CloudTrail cannot validate the specified log group ARN."},
        {Code::denied, "AccessDeniedException: no",
         "InvalidCloudWatchLogsLogGroupArnException: Access denied. Verify in IAM that the role has adequate "
         "permissions."},
        {Code::unavailable, "ServiceUnavailableException: later",
         "CloudWatchLogsDeliveryUnavailableException: CloudTrail cannot set a CloudWatch Logs delivery for this Region "
         "now."},
    };
    for (const auto& row : cases) {
        logs_.answer = fail(row.code, row.message);
        EXPECT_EQ(refusal(log_members_), row.answer);
    }
}

TEST_F(TrailDestination, KeysAreRefusedAsTheServiceDoes) {
    const auto with_key = fmt::format(R"("KmsKeyId":"{}")", key);
    const auto insufficient = fmt::format(
        "InsufficientEncryptionPolicyException: Insufficient permissions to access S3 bucket logs or KMS key {}.", key);
    const auto disabled =
        fmt::format("KmsException: KMS key {} cannot be used: it is disabled or pending deletion.", key);
    const auto described = [&](Result<KeyFacts> facts) {
        key_service_.names.insert_or_assign(key, std::move(facts));
        return refusal(with_key);
    };
    EXPECT_EQ(described(fail(Code::not_found, "NotFoundException: none")), insufficient);
    EXPECT_EQ(described(fail(Code::denied, "AccessDeniedException: no")), insufficient);
    EXPECT_EQ(described(fail(Code::invalid, "InvalidArnException: what")),
              fmt::format("KmsKeyNotFoundException: KMS key {} does not exist.", key));
    EXPECT_TRUE(described(fail(Code::unavailable, "nobody")).starts_with("ServiceUnavailable: "));
    EXPECT_EQ(described(KeyFacts{key, false, true}), disabled);
    EXPECT_EQ(described(KeyFacts{key, true, false}),
              fmt::format("KmsException: KMS key {} cannot be used: it is not a symmetric encryption key.", key));

    key_service_.proof = fail(Code::denied, "AccessDeniedException: no");
    EXPECT_EQ(described(KeyFacts{key, true, true}), insufficient);
    key_service_.proof = fail(Code::conflict, "DisabledException: off");
    EXPECT_EQ(refusal(with_key), disabled);
    key_service_.proof = {};
    bucket_region_ = "eu-west-1";
    EXPECT_EQ(refusal(with_key),
              fmt::format("KmsKeyNotFoundException: KMS key {} is not in the region of S3 bucket logs.", key));
    EXPECT_TRUE(refusal(R"("KmsKeyId":"what is this")").starts_with("InvalidKmsKeyIdException: "));
}

TEST_F(TrailDestination, WhatABucketSaysOfAKeyIsAboutTheKey) {
    const auto with_key = fmt::format(R"("KmsKeyId":"{}")", key);
    buckets_.answer = fail(Code::denied, "KMS.DisabledException: off");
    EXPECT_TRUE(refusal(with_key).starts_with("KmsException: "));
    buckets_.answer = fail(Code::denied, "KMS.NotFoundException: none");
    EXPECT_TRUE(refusal(with_key).starts_with("InsufficientEncryptionPolicyException: "));
    bucket_region_ = "eu-west-1";
    EXPECT_TRUE(refusal(with_key).starts_with("KmsKeyNotFoundException: ")) << "what the key service says comes first";
    buckets_.answer = fail(Code::denied, "AccessDenied: no");
    EXPECT_TRUE(refusal(with_key).starts_with("InsufficientS3BucketPolicyException: "))
        << "the bucket comes before the key";
}

TEST_F(TrailDestination, WithoutServicesThereIsNothingToName) {
    services_.notifier = nullptr;
    services_.logs = nullptr;
    services_.key_service = nullptr;
    EXPECT_TRUE(refusal(R"("SnsTopicName":"topic")").starts_with("InsufficientSnsTopicPolicyException: "));
    EXPECT_TRUE(refusal(log_members_).starts_with("InvalidCloudWatchLogsLogGroupArnException: "));
    EXPECT_TRUE(refusal(R"("KmsKeyId":"alias/trails")").starts_with("InsufficientEncryptionPolicyException: "));
}

TEST_F(TrailDestination, LenientTriesAndTakesAll) {
    services_.lenient = true;
    topics_.answer = logs_.answer = fail(Code::not_found, "NotFound: none");
    key_service_.names.clear();
    EXPECT_EQ(create(R"("SnsTopicName":"topic","KmsKeyId":"alias/other",)" + log_members_).front(), '{');
}

}  // namespace
}  // namespace cairn::api
