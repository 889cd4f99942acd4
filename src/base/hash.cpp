#include "base/hash.h"

#include <cstring>

#include <isa-l/crc.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/check.h"
#include "base/vector_state.h"

namespace cairn {

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

HashKey::HashKey(std::string_view key) {
    CAIRN_CHECK(key.size() == 32);
    for (std::size_t i = 0; i < sizeof secret_; i += 16) {
        const auto part = XXH3_128bits_withSeed(key.data(), key.size(), i);
        std::memcpy(secret_ + i, &part, 16);
    }
}

std::uint64_t HashKey::hash64(std::string_view bytes) const {
    return XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret_, sizeof secret_);
}

Hash128 HashKey::hash128(std::string_view bytes) const {
    const auto hash = XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_, sizeof secret_);
    return {hash.low64, hash.high64};
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t before) {
    const auto crc = ~crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data())),
                                  static_cast<int>(bytes.size()), ~before);
    clear_vector_state();
    return crc;
}

}  // namespace cairn
