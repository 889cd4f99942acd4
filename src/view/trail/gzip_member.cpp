#include "view/trail/gzip_member.h"

#include <algorithm>
#include <limits>
#include <memory>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/gunzip.h"
#include "base/vector_state.h"

namespace cairn::trail {

namespace {

// ID, deflate, no flags, no time, unknown operating system (RFC 1952 section 2.3.1).
constexpr char header[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
// A last block that is empty (RFC 1951 section 3.2.6: fixed codes, end of block).
constexpr char end_block[] = {3, 0};
constexpr int small_level = 6;

constexpr std::size_t piece_bytes_max = 320 * 1024;  // those of Batch, with a record that goes beyond
// Stored blocks bound what does not compress: five bytes for each 64 KiB, and the flush.
constexpr std::size_t compressed_bytes_max = piece_bytes_max + 5 * (piece_bytes_max / 65535 + 1) + 64;

struct Compressor {
    isal_zstream stream;
    unsigned char level_buffer[ISAL_DEF_LVL1_DEFAULT];
    unsigned char compressed[compressed_bytes_max];

    /// Of at most `piece_bytes_max`, until the next call.
    std::string_view compress(std::string_view piece) {
        isal_deflate_stateless_init(&stream);
        stream.level = 1;
        stream.level_buf = level_buffer;
        stream.level_buf_size = sizeof level_buffer;
        stream.flush = FULL_FLUSH;
        stream.end_of_stream = 0;
        // Read only: the C API has no const.
        stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
        stream.avail_in = static_cast<std::uint32_t>(piece.size());
        stream.next_out = compressed;
        stream.avail_out = sizeof compressed;
        CAIRN_CHECK(isal_deflate_stateless(&stream) == COMP_OK && stream.avail_in == 0);
        clear_vector_state();
        return {reinterpret_cast<const char*>(compressed), sizeof compressed - stream.avail_out};
    }
};

}  // namespace

void GzipMember::append(std::string_view bytes, std::string& out) {
    if (!begun_) out.append(header, sizeof header);
    begun_ = true;
    crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    clear_vector_state();
    bytes_ += bytes.size();
    thread_local const auto compressor = std::make_unique<Compressor>();
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), piece_bytes_max)))
        out.append(compressor->compress(bytes.substr(0, piece_bytes_max)));
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
