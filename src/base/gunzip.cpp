#include "base/gunzip.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <isa-l/igzip_lib.h>

#include "base/check.h"
#include "base/vector_state.h"

namespace cairn {

namespace {

constexpr std::string_view magic = "\x1f\x8b";
constexpr std::size_t part_bytes_max = std::size_t{1} << 30;  // the library counts in 32 bits
constexpr std::size_t piece_bytes = 256 * 1024;

const char* problem_of(int code) {
    switch (code) {
        case ISAL_INVALID_BLOCK: return "invalid block";
        case ISAL_NEED_DICT: return "needs a dictionary";
        case ISAL_INVALID_SYMBOL: return "invalid symbol";
        case ISAL_INVALID_LOOKBACK: return "distance too far back";
        case ISAL_INVALID_WRAPPER: return "invalid gzip header";
        case ISAL_UNSUPPORTED_METHOD: return "unsupported method";
        case ISAL_INCORRECT_CHECKSUM: return "incorrect checksum";
        default: return "code not known";
    }
}

}  // namespace

struct Gunzip::Inflater {
    inflate_state state;
};

Gunzip::Gunzip(std::string_view bytes) : bytes_(bytes), inflater_(std::make_unique<Inflater>()) { begin_member(); }
Gunzip::~Gunzip() = default;

void Gunzip::begin_member() {
    auto& state = inflater_->state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes_.data()));
    state.avail_in = 0;
    given_ = 0;
    known_ = false;
}

void Gunzip::refill() {
    auto& state = inflater_->state;
    const auto more = std::min(bytes_.size() - given_, part_bytes_max - state.avail_in);
    state.avail_in += static_cast<std::uint32_t>(more);
    given_ += more;
}

Gunzip::Step Gunzip::read(char* out, std::size_t room) {
    CAIRN_CHECK(room > 0);
    if (!known_ && !bytes_.starts_with(magic.substr(0, bytes_.size()))) {
        problem_ = problem_of(ISAL_INVALID_WRAPPER);  // the library would wait for a whole header
        return {State::damaged, 0};
    }
    known_ = true;
    auto& state = inflater_->state;
    refill();
    const auto unread = state.avail_in;
    const auto offered = static_cast<std::uint32_t>(std::min(room, part_bytes_max));
    state.next_out = reinterpret_cast<std::uint8_t*>(out);
    state.avail_out = offered;
    const int code = isal_inflate(&state);
    clear_vector_state();
    if (code != ISAL_DECOMP_OK) {
        problem_ = problem_of(code);
        return {State::damaged, 0};
    }
    const std::size_t written = offered - state.avail_out;
    if (state.block_state == ISAL_BLOCK_FINISH) return {State::member_end, written};
    const bool stuck = written == 0 && state.avail_in == unread && given_ == bytes_.size();
    return {stuck ? State::cut : State::more, written};
}

std::string_view Gunzip::rest() const {
    const auto* const next = reinterpret_cast<const char*>(inflater_->state.next_in);
    return bytes_.substr(static_cast<std::size_t>(next - bytes_.data()));
}

void Gunzip::next_member() {
    bytes_ = rest();
    begin_member();
}

MemberEnd inflate_member(std::string_view bytes, const std::function<void(std::string_view)>& use) {
    thread_local const auto piece = std::make_unique_for_overwrite<char[]>(piece_bytes);
    Gunzip gunzip(bytes);
    for (;;) {
        const auto [state, written] = gunzip.read(piece.get(), piece_bytes);
        if (written > 0) use({piece.get(), written});
        switch (state) {
            case Gunzip::State::more: continue;
            case Gunzip::State::member_end: return gunzip.rest().empty() ? MemberEnd::whole : MemberEnd::trailing;
            case Gunzip::State::cut: return MemberEnd::cut;
            case Gunzip::State::damaged: return MemberEnd::damaged;
        }
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

}  // namespace cairn
