#include "view/trail/gzip_member.h"

#include <limits>
#include <memory>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/gunzip.h"

namespace cairn::trail {

namespace {

// ID, deflate, no flags, no time, unknown operating system (RFC 1952 section 2.3.1).
constexpr char header[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
// A last block that is empty (RFC 1951 section 3.2.6: fixed codes, end of block).
constexpr char end_block[] = {3, 0};
constexpr int small_level = 6;

struct Compressor {
    isal_zstream stream;
    unsigned char level_buffer[ISAL_DEF_LVL1_DEFAULT];
};

}  // namespace

void GzipMember::append(std::string_view bytes, std::string& out) {
    if (!begun_) out.append(header, sizeof header);
    begun_ = true;
    if (bytes.empty()) return;
    auto* const data =
        reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));  // read only: the C API has no const
    crc_ = crc32_gzip_refl(crc_, data, bytes.size());
    bytes_ += bytes.size();

    thread_local const auto compressor = std::make_unique<Compressor>();
    auto& stream = compressor->stream;
    isal_deflate_stateless_init(&stream);
    stream.level = 1;
    stream.level_buf = compressor->level_buffer;
    stream.level_buf_size = sizeof compressor->level_buffer;
    stream.flush = FULL_FLUSH;
    stream.end_of_stream = 0;
    stream.next_in = data;
    stream.avail_in = static_cast<std::uint32_t>(bytes.size());
    const std::size_t begin = out.size();
    // Stored blocks bound what does not compress: five bytes for each 64 KiB, and the flush.
    const std::size_t room = bytes.size() + 5 * (bytes.size() / 65535 + 1) + 64;
    out.resize_and_overwrite(begin + room, [&](char* begin_of_out, std::size_t) {
        stream.next_out = reinterpret_cast<unsigned char*>(begin_of_out + begin);
        stream.avail_out = static_cast<std::uint32_t>(room);
        CAIRN_CHECK(isal_deflate_stateless(&stream) == COMP_OK && stream.avail_in == 0);
        return begin + room - stream.avail_out;
    });
}

void GzipMember::finish(std::string& out) {
    if (!begun_) out.append(header, sizeof header);
    out.append(end_block, sizeof end_block);
    cairn::append<std::uint32_t>(out, crc_);
    cairn::append<std::uint32_t>(out, static_cast<std::uint32_t>(bytes_));
    *this = {};
}

std::string recompress(std::string_view member) {
    const auto inflated = inflate_member(member, std::numeric_limits<std::size_t>::max());
    CAIRN_CHECK(inflated && inflated->end == MemberEnd::whole);
    const auto& plain = inflated->content;
    struct Free {
        void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
    };
    thread_local const std::unique_ptr<libdeflate_compressor, Free> compressor(
        libdeflate_alloc_compressor(small_level));
    CAIRN_CHECK(compressor != nullptr);
    std::string out;
    out.resize_and_overwrite(
        libdeflate_gzip_compress_bound(compressor.get(), plain.size()), [&](char* data, std::size_t room) {
            return libdeflate_gzip_compress(compressor.get(), plain.data(), plain.size(), data, room);
        });
    CAIRN_CHECK(!out.empty());
    return out;
}

}  // namespace cairn::trail
