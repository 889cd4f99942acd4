#include <algorithm>
#include <memory>

#include <zstd.h>

#include "base/bytes.h"
#include "base/gunzip.h"
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

Result<std::string> gunzip(std::string_view bytes, std::size_t bytes_max) {
    if (!bytes.starts_with("\x1f\x8b")) return fail(Code::invalid, "not gzip data");
    if (bytes.size() < 18) return damaged("gzip", "ends early");
    // The last four bytes tell the size of the last member modulo 2^32: a hint, never trusted beyond gzip's best ratio.
    const std::size_t hint = load<std::uint32_t>(bytes.data() + bytes.size() - 4);
    Output out(std::min(hint, bytes.size() * 1032) + 1, bytes_max);

    Gunzip gunzip(bytes);
    while (true) {
        // The bound may be reached exactly: one byte more tells.
        char beyond = 0;
        const bool at_bound = out.room() == 0 && !out.grow();
        const auto [state, written] = at_bound ? gunzip.read(&beyond, 1) : gunzip.read(out.end(), out.room());
        if (state == Gunzip::State::damaged) return damaged("gzip", gunzip.problem());
        if (state == Gunzip::State::cut) return damaged("gzip", "ends early");
        if (at_bound && written > 0) return too_large(bytes_max);
        if (!at_bound) out.add(written);
        if (state != Gunzip::State::member_end) continue;
        const auto rest = gunzip.rest();
        if (rest.find_first_not_of('\0') == std::string_view::npos) return out.take();  // padding of tapes
        gunzip.next_member();
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
