#include <algorithm>
#include <memory>

#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "base/vector_state.h"
#include "event/record.h"
#include "ingest/slice.h"

namespace cairn::ingest {

namespace {

constexpr std::size_t growth_min = 64 * 1024;
// Room is reserved once, untouched memory costs nothing: growing by copies would need half as much again.
constexpr std::size_t reserved_bytes_max = 128 << 20;

/// Output that grows up to a bound.
class Output {
public:
    Output(std::size_t expected, std::size_t bytes_max) : bytes_max_(bytes_max) {
        bytes_.resize(std::clamp(expected, std::min(growth_min, bytes_max), bytes_max) + RecordParser::padding);
    }

    char* end() { return bytes_.data() + size_; }
    std::size_t room() const { return bytes_.size() - RecordParser::padding - size_; }
    void add(std::size_t written) { size_ += written; }

    /// False when the bound is reached.
    bool grow() {
        const std::size_t room_now = bytes_.size() - RecordParser::padding;
        if (room_now >= bytes_max_) return false;
        bytes_.reserve(std::min(bytes_max_, reserved_bytes_max) + RecordParser::padding);
        bytes_.resize(std::min(bytes_max_, std::max(room_now * 2, growth_min)) + RecordParser::padding);
        return true;
    }

    std::string take() {
        std::fill_n(bytes_.data() + size_, RecordParser::padding, '\0');
        bytes_.resize(size_);
        return std::move(bytes_);
    }

private:
    const std::size_t bytes_max_;
    std::string bytes_;
    std::size_t size_ = 0;
};

std::unexpected<Error> too_large(std::size_t bytes_max) {
    return fail(Code::exhausted, "larger than " + std::to_string(bytes_max) + " bytes when decompressed");
}

std::unexpected<Error> damaged(const char* kind, const std::string& what) {
    return fail(Code::invalid, std::string("damaged ") + kind + " data: " + what);
}

struct Inflater {
    inflate_state state;
};

const char* inflate_problem(int code) {
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

Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max) {
    if (bytes.size() < 18) return damaged("gzip", "ends early");
    // The last four bytes tell the size of the last member modulo 2^32: a hint, never trusted beyond gzip's best ratio.
    const std::size_t hint = load<std::uint32_t>(bytes.data() + bytes.size() - 4);
    Output out(std::min(hint, bytes.size() * 1032) + 1, bytes_max);

    thread_local const auto inflater = std::make_unique<Inflater>();
    auto& state = inflater->state;
    isal_inflate_init(&state);
    state.crc_flag = ISAL_GZIP;
    state.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
    state.avail_in = 0;
    std::size_t given = 0;
    std::uint8_t beyond = 0;

    while (true) {
        // The library counts in 32 bits: both sides are handed over in parts.
        constexpr std::size_t part_max = std::size_t{1} << 30;
        const std::size_t more = std::min(bytes.size() - given, part_max - state.avail_in);
        state.avail_in += static_cast<std::uint32_t>(more);
        given += more;
        if (out.room() == 0 && !out.grow()) {
            // The bound may be reached exactly: one byte more tells.
            state.next_out = &beyond;
            state.avail_out = 1;
        } else {
            state.next_out = reinterpret_cast<std::uint8_t*>(out.end());
            state.avail_out = static_cast<std::uint32_t>(std::min(out.room(), part_max));
        }
        const bool at_bound = out.room() == 0;
        const std::uint32_t offered = state.avail_out;
        const auto in_before = state.avail_in;
        const int code = isal_inflate(&state);
        clear_vector_state();
        if (code != ISAL_DECOMP_OK) return damaged("gzip", inflate_problem(code));
        const std::uint32_t written = offered - state.avail_out;
        if (at_bound && written > 0) return too_large(bytes_max);
        if (!at_bound) out.add(written);

        if (state.block_state == ISAL_BLOCK_FINISH) {
            const auto rest =
                bytes.substr(static_cast<std::size_t>(reinterpret_cast<const char*>(state.next_in) - bytes.data()));
            if (rest.find_first_not_of('\0') == std::string_view::npos) return out.take();  // padding of tapes
            const auto unread_in = state.avail_in;
            auto* const next_in = state.next_in;
            isal_inflate_reset(&state);
            state.crc_flag = ISAL_GZIP;
            state.next_in = next_in;
            state.avail_in = unread_in;
        } else if (written == 0 && state.avail_in == in_before && given == bytes.size() &&
                   (state.avail_in == 0 || state.avail_out > 0)) {
            return damaged("gzip", "ends early");
        }
    }
}

struct FreeStream {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Result<std::string> unzstd(std::string_view bytes, std::size_t bytes_max) {
    constexpr int window_log_max = 27;  // 128 MiB, what the format asks decoders to support at most by default
    thread_local const std::unique_ptr<ZSTD_DCtx, FreeStream> context(ZSTD_createDCtx());
    if (context == nullptr) return fail(Code::exhausted, "no memory to decompress");
    ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
    ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_max);

    const auto content = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    const bool known = content != ZSTD_CONTENTSIZE_UNKNOWN && content != ZSTD_CONTENTSIZE_ERROR;
    if (known && content > bytes_max) return too_large(bytes_max);
    // What a header promises is believed only as far as such data is plausible.
    Output out(
        static_cast<std::size_t>(known ? std::min<std::uint64_t>(content, bytes.size() * 256) : bytes.size() * 8),
        bytes_max);

    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (true) {
        char beyond = 0;
        const bool at_bound = out.room() == 0 && !out.grow();
        ZSTD_outBuffer part{at_bound ? &beyond : out.end(), at_bound ? 1 : out.room(), 0};
        const std::size_t read_before = in.pos;
        const auto left = ZSTD_decompressStream(context.get(), &part, &in);
        if (ZSTD_isError(left)) return damaged("zstd", ZSTD_getErrorName(left));
        if (at_bound && part.pos > 0) return too_large(bytes_max);
        if (!at_bound) out.add(part.pos);
        if (left == 0 && in.pos == in.size) return out.take();
        if (in.pos == in.size && in.pos == read_before && part.pos == 0) return damaged("zstd", "ends early");
    }
}

}  // namespace

Result<std::string> decompress(std::string_view bytes, Encoding encoding, std::size_t bytes_max) {
    if (encoding == Encoding::gzip) return gunzip(bytes, bytes_max);
    if (encoding == Encoding::zstd) return unzstd(bytes, bytes_max);
    if (bytes.size() > bytes_max) return fail(Code::exhausted, "larger than " + std::to_string(bytes_max) + " bytes");
    Output out(bytes.size(), bytes_max);
    bytes.copy(out.end(), bytes.size());
    out.add(bytes.size());
    return out.take();
}

Encoding detect_encoding(std::string_view bytes) {
    if (bytes.starts_with("\x1f\x8b")) return Encoding::gzip;
    if (bytes.starts_with("\x28\xb5\x2f\xfd")) return Encoding::zstd;
    return Encoding::identity;
}

}  // namespace cairn::ingest
