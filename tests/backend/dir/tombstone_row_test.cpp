#include "backend/dir/tombstone_row.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

namespace cairn::dir {
namespace {

const std::string key = "AWSLogs/111122223333/CloudTrail/x.json.gz";

ObjectTombstone example() {
    return {1234,
            from_milliseconds(1'795'262'400'123),
            from_milliseconds(1'803'038'400'456),
            "d41d8cd98f00b204e9800998ecf8427e",
            std::string(32, '\x11'),
            "lifecycle rule old-logs"};
}

TEST(TombstoneRow, TheFirstVersionIsReadAndWritten) {
    const std::string path = CAIRN_SOURCE_DIR "/tests/backend/dir/golden/tombstone_row.v1";
    if (std::getenv("CAIRN_WRITE_GOLDEN") != nullptr)
        std::ofstream(path, std::ios::binary) << encode_tombstone(key, example());
    std::ostringstream golden;
    golden << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_EQ(encode_tombstone(key, example()), golden.str());
    EXPECT_EQ(decode_tombstone(key, golden.str()).value(), example());
}

TEST(TombstoneRow, AFlipOrACutAnywhereIsFound) {
    const auto sound = encode_tombstone(key, example());
    for (std::size_t at = 0; at < sound.size(); ++at) {
        SCOPED_TRACE(at);
        auto flipped = sound;
        flipped[at] ^= 0x10;
        for (const auto& bytes : {flipped, sound.substr(0, at)}) {
            const auto tombstone = decode_tombstone(key, bytes);
            ASSERT_FALSE(tombstone);
            EXPECT_EQ(tombstone.error().code, Code::corrupt);
            EXPECT_NE(tombstone.error().message.find(key), std::string::npos);
        }
    }
}

TEST(TombstoneRow, ARowUnderAnotherKeyIsDamage) {
    EXPECT_EQ(decode_tombstone("other", encode_tombstone(key, example())).error().code, Code::corrupt);
}

}  // namespace
}  // namespace cairn::dir
