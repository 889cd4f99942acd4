#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "cli/folder_store.h"
#include "cli/folder_trails.h"
#include "sign/rsa.h"
#include "support/temporary_folder.h"
#include "view/trail/digest.h"
#include "view/trail/gzip_member.h"

namespace cairn::cli {
namespace {

class Folder : public ::testing::Test {
protected:
    void write(const std::string& path, std::string_view bytes) {
        const auto whole = std::filesystem::path(folder_.path()) / path;
        std::filesystem::create_directories(whole.parent_path());
        std::ofstream(whole, std::ios::binary) << bytes;
    }

    /// A digest that says that it lies at `key`.
    std::string digest(const std::string& key) {
        trail::Digest made;
        made.account = "111122223333";
        made.start = *parse_time("2026-01-02T03:00:00Z");
        made.end = *parse_time("2026-01-02T04:00:00Z");
        made.bucket = "logs";
        made.key = key;
        std::string out;
        trail::GzipMember member;
        member.append(trail::sign_digest(made, key_).json, out);
        member.finish(out);
        return out;
    }

    std::vector<std::string> listed(std::string prefix, std::string start_after, std::size_t count_max) {
        ListRequest request;
        request.prefix = std::move(prefix);
        request.start_after = std::move(start_after);
        request.count_max = count_max;
        const auto store = read_folder_store(folder_.path(), "logs", "p/");
        std::vector<std::string> keys;
        for (;;) {
            const auto page = store->list("logs", request);
            if (!page) return {page.error().message};
            EXPECT_LE(page->entries.size(), request.count_max);
            for (const auto& entry : page->entries) keys.push_back(entry.key);
            if (page->continuation.empty()) return keys;
            request.continuation = page->continuation;
        }
    }

    using Keys = std::vector<std::string>;
    support::TemporaryFolder folder_;
    const sign::RsaKey key_ = sign::RsaKey::generate();
};

TEST_F(Folder, KeysAreListedInTheOrderOfTheirBytes) {
    for (const auto* path : {"a/2", "a/1", "a-b", "a.b/x", "b"}) write(path, path);
    const Keys all = {"p/a-b", "p/a.b/x", "p/a/1", "p/a/2", "p/b"};
    for (const std::size_t page : {1, 2, 5, 1000}) {
        SCOPED_TRACE(page);
        EXPECT_EQ(listed("", "", page), all);
        EXPECT_EQ(listed("p/a", "p/a.b", page), (Keys{"p/a.b/x", "p/a/1", "p/a/2"}));
        EXPECT_EQ(listed("p/a/", "p/a/1", page), Keys{"p/a/2"});
        EXPECT_EQ(listed("q/", "", page), Keys{});
    }
}

TEST_F(Folder, AnObjectIsTheFileAndNothingOutside) {
    write("a/1", "content");
    const auto store = read_folder_store(folder_.path() + "/a", "logs", "p/");
    EXPECT_EQ(store->get("logs", "p/1")->bytes, "content");
    for (const auto* key : {"p/../a/1", "1", "p/", "p//1", "p/./1", "p/2", ""})
        EXPECT_EQ(store->get("logs", key).error().code, Code::not_found) << key;
    EXPECT_EQ(store->get("other", "p/1").error().code, Code::not_found);
    EXPECT_EQ(store->put("logs", "p/2", "x", {}).error().code, Code::denied);
}

TEST_F(Folder, WhatItHoldsIsToldByItsDigests) {
    const std::string day =
        "CloudTrail-Digest/eu-west-1/2026/01/02/111122223333_CloudTrail-Digest_eu-west-1_my_trail_us-east-1_20260102T0";
    const std::string root = "pre/fix/AWSLogs/o-abc/111122223333/";
    write("copy/" + day + "40000Z.json.gz", digest(root + day + "40000Z.json.gz"));
    write("copy/" + day + "50000Z_backfill.json.gz", digest(root + day + "50000Z_backfill.json.gz"));
    write(
        "copy/CloudTrail/eu-west-1/2026/01/02/"
        "111122223333_CloudTrail_eu-west-1_20260102T0405Z_aaaaaaaaaaaaaaaa.json.gz",
        "");
    const auto content = read_folder_content(folder_.path() + "/copy");
    ASSERT_TRUE(content) << content.error().message;
    EXPECT_EQ(content->bucket, "logs");
    EXPECT_EQ(content->key_prefix, root);
    EXPECT_EQ(content->trails,
              (std::vector<FolderTrail>{{"pre/fix", "o-abc", "111122223333", "eu-west-1", "my_trail", "us-east-1"}}));

    EXPECT_EQ(read_folder_content(folder_.path() + "/none").error().code, Code::unavailable);
    std::filesystem::create_directories(folder_.path() + "/empty");
    EXPECT_EQ(read_folder_content(folder_.path() + "/empty").error().code, Code::not_found);
    write("moved/" + day + "40000Z.json.gz", digest("elsewhere.json.gz"));
    EXPECT_EQ(read_folder_content(folder_.path() + "/moved").error().code, Code::invalid);
}

TEST(PublicKeys, AreReadAsTheCommandLinePrintsThem) {
    const auto key = sign::RsaKey::generate();
    const auto value = to_base64(key.public_der());
    const auto keys = parse_public_keys(fmt::format(
        R"({{"PublicKeyList":[{{"Value":"{0}","ValidityStartTime":1767312000.5,"ValidityEndTime":1769904000.5,"Fingerprint":"x"}},)"
        R"({{"Value":"{0}","ValidityStartTime":"2026-01-02T00:00:00+00:00","ValidityEndTime":"2026-02-01T00:00:00.123000+00:00"}}]}})",
        value));
    ASSERT_TRUE(keys) << keys.error().message;
    ASSERT_EQ(keys->size(), 2u);
    EXPECT_EQ(keys->front().fingerprint, sign::rsa_fingerprint(key.public_der()));
    EXPECT_EQ(format_time(keys->front().valid_from), "2026-01-02T00:00:00.500Z");
    EXPECT_EQ(format_time(keys->back().valid_to), "2026-02-01T00:00:00.123Z");
    for (const auto* wrong : {"", "{}", R"({"PublicKeyList":{}})", R"({"PublicKeyList":[{"Value":"AA=="}]})",
                              R"({"PublicKeyList":[{"Value":"?","ValidityStartTime":1,"ValidityEndTime":2}]})"})
        EXPECT_EQ(parse_public_keys(wrong).error().code, Code::invalid) << wrong;
}

}  // namespace
}  // namespace cairn::cli
