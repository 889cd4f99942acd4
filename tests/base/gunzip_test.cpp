#include "base/gunzip.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace cairn {
namespace {

std::string gzip(const std::string& text) {
    z_stream stream{};
    EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    std::string out(deflateBound(&stream, text.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string sample(std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * i) + "\n";
    text.resize(bytes);
    return text;
}

TEST(Gunzip, GivesTheSameForAnyRoom) {
    const auto text = sample(100'000);
    const auto bytes = gzip(text);
    for (const std::size_t room : {1u, 7u, 4096u, 99'999u, 100'000u, 1'000'000u}) {
        SCOPED_TRACE(room);
        Gunzip gunzip(bytes);
        std::string read, piece(room, '\0');
        auto step = gunzip.read(piece.data(), room);
        for (; step.state == Gunzip::State::more; step = gunzip.read(piece.data(), room))
            read.append(piece, 0, step.written);
        read.append(piece, 0, step.written);
        EXPECT_EQ(step.state, Gunzip::State::member_end);
        EXPECT_TRUE(gunzip.rest().empty());
        EXPECT_EQ(read, text);
    }
}

TEST(Gunzip, ReadsMembersOneAfterTheOther) {
    const auto bytes = gzip("one") + gzip("") + gzip("three") + "rest";
    Gunzip gunzip(bytes);
    std::string piece(100, '\0');
    for (const std::string wanted : {"one", "", "three"}) {
        SCOPED_TRACE(wanted);
        const auto step = gunzip.read(piece.data(), piece.size());
        EXPECT_EQ(step.state, Gunzip::State::member_end);
        EXPECT_EQ(piece.substr(0, step.written), wanted);
        if (wanted != "three") gunzip.next_member();
    }
    EXPECT_EQ(gunzip.rest(), "rest");
    gunzip.next_member();
    EXPECT_EQ(gunzip.read(piece.data(), piece.size()).state, Gunzip::State::damaged);
    EXPECT_STREQ(gunzip.problem(), "invalid gzip header");
}

TEST(InflateMember, TellsHowItEnded) {
    const auto text = sample(700'000);
    const auto bytes = gzip(text);
    const struct {
        const char* name;
        std::string bytes;
        MemberEnd end;
    } cases[] = {
        {"whole", bytes, MemberEnd::whole},
        {"of nothing", gzip(""), MemberEnd::whole},
        {"another member", bytes + gzip("more"), MemberEnd::trailing},
        {"a byte more", bytes + '\0', MemberEnd::trailing},
        {"nothing at all", "", MemberEnd::cut},
        {"its first byte", "\x1f", MemberEnd::cut},
        {"without its last byte", bytes.substr(0, bytes.size() - 1), MemberEnd::cut},
        {"text", "{\"Records\":[]}", MemberEnd::damaged},
        {"another checksum", bytes.substr(0, bytes.size() - 8) + "12345678", MemberEnd::damaged},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(inflate_member(row.bytes, text.size())->end, row.end);
    }
    EXPECT_EQ(inflate_member(bytes, text.size())->content, text);
    EXPECT_EQ(inflate_member(bytes, text.size() - 1).error().code, Code::exhausted);
}

TEST(InflateMember, ACutOrFlipAnywhereIsSeen) {
    const auto text = sample(700);
    const auto bytes = gzip(text);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        SCOPED_TRACE(at);
        EXPECT_EQ(inflate_member(std::string_view(bytes).substr(0, at), 4096)->end, MemberEnd::cut);
        auto flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
        const auto read = inflate_member(flipped, 1 << 20);
        ASSERT_TRUE(read);
        if (read->end == MemberEnd::whole) {
            EXPECT_EQ(read->content, text) << "what a header says apart from the content";
        }
    }
}

}  // namespace
}  // namespace cairn
