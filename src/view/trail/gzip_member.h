#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::trail {

/// How log files are compressed.
enum class Compression {
    fast,   ///< ISA-L, level 1
    small,  ///< libdeflate, level 6: a quarter smaller, five times the CPU
};

/// Writes one gzip member (RFC 1952) piece by piece. Keeps next to nothing between two pieces, so that a thousand may
/// be open: each piece is compressed alone, ends at a byte, and the pieces are put one behind the other.
class GzipMember {
public:
    /// Appends the compressed form of `bytes` to `out`, in pieces of at most 320 KiB; those of 32 KiB and more compress
    /// well.
    void append(std::string_view bytes, std::string& out);

    /// Appends the member's end. Afterwards a new member can be begun.
    void finish(std::string& out);

    std::uint64_t bytes() const { return bytes_; }

private:
    bool begun_ = false;
    std::uint32_t crc_ = 0;
    std::uint64_t bytes_ = 0;
};

/// The same content as one member, compressed as `small` says. `member` was made by GzipMember.
std::string recompress(std::string_view member);

}  // namespace cairn::trail
