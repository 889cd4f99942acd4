#pragma once

#include <cstdint>
#include <string_view>

namespace cairn {

/// 128 bits of a keyed hash. Equal only for equal input as far as chance goes; no proof (a reader compares the bytes).
struct Hash128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const Hash128&, const Hash128&) = default;
};

/// XXH3, 64 bits. The same for every node and for ever: it is part of file formats.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

/// XXH3 with a secret, so that nobody can prepare collisions. Made once per node, kept with its data.
class HashKey {
public:
    /// `key` is 32 random bytes; the longer secret that XXH3 wants is derived from it.
    explicit HashKey(std::string_view key);

    std::uint64_t hash64(std::string_view bytes) const;
    Hash128 hash128(std::string_view bytes) const;

private:
    unsigned char secret_[192];
};

/// CRC32C (Castagnoli, RFC 3720 section B.4) of `bytes`, going on from `before`.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

}  // namespace cairn
