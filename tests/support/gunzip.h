#pragma once

#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

namespace cairn::support {

/// The content of exactly one gzip member, by a library that cairn does not use to write it; fails the test when there
/// is anything else.
inline std::string gunzip(std::string bytes) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out, piece(1 << 16, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
    stream.avail_in = static_cast<uInt>(bytes.size());
    int result = Z_OK;
    do {
        stream.next_out = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_out = static_cast<uInt>(piece.size());
        result = inflate(&stream, Z_NO_FLUSH);
        out.append(piece, 0, piece.size() - stream.avail_out);
    } while (result == Z_OK);
    EXPECT_EQ(result, Z_STREAM_END);
    EXPECT_EQ(stream.avail_in, 0u) << "bytes behind the member";
    inflateEnd(&stream);
    return out;
}

}  // namespace cairn::support
