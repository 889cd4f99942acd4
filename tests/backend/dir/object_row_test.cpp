#include "backend/dir/object_row.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace cairn::dir {
namespace {

const std::string key = "AWSLogs/111122223333/CloudTrail/x.json.gz";

ObjectRow example() {
    ObjectRow row;
    row.info = {1234, from_milliseconds(1'795'262'400'123), "d41d8cd98f00b204e9800998ecf8427e", {}};
    row.info.headers = {"application/json",      "gzip",          "bucket-owner-full-control",
                        {{"signature", "0a0b"}}, Encryption::kms, "arn:key",
                        "{\"a\":\"b\"}"};
    row.sha256 = std::string(32, '\x11');
    row.file = key + "~2";
    return row;
}

TEST(ObjectRow, TheFirstVersionIsReadAndWritten) {
    const std::string path = CAIRN_SOURCE_DIR "/tests/backend/dir/golden/object_row.v1";
    if (std::getenv("CAIRN_WRITE_GOLDEN") != nullptr)
        std::ofstream(path, std::ios::binary) << encode_row(key, example());
    std::ostringstream golden;
    golden << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_EQ(encode_row(key, example()), golden.str());
    const auto row = decode_row(key, golden.str());
    ASSERT_TRUE(row) << row.error().message;
    EXPECT_EQ(row->info.size, 1234u);
    EXPECT_EQ(row->info.modified, example().info.modified);
    EXPECT_EQ(row->info.etag, example().info.etag);
    EXPECT_EQ(row->sha256, example().sha256);
    EXPECT_EQ(row->file, example().file);
    const auto &headers = row->info.headers, wanted = example().info.headers;
    EXPECT_EQ(headers.content_type, wanted.content_type);
    EXPECT_EQ(headers.content_encoding, wanted.content_encoding);
    EXPECT_EQ(headers.acl, wanted.acl);
    EXPECT_EQ(headers.metadata, wanted.metadata);
    EXPECT_EQ(headers.encryption, wanted.encryption);
    EXPECT_EQ(headers.kms_key, wanted.kms_key);
    EXPECT_EQ(headers.kms_context, wanted.kms_context);
}

TEST(ObjectRow, AFlipOrACutAnywhereIsFound) {
    const auto sound = encode_row(key, example());
    for (std::size_t at = 0; at < sound.size(); ++at) {
        SCOPED_TRACE(at);
        auto flipped = sound;
        flipped[at] ^= 0x10;
        for (const auto& bytes : {flipped, sound.substr(0, at)}) {
            const auto row = decode_row(key, bytes);
            ASSERT_FALSE(row);
            EXPECT_EQ(row.error().code, Code::corrupt);
            EXPECT_NE(row.error().message.find(key), std::string::npos);
        }
    }
}

TEST(ObjectRow, ARowUnderAnotherKeyIsDamage) {
    EXPECT_EQ(decode_row("other", encode_row(key, example())).error().code, Code::corrupt);
}

}  // namespace
}  // namespace cairn::dir
