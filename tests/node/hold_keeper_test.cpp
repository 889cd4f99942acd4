#include "node/hold_keeper.h"

#include <gtest/gtest.h>

#include "journal/journal.h"
#include "support/fake_clock.h"
#include "support/log_batches.h"
#include "support/memory_disk.h"

namespace cairn::node {
namespace {

using std::chrono::hours;

std::string record_by(const std::string& user, const std::string& bucket,
                      const std::string& time = "2026-11-20T10:00:00Z") {
    return R"({"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:)" + user +
           R"(","arn":"arn:aws:sts::111122223333:assumed-role/ops/)" + user +
           R"(","accountId":"111122223333","accessKeyId":"ASIA)" + user +
           R"(","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/ops","userName":"ops"}}},"eventTime":")" +
           time +
           R"(","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1","eventID":"e-)" +
           user + bucket + R"(","resources":[{"type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::)" + bucket +
           R"("}],"recipientAccountId":"111122223333","eventType":"AwsApiCall","eventCategory":"Management"})";
}

Hold hold_of(const std::string& member, const std::string& value) {
    Hold hold{.name = "h", .account = {}, .user = {}, .resource = {}, .from = {}, .to = {}};
    if (member == "account") hold.account = value;
    if (member == "user") hold.user = value;
    if (member == "resource") hold.resource = value;
    if (member == "from") hold.from = parse_hold_time(value, false);
    if (member == "to") hold.to = parse_hold_time(value, true);
    return hold;
}

TEST(Hold, CoversWhatAllOfItSays) {
    auto text = record_by("ana", "payroll");
    text.reserve(text.size() + RecordParser::padding);
    RecordParser parser;
    const auto event = parser.parse(text);
    ASSERT_TRUE(event) << event.error().message;
    const struct {
        const char* member;
        const char* value;
        bool covered;
    } rows[] = {
        {"account", "111122223333", true},
        {"account", "444455556666", false},
        {"user", "ana", true},
        {"user", "ASIAana", true},
        {"user", "AROAEXAMPLE:ana", true},
        {"user", "arn:aws:sts::111122223333:assumed-role/ops/ana", true},
        {"user", "arn:aws:iam::111122223333:role/ops", true},
        {"user", "an", false},
        {"resource", "arn:aws:s3:::payroll", true},
        {"resource", "arn:aws:s3:::other", false},
        {"from", "2026-11-20T10:00:00Z", true},
        {"from", "2026-11-20T10:00:01Z", false},
        {"to", "2026-11-20T10:00:00Z", false},
        {"to", "2026-11-20", true},
        {"to", "2026-11-19", false},
        {"", "", true},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(std::string(row.member) + " " + row.value);
        EXPECT_EQ(covers(hold_of(row.member, row.value), **event), row.covered);
        auto both = hold_of(row.member, row.value);
        both.account = "444455556666";
        EXPECT_FALSE(covers(both, **event));
    }
}

class HoldKeeperTest : public testing::Test {
protected:
    void SetUp() override {
        open();
        keeper_ = std::make_unique<HoldKeeper>(*log_, FindDictionary(), metrics_);
        day({"ana", "bob"}, "one");
        day({"bob", "bob"}, "two");
        clock_.advance(hours(24 * 30));
    }

    void open() {
        journal::JournalOptions options;
        options.journal_file_bytes = 64 * 1024;
        options.background = false;
        options.archive.merge.small_bytes = 0;
        auto log = journal::Journal::open({disk_, "log", clock_, metrics_, [] { return BlockCodec{}; }, {}}, options);
        ASSERT_TRUE(log) << log.error().message;
        log_ = std::move(*log);
    }

    /// A file of its own.
    void day(const std::vector<std::string>& users, const std::string& bucket) {
        Batch batch;
        batch.first_number = log_->end();
        for (const auto& user : users) {
            auto& block = batch.blocks.emplace_back();
            block.first_number = batch.first_number + batch.event_count++;
            block.fingerprints.push_back(support::fingerprint_of(block.first_number));
            BlockBuilder builder(RetentionClass::management);
            builder.add(record_by(user, bucket), support::some_envelope());
            block.encoded = builder.finish({});
        }
        ASSERT_TRUE(support::append_and_wait(*log_, std::move(batch)));
        ASSERT_TRUE(log_->seal());
        clock_.advance(hours(24));
    }

    /// As node::Retention does it. Returns how many files went.
    std::size_t trim() {
        journal::Retention retention;
        retention.keep.fill(hours(24));
        // A first look closes the files of past days.
        (void)log_->trim(retention, [](const journal::ArchiveFileInfo&) { return true; }, log_->end());
        for (const auto& file : log_->archive_files()) keeper_->judge(file);
        const auto report = log_->trim(
            retention, [&](const journal::ArchiveFileInfo& file) { return keeper_->keeps(file); }, log_->end());
        EXPECT_TRUE(report);
        return report ? report->trimmed.size() : 0;
    }

    double metric(const std::string& name) const {
        const auto text = metrics_.render();
        const auto at = text.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::stod(text.substr(at + 1 + name.size()));
    }

    support::MemoryDisk disk_;
    support::FakeClock clock_;
    Metrics metrics_;
    std::unique_ptr<journal::Journal> log_;
    std::unique_ptr<HoldKeeper> keeper_;
};

TEST_F(HoldKeeperTest, WithoutHoldsEverythingGoes) {
    EXPECT_EQ(trim(), 2u);
    EXPECT_EQ(metric("cairn_holds"), 0);
}

TEST_F(HoldKeeperTest, AFileWithAHeldEventStaysUntilTheHoldIsLifted) {
    keeper_->set({hold_of("user", "ana")});
    EXPECT_EQ(metric("cairn_holds"), 1);
    EXPECT_EQ(trim(), 1u);
    EXPECT_EQ(metric("cairn_held_files"), 1);
    EXPECT_EQ(trim(), 0u);
    EXPECT_TRUE(log_->find(0));
    EXPECT_FALSE(log_->find(2));
    keeper_->set({});
    EXPECT_EQ(trim(), 1u);
    EXPECT_EQ(metric("cairn_held_files"), 0);
}

TEST_F(HoldKeeperTest, AnyOfSeveralHoldsIsEnough) {
    keeper_->set({hold_of("user", "nobody"), hold_of("resource", "arn:aws:s3:::two")});
    EXPECT_EQ(trim(), 1u);
    EXPECT_FALSE(log_->find(0));
    EXPECT_TRUE(log_->find(2));
}

TEST_F(HoldKeeperTest, AFileNobodyJudgedUnderTheseHoldsStays) {
    const auto files = log_->archive_files();
    keeper_->set({hold_of("user", "nobody")});
    EXPECT_TRUE(keeper_->keeps(files.at(0)));
    keeper_->judge(files.at(0));
    EXPECT_FALSE(keeper_->keeps(files.at(0)));
    keeper_->set({hold_of("user", "ana")});
    EXPECT_TRUE(keeper_->keeps(files.at(0)));
}

TEST_F(HoldKeeperTest, UnderAHoldADamagedFileStays) {
    keeper_->set({hold_of("user", "nobody")});
    const auto files = log_->archive_files();
    const auto path = "log/" + files.at(1).path;
    auto bytes = disk_.content(path);
    bytes[bytes.size() - 20] ^= 1;
    log_.reset();
    keeper_.reset();
    disk_.set_content(path, bytes);
    open();
    keeper_ = std::make_unique<HoldKeeper>(*log_, FindDictionary(), metrics_);
    keeper_->set({hold_of("user", "nobody")});
    for (const auto& file : log_->archive_files()) keeper_->judge(file);
    EXPECT_FALSE(keeper_->keeps(log_->archive_files().at(0)));
    EXPECT_TRUE(keeper_->keeps(log_->archive_files().at(1)));
}

}  // namespace
}  // namespace cairn::node
