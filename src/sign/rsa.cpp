#include "sign/rsa.h"

#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::sign {

namespace {

constexpr unsigned key_bits = 2048;

template <class T, auto destroy>
struct Deleter {
    void operator()(T* pointer) const { destroy(pointer); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY, EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX, EVP_MD_CTX_free>>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// PKCS#1 in OpenSSL's terms: "type-specific".
std::string encode(const EVP_PKEY* key, int selection) {
    const std::unique_ptr<OSSL_ENCODER_CTX, Deleter<OSSL_ENCODER_CTX, OSSL_ENCODER_CTX_free>> encoder(
        OSSL_ENCODER_CTX_new_for_pkey(key, selection, "DER", "type-specific", nullptr));
    CAIRN_CHECK(encoder != nullptr);
    unsigned char* data = nullptr;
    std::size_t size = 0;
    CAIRN_CHECK(OSSL_ENCODER_to_data(encoder.get(), &data, &size) == 1);
    std::string der(reinterpret_cast<const char*>(data), size);
    OPENSSL_clear_free(data, size);
    return der;
}

Key decode(std::string_view der, int selection) {
    EVP_PKEY* key = nullptr;
    const std::unique_ptr<OSSL_DECODER_CTX, Deleter<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free>> decoder(
        OSSL_DECODER_CTX_new_for_pkey(&key, "DER", "type-specific", "RSA", selection, nullptr, nullptr));
    if (decoder == nullptr) return nullptr;
    const unsigned char* data = bytes(der);
    std::size_t size = der.size();
    const bool whole = OSSL_DECODER_from_data(decoder.get(), &data, &size) == 1 && size == 0;
    Key read(key);
    return whole ? std::move(read) : nullptr;
}

}  // namespace

struct RsaKey::State {
    Key key;
};

RsaKey::RsaKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

RsaKey RsaKey::generate() {
    Key key(EVP_RSA_gen(key_bits));
    CAIRN_CHECK(key != nullptr);
    return RsaKey(std::make_unique<State>(std::move(key)));
}

Result<RsaKey> RsaKey::from_private_der(std::string_view der) {
    auto key = decode(der, EVP_PKEY_KEYPAIR);
    if (key == nullptr) return fail(Code::corrupt, "not an RSA private key");
    return RsaKey(std::make_unique<State>(std::move(key)));
}

std::string RsaKey::private_der() const { return encode(state_->key.get(), EVP_PKEY_KEYPAIR); }
std::string RsaKey::public_der() const { return encode(state_->key.get(), EVP_PKEY_PUBLIC_KEY); }

std::string RsaKey::sign(std::string_view text) const {
    const Context context(EVP_MD_CTX_new());
    CAIRN_CHECK(context != nullptr);
    CAIRN_CHECK(EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, state_->key.get()) == 1);
    std::size_t size = 0;
    CAIRN_CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes(text), text.size()) == 1);
    std::string signature(size, '\0');
    CAIRN_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes(text),
                               text.size()) == 1);
    signature.resize(size);
    return signature;
}

std::string rsa_fingerprint(std::string_view public_der) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    CAIRN_CHECK(EVP_Digest(public_der.data(), public_der.size(), digest, &size, EVP_md5(), nullptr) == 1);
    return to_hex({reinterpret_cast<const char*>(digest), size});
}

Result<bool> rsa_verify(std::string_view public_der, std::string_view text, std::string_view signature) {
    const auto key = decode(public_der, EVP_PKEY_PUBLIC_KEY);
    if (key == nullptr) return fail(Code::invalid, "not a PKCS#1 RSA public key");
    const Context context(EVP_MD_CTX_new());
    CAIRN_CHECK(context != nullptr);
    CAIRN_CHECK(EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1);
    return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

}  // namespace cairn::sign
