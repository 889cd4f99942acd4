#include "view/trail/validation.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <set>

#include <gtest/gtest.h>

#include "base/gunzip.h"
#include "sign/digest.h"
#include "support/memory_meta_store.h"
#include "view/trail/chain.h"
#include "view/trail/gzip_member.h"
#include "view/trail/keys.h"

namespace cairn::trail {
namespace {

constexpr const char* account = "111122223333";
constexpr const char* region = "us-east-1";
constexpr auto hour = std::chrono::hours(1);

std::string zipped(std::string_view text) {
    GzipMember member;
    std::string out;
    member.append(text, out);
    member.finish(out);
    return out;
}

std::string unzipped(const std::string& bytes) { return inflate_member(bytes, 1 << 24)->content; }

/// Objects in memory, by "BUCKET/KEY".
class MemoryBuckets final : public ObjectStore {
public:
    Result<std::string> put(const std::string& bucket, const std::string& key, std::string_view bytes,
                            const ObjectHeaders& headers, std::string_view) override {
        auto& object = objects[bucket + "/" + key];
        object.bytes = bytes;
        object.info.headers = headers;
        object.info.modified = now;
        return std::string("etag");
    }
    Result<Object> get(const std::string& bucket, const std::string& key, const ObjectRange&,
                       const ObjectConditions&) override {
        const auto found = objects.find(bucket + "/" + key);
        if (found == objects.end()) return fail(Code::not_found, "NoSuchKey: it is not there");
        return found->second;
    }
    Result<ListPage> list(const std::string& bucket, const ListRequest& request) override {
        ListPage page;
        const auto after = request.continuation.empty() ? request.start_after : request.continuation;
        for (const auto& [name, object] : objects) {
            if (!name.starts_with(bucket + "/")) continue;
            const auto key = name.substr(bucket.size() + 1);
            if (!key.starts_with(request.prefix) || key <= after) continue;
            if (page.entries.size() == 3) {  // small pages
                page.continuation = page.entries.back().key;
                break;
            }
            page.entries.push_back({key, "etag", object.bytes.size(), object.info.modified});
        }
        return page;
    }
    Result<ObjectInfo> head(const std::string&, const std::string&) override {
        return fail(Code::internal, "not used");
    }
    Result<void> remove(const std::string&, const std::string&) override { return fail(Code::internal, "not used"); }
    Result<void> create_bucket(const std::string&) override { return fail(Code::internal, "not used"); }
    Result<void> delete_bucket(const std::string&) override { return fail(Code::internal, "not used"); }
    Result<void> head_bucket(const std::string&) override { return fail(Code::internal, "not used"); }
    Result<std::vector<BucketInfo>> list_buckets() override { return fail(Code::internal, "not used"); }

    std::map<std::string, Object> objects;
    Time now{};
};

class ValidationTest : public ::testing::Test {
protected:
    void SetUp() override {
        trail_.name = "one";
        trail_.account = account;
        trail_.home_region = region;
        trail_.id = "id";
        trail_.bucket = "bucket";
        request_ = {
            "bucket", "", "", account, region, "one", region, from_milliseconds(0), start_ + std::chrono::days(30)};
        buckets_.now = start_;
        begin();
        for (int i = 0; i < 6; ++i) pass(i);
    }

    void deliver(Result<std::vector<DigestToDeliver>> made) {
        ASSERT_TRUE(made);
        for (const auto& one : *made) {
            ObjectHeaders headers;
            headers.metadata = {{"signature", one.digest.signature}, {"signature-algorithm", "SHA256withRSA"}};
            ASSERT_TRUE(buckets_.put(one.bucket, one.key, zipped(one.digest.json), headers, {}));
            digests_.push_back(one.bucket + "/" + one.key);
        }
    }
    template <class Step>
    void step(Step&& work) {
        Result<std::vector<DigestToDeliver>> made;
        const auto key = keys_.current(region, buckets_.now);
        ASSERT_TRUE(key);
        const ChainContext used{trail_, &*key, hour};
        ASSERT_TRUE(store_.transact([&](Transaction& transaction) -> Result<void> {
            made = work(transaction, used);
            return made ? Result<void>() : Result<void>(fail(made.error()));
        }));
        deliver(std::move(made));
    }
    void begin() {
        step([&](Transaction& transaction, const ChainContext& used) {
            return begin_chain(transaction, name_, used, buckets_.now);
        });
    }
    void close() {
        step([&](Transaction& transaction, const ChainContext& used) {
            return close_windows(transaction, name_, used, buckets_.now, 100);
        });
    }

    /// An hour with a log file that holds the event `event`.
    void pass(int event) {
        buckets_.now += std::chrono::minutes(10);
        const auto text =
            fmt::format(R"({{"Records":[{{"requestParameters":{{"eventID":"same"}},"eventID":"{}"}}]}})", event);
        const auto prefix = trail_.prefix.value_or("");
        const auto key = log_file_key({prefix, "", account, "CloudTrail", region}, buckets_.now, unique_name());
        ASSERT_TRUE(buckets_.put(trail_.bucket, key, zipped(text), {}, {}));
        logs_.push_back(trail_.bucket + "/" + key);
        ASSERT_TRUE(store_.transact([&](Transaction& transaction) {
            return add_file(transaction, name_,
                            {trail_.bucket, key, sign::sha256_hex(text), buckets_.now, buckets_.now}, buckets_.now,
                            buckets_.now);
        }));
        buckets_.now += std::chrono::minutes(50);
        close();
    }

    ValidationReport run() {
        auto report =
            validate(buckets_, request_, [&](std::string_view, Time from, Time to) { return find_keys(from, to); });
        EXPECT_TRUE(report);
        return report ? std::move(*report) : ValidationReport();
    }
    Result<std::vector<PublicKey>> find_keys(Time from, Time to) {
        return no_keys_ ? std::vector<PublicKey>() : keys_.list(region, from, to);
    }

    /// What was found, as "name object: message".
    std::vector<std::string> found() {
        std::vector<std::string> lines;
        for (const auto& finding : run().findings)
            lines.push_back(fmt::format("{} {}: {}", finding_name(finding.kind), finding.object, finding.message));
        return lines;
    }
    using Lines = std::vector<std::string>;
    static std::string line(const char* name, const std::string& object, const char* message) {
        return fmt::format("{} s3://{}: {}", name, object, message);
    }

    const Time start_ = *parse_time("2026-11-21T15:29:23Z");
    support::MemoryMetaStore store_;
    sign::SecretBox box_{std::string(32, 'k')};
    SigningKeys keys_{store_, box_};
    MemoryBuckets buckets_;
    Trail trail_;
    const ChainName name_{"id", account, region};
    ValidationRequest request_;
    std::vector<std::string> digests_, logs_;  // oldest first; the first digest is the starting one
    bool no_keys_ = false;
};

TEST_F(ValidationTest, AnUntouchedBucketIsValid) {
    const auto report = run();
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.digests.valid, 7u);
    EXPECT_EQ(report.logs.valid, 6u);
    EXPECT_EQ(report.digests.invalid + report.logs.invalid, 0u);
    EXPECT_EQ(report.found_to, start_ + 6 * hour);
}

TEST_F(ValidationTest, AChainIsFollowedIntoOtherPrefixesAndBuckets) {
    request_.prefix = "later";
    trail_.prefix = request_.prefix;
    pass(6);
    pass(7);
    request_.bucket = trail_.bucket = "other";
    pass(8);
    const auto report = run();
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.digests.valid, 10u);
    EXPECT_EQ(report.logs.valid, 9u);

    auto stranger = logs_[2];
    stranger.replace(stranger.size() - 24, 4, "zzzz");
    buckets_.objects[stranger] = buckets_.objects[logs_[2]];
    EXPECT_EQ(found(), Lines{line("log_unnamed", stranger, "no digest names it")});
    buckets_.objects.erase(stranger);
    buckets_.objects.erase(digests_[3]);
    EXPECT_EQ(found(), (Lines{line("digest_missing", digests_[3], "not found"),
                              line("log_unnamed", logs_[2], "no digest names it")}));
}

TEST_F(ValidationTest, LogFilesThatChangedAreFound) {
    buckets_.objects[logs_[1]].bytes = zipped("{}");
    EXPECT_EQ(found(), Lines{line("log_hash", logs_[1], "hash value doesn't match")});
    buckets_.objects[logs_[1]].bytes = "none";
    EXPECT_EQ(found(), Lines{line("log_format", logs_[1], "invalid format")});
    buckets_.objects.erase(logs_[1]);
    EXPECT_EQ(found(), Lines{line("log_missing", logs_[1], "not found")});
    EXPECT_EQ(run().logs.invalid, 1u);
}

TEST_F(ValidationTest, LogFilesThatGrewAreFound) {
    buckets_.objects[logs_[1]].bytes += "more";
    EXPECT_EQ(found(), Lines{line("log_trailing", logs_[1], "unexpected data after end of compressed stream")});
    buckets_.objects[logs_[1]].bytes.resize(buckets_.objects[logs_[1]].bytes.size() - 14);
    EXPECT_EQ(found(), Lines{line("log_cut", logs_[1], "ends before the end of its compressed stream")});
}

TEST_F(ValidationTest, DigestsThatChangedAreFound) {
    const auto good = buckets_.objects[digests_[2]];
    auto text = unzipped(good.bytes);
    text.replace(text.find("logFiles"), 8, "logfiles");
    buckets_.objects[digests_[2]].bytes = zipped(text);
    EXPECT_EQ(found().front(), line("digest_signature", digests_[2], "signature verification failed"));
    buckets_.objects[digests_[2]].bytes = "none";
    EXPECT_EQ(found().front(), line("digest_format", digests_[2], "invalid format"));
    buckets_.objects[digests_[2]] = good;
    buckets_.objects[digests_[2]].info.headers.metadata.clear();
    EXPECT_EQ(found(), Lines{line("digest_signature", digests_[2], "signature verification failed")});
    buckets_.objects[digests_[2]] = good;
    buckets_.objects[digests_[2]].bytes += "more";
    EXPECT_EQ(found(), Lines{line("digest_trailing", digests_[2], "unexpected data after end of compressed stream")});
}

TEST_F(ValidationTest, AMovedDigestIsFound) {
    buckets_.objects[digests_[3]] = buckets_.objects[digests_[4]];
    EXPECT_EQ(found().front(), line("digest_moved", digests_[3], "has been moved from its original location"));
}

TEST_F(ValidationTest, DeletedDigestsAreFoundAndCounted) {
    buckets_.objects.erase(digests_[3]);
    const auto one = found();
    EXPECT_EQ(one, (Lines{line("digest_missing", digests_[3], "not found"),
                          line("log_unnamed", logs_[2], "no digest names it")}));
    buckets_.objects.erase(digests_[2]);
    const auto two = found();
    ASSERT_EQ(two.size(), 4u);
    EXPECT_EQ(two[0], line("digest_missing", digests_[3], "not found"));
    EXPECT_EQ(two[1], line("digest_run_missing", digests_[3],
                           "2 digests in a row are not found, between 2026-11-21T16:29:23Z and 2026-11-21T18:29:23Z"));
}

TEST_F(ValidationTest, WhatRetentionRemovedIsCountedAndNoProblem) {
    std::set<std::string> removed;
    request_.removed = [&](const std::string& bucket, const std::string& key) {
        return removed.contains(bucket + "/" + key);
    };
    const auto retention = [&](const std::string& object) {
        buckets_.objects.erase(object);
        removed.insert(object);
    };
    for (int i = 0; i < 3; ++i) retention(digests_[i]);
    for (int i = 0; i < 4; ++i) retention(logs_[i]);
    const auto report = run();
    EXPECT_TRUE(report.findings.empty()) << found().front();
    EXPECT_EQ(report.digests.valid, 4u);
    EXPECT_EQ(report.digests.invalid + report.logs.invalid, 0u);
    EXPECT_EQ(report.removed_digests, 1u) << "the one that is named";
    EXPECT_EQ(report.removed_logs, 2u) << "those that digests which are left name";
    EXPECT_EQ(report.logs.valid, 2u);
    buckets_.objects.erase(logs_[4]);
    EXPECT_EQ(found(), Lines{line("log_missing", logs_[4], "not found")});
}

TEST_F(ValidationTest, ADigestThatWasWrittenAgainBreaksBothLinks) {
    const auto key = digests_[2].substr(std::string("bucket/").size());
    const auto earlier = unzipped(buckets_.objects[digests_[1]].bytes);
    Digest forged{account,
                  start_ + hour,
                  start_ + 2 * hour,
                  "bucket",
                  key,
                  keys_.current(region, start_)->shown.fingerprint,
                  PreviousDigest{"bucket", digests_[1].substr(std::string("bucket/").size()), sign::sha256_hex(earlier),
                                 buckets_.objects[digests_[1]].info.headers.metadata[0].second},
                  {}};
    const auto made = sign_digest(forged, *keys_.current(region, start_)->secret);
    buckets_.objects[digests_[2]].bytes = zipped(made.json);
    buckets_.objects[digests_[2]].info.headers.metadata[0].second = made.signature;
    const auto lines = found();
    ASSERT_EQ(lines.size(), 3u);
    EXPECT_TRUE(lines[0].starts_with("digest_link_hash s3://" + digests_[2])) << lines[0];
    EXPECT_TRUE(lines[1].starts_with("digest_link_signature s3://" + digests_[2])) << lines[1];
    EXPECT_EQ(lines[2], line("log_unnamed", logs_[1], "no digest names it"));
    EXPECT_EQ(run().digests.invalid, 0u) << "the signature itself is good";
}

TEST_F(ValidationTest, AStrangerAmongTheLogFilesIsFound) {
    auto stranger = logs_[2];
    stranger.replace(stranger.size() - 24, 4, "zzzz");
    buckets_.objects[stranger] = buckets_.objects[logs_[2]];
    EXPECT_EQ(found(), Lines{line("log_unnamed", stranger, "no digest names it")});
}

TEST_F(ValidationTest, AnEventInTwoFilesIsFound) {
    pass(3);
    const auto lines = found();
    ASSERT_EQ(lines.size(), 1u) << "equal members of another place are no event IDs";
    EXPECT_TRUE(lines[0].starts_with("event_in_two_files s3://"));
    EXPECT_TRUE(lines[0].ends_with("eventID 3"));
    request_.event_ids_max = 2;  // nearly all go to the file
    EXPECT_EQ(found(), lines);
    request_.check_events = false;
    EXPECT_TRUE(found().empty());
}

TEST_F(ValidationTest, AFileInTwoDigestsIsFound) {
    const auto text = unzipped(buckets_.objects[logs_[5]].bytes);
    ASSERT_TRUE(store_.transact([&](Transaction& transaction) {
        return add_file(transaction, name_,
                        {"bucket", logs_[5].substr(7), sign::sha256_hex(text), buckets_.now, buckets_.now},
                        buckets_.now, buckets_.now);
    }));
    buckets_.now += hour;
    close();
    const auto lines = found();
    ASSERT_FALSE(lines.empty());
    EXPECT_TRUE(lines[0].starts_with("log_in_two_digests s3://" + logs_[5])) << lines[0];
}

TEST_F(ValidationTest, AStopIsAGapAndNoProblem) {
    ASSERT_TRUE(store_.transact([&](Transaction& transaction) { return end_chain(transaction, name_, buckets_.now); }));
    buckets_.now += hour;
    close();
    buckets_.now += 5 * hour;
    begin();
    const auto report = run();
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].message,
              "No log files were delivered by CloudTrail between 2026-11-21T22:29:23Z and 2026-11-22T02:29:23Z");
    EXPECT_EQ(report.problems(), 0u);
}

TEST_F(ValidationTest, KeysMustBeKnownAndValid) {
    no_keys_ = true;
    EXPECT_EQ(run().digests.invalid, 7u);
    EXPECT_NE(found()[0].find("public key not found in region us-east-1 for fingerprint "), std::string::npos);
    auto keys = *keys_.list(region, start_, buckets_.now);
    for (auto& key : keys) key.valid_to = start_ + 3 * hour + std::chrono::minutes(1);
    const auto report = *validate(buckets_, request_,
                                  [&](std::string_view, Time, Time) { return Result<std::vector<PublicKey>>(keys); });
    EXPECT_EQ(std::ranges::count(report.findings, FindingKind::digest_key_period, &Finding::kind), 3);
    for (auto& key : keys) key.der = "none";
    const auto unreadable = *validate(
        buckets_, request_, [&](std::string_view, Time, Time) { return Result<std::vector<PublicKey>>(keys); });
    EXPECT_EQ(unreadable.findings[0].kind, FindingKind::digest_key_unreadable);
}

TEST_F(ValidationTest, ACopyWithoutMetadataIsCheckedByTheDigestAfter) {
    for (const auto& digest : digests_) buckets_.objects[digest].info.headers.metadata.clear();
    request_.metadata_kept = false;
    const auto report = run();
    ASSERT_EQ(report.findings.size(), 1u);
    EXPECT_EQ(report.findings[0].kind, FindingKind::digest_unsigned);
    EXPECT_EQ(report.digests.valid, 6u);
    EXPECT_EQ(report.logs.valid, 6u);
}

TEST_F(ValidationTest, OnlyWhatWasAskedForIsRead) {
    request_.from = start_ + 2 * hour + std::chrono::minutes(30);
    buckets_.objects[logs_[0]].bytes = "none";
    EXPECT_TRUE(run().findings.empty());
    EXPECT_EQ(run().digests.valid, 4u);
}

}  // namespace
}  // namespace cairn::trail
