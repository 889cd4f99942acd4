#include "sign/digest.h"

#include <array>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::sign {

namespace {

constexpr std::size_t hash_bytes = 32, block_bytes = 64;

/// One reusable context per thread: fetching the algorithm for every call costs more than hashing a short text.
class Sha256 {
public:
    Sha256() : context_(EVP_MD_CTX_new()) { CAIRN_CHECK(context_ && algorithm()); }
    ~Sha256() { EVP_MD_CTX_free(context_); }
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void begin() { CAIRN_CHECK(EVP_DigestInit_ex2(context_, algorithm(), nullptr) == 1); }
    void add(std::string_view bytes) { CAIRN_CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1); }

    std::string end() {
        std::string hash(hash_bytes, '\0');
        CAIRN_CHECK(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(hash.data()), nullptr) == 1);
        return hash;
    }

private:
    static const EVP_MD* algorithm() {
        static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
        return fetched;
    }

    EVP_MD_CTX* context_;
};

Sha256& hasher() {
    thread_local Sha256 instance;
    return instance;
}

std::string_view view(const std::array<char, block_bytes>& block) { return {block.data(), block.size()}; }

}  // namespace

std::string sha256(std::string_view bytes) {
    auto& hash = hasher();
    hash.begin();
    hash.add(bytes);
    return hash.end();
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

std::string md5_hex(std::string_view bytes) {
    unsigned char hash[16];
    CAIRN_CHECK(EVP_Digest(bytes.data(), bytes.size(), hash, nullptr, EVP_md5(), nullptr) == 1);
    return to_hex({reinterpret_cast<const char*>(hash), sizeof hash});
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {  // RFC 2104
    const std::string shortened = key.size() > block_bytes ? sha256(key) : std::string();
    if (key.size() > block_bytes) key = shortened;
    std::array<char, block_bytes> inner, outer;
    for (std::size_t i = 0; i < block_bytes; ++i) {
        const char c = i < key.size() ? key[i] : '\0';
        inner[i] = static_cast<char>(c ^ 0x36);
        outer[i] = static_cast<char>(c ^ 0x5c);
    }
    auto& hash = hasher();
    hash.begin();
    hash.add(view(inner));
    hash.add(bytes);
    const auto first = hash.end();
    hash.begin();
    hash.add(view(outer));
    hash.add(first);
    OPENSSL_cleanse(inner.data(), inner.size());
    OPENSSL_cleanse(outer.data(), outer.size());
    return hash.end();
}

std::string hmac_sha1(std::string_view key, std::string_view bytes) {
    unsigned char code[20];
    unsigned int size = 0;
    CAIRN_CHECK(HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
                     reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), code, &size) != nullptr);
    return {reinterpret_cast<const char*>(code), size};
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace cairn::sign
