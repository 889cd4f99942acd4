#include "view/trail/gunzip.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <isa-l/igzip_lib.h>

#include "base/vector_state.h"

namespace cairn::trail {

namespace {

constexpr std::size_t piece_bytes = 256 * 1024;
constexpr std::size_t part_bytes_max = std::size_t{1} << 30;  // the library counts in 32 bits

struct Inflater {
    inflate_state state;
    std::uint8_t piece[piece_bytes];
};

}  // namespace

MemberEnd inflate_member(std::string_view bytes, const std::function<void(std::string_view)>& use) {
    constexpr std::string_view magic = "\x1f\x8b";
    if (!bytes.starts_with(magic.substr(0, bytes.size())))
        return MemberEnd::damaged;  // the library would wait for a whole header
    thread_local const auto inflater = std::make_unique<Inflater>();
    auto& state = inflater->state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
    state.avail_in = 0;
    std::size_t given = 0;
    for (;;) {
        const auto more = std::min(bytes.size() - given, part_bytes_max - state.avail_in);
        state.avail_in += static_cast<std::uint32_t>(more);
        given += more;
        state.next_out = inflater->piece;
        state.avail_out = piece_bytes;
        const auto in_before = state.avail_in;
        const int code = isal_inflate(&state);
        clear_vector_state();
        if (code != ISAL_DECOMP_OK) return MemberEnd::damaged;
        const auto written = piece_bytes - state.avail_out;
        if (written > 0) use({reinterpret_cast<const char*>(inflater->piece), written});
        const auto left = bytes.size() - given + state.avail_in;
        if (state.block_state == ISAL_BLOCK_FINISH) return left == 0 ? MemberEnd::whole : MemberEnd::trailing;
        if (written == 0 && state.avail_in == in_before && given == bytes.size()) return MemberEnd::cut;
    }
}

Result<InflatedMember> inflate_member(std::string_view bytes, std::size_t bytes_max) {
    InflatedMember member;
    bool too_large = false;
    member.end = inflate_member(bytes, [&](std::string_view piece) {
        too_large = too_large || member.content.size() + piece.size() > bytes_max;
        if (!too_large) member.content += piece;
    });
    if (too_large)
        return fail(Code::exhausted, "larger than " + std::to_string(bytes_max) + " bytes when decompressed");
    return member;
}

}  // namespace cairn::trail
