#include "base/uuid.h"

#include <cstring>

#include <openssl/sha.h>
#include <sys/random.h>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn {

namespace {

Uuid with_version(Uuid uuid, unsigned version) {
    uuid.bytes[6] = static_cast<unsigned char>((uuid.bytes[6] & 0x0f) | version << 4);
    uuid.bytes[8] = static_cast<unsigned char>((uuid.bytes[8] & 0x3f) | 0x80);
    return uuid;
}

}  // namespace

std::string random_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t done = 0; done < size;) {
        const auto got = ::getrandom(bytes.data() + done, size - done, 0);
        CAIRN_CHECK(got > 0);
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

Uuid random_uuid() {
    // One system call for 64 ids: a call for each costs more than the rest of the work.
    thread_local std::string pool;
    if (pool.size() < 16) pool = random_bytes(1024);
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), pool.data() + pool.size() - 16, 16);
    pool.resize(pool.size() - 16);
    return with_version(uuid, 4);
}

Uuid named_uuid(std::string_view space, std::string_view name) {
    std::string input;
    append_text(input, space);
    input.append(name);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest);
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), digest, 16);
    return with_version(uuid, 8);
}

std::string format_uuid(const Uuid& uuid) {
    auto text = to_hex({reinterpret_cast<const char*>(uuid.bytes.data()), uuid.bytes.size()});
    for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, 1, '-');
    return text;
}

std::optional<Uuid> parse_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    std::string digits;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash != (text[i] == '-')) return std::nullopt;
        if (!dash) digits.push_back(text[i]);
    }
    const auto bytes = from_hex(digits);
    if (!bytes) return std::nullopt;
    Uuid uuid;
    std::memcpy(uuid.bytes.data(), bytes->data(), 16);
    return uuid;
}

}  // namespace cairn
