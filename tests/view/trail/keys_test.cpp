#include "view/trail/keys.h"

#include <set>

#include <gtest/gtest.h>

namespace cairn::trail {
namespace {

Time at(std::string_view text) { return *parse_time(text); }

// CloudTrail user guide, "Getting and viewing your CloudTrail log files"; "CloudTrail log file examples", file names.
TEST(Keys, OfLogFiles) {
    const struct {
        Folder folder;
        const char* deadline;
        const char* key;
    } cases[] = {
        {{"", "", "111122223333", "CloudTrail", "us-east-2"},
         "2026-11-28T15:28:01Z",
         "AWSLogs/111122223333/CloudTrail/us-east-2/2026/11/28/"
         "111122223333_CloudTrail_us-east-2_20261128T1530Z_abcdefgh12345678.json.gz"},
        {{"", "", "111122223333", "CloudTrail", "us-east-2"},
         "2026-11-28T15:30:00Z",
         "AWSLogs/111122223333/CloudTrail/us-east-2/2026/11/28/"
         "111122223333_CloudTrail_us-east-2_20261128T1530Z_abcdefgh12345678.json.gz"},
        {{"pre/fix", "", "111122223333", "CloudTrail-Insight", "eu-west-1"},
         "2026-12-31T23:58:00Z",
         "pre/fix/AWSLogs/111122223333/CloudTrail-Insight/eu-west-1/2027/01/01/"
         "111122223333_CloudTrail-Insight_eu-west-1_20270101T0000Z_abcdefgh12345678.json.gz"},
        {{"p", "o-abc", "111122223333", "CloudTrail", "eu-west-1"},
         "2026-02-28T00:00:30Z",
         "p/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/2026/02/28/"
         "111122223333_CloudTrail_eu-west-1_20260228T0005Z_abcdefgh12345678.json.gz"},
    };
    for (const auto& row : cases) EXPECT_EQ(log_file_key(row.folder, at(row.deadline), "abcdefgh12345678"), row.key);
}

TEST(Keys, OfMarkers) {
    EXPECT_EQ(marker_key("", "", "111122223333", "CloudTrail"), "AWSLogs/111122223333/CloudTrail/");
    EXPECT_EQ(marker_key("p", "o-abc", "111122223333", "CloudTrail-Digest"),
              "p/AWSLogs/o-abc/111122223333/CloudTrail-Digest/");
}

TEST(Keys, UniqueNamesAreUnique) {
    std::set<std::string> names;
    for (int i = 0; i < 1000; ++i) {
        const auto name = unique_name();
        EXPECT_EQ(name.size(), 16u);
        EXPECT_EQ(name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
                  std::string::npos)
            << name;
        EXPECT_TRUE(names.insert(name).second);
    }
}

}  // namespace
}  // namespace cairn::trail
