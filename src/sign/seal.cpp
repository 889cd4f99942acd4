#include "sign/seal.h"

#include <memory>

#include <openssl/evp.h>

#include "base/check.h"
#include "base/uuid.h"

namespace cairn::sign {

namespace {

// version (1 byte) | nonce (12) | ciphertext | tag (16)
constexpr char version = 1;
constexpr std::size_t nonce_bytes = 12, tag_bytes = 16, head_bytes = 1 + nonce_bytes;

struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, Free>;

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// Runs the cipher over `associated` (authenticated only) and `in`; the result is as long as `in`.
std::string run(EVP_CIPHER_CTX* context, std::string_view associated, std::string_view in) {
    int size = 0;
    std::string out(in.size(), '\0');
    CAIRN_CHECK(EVP_CipherUpdate(context, nullptr, &size, bytes(associated), static_cast<int>(associated.size())) == 1);
    CAIRN_CHECK(EVP_CipherUpdate(context, bytes(out), &size, bytes(in), static_cast<int>(in.size())) == 1);
    return out;
}

Context begin(const std::string& key, std::string_view nonce, bool encrypt) {
    Context context(EVP_CIPHER_CTX_new());
    CAIRN_CHECK(context);
    CAIRN_CHECK(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(std::string_view(key)), bytes(nonce),
                                  encrypt) == 1);
    return context;
}

}  // namespace

SecretBox::SecretBox(std::string master_key) : master_key_(std::move(master_key)) {
    CAIRN_CHECK(master_key_.size() == 32);
}

std::string SecretBox::seal(std::string_view secret, std::string_view context) const {
    const auto nonce = random_bytes(nonce_bytes);
    const auto cipher = begin(master_key_, nonce, true);
    std::string sealed = version + nonce + run(cipher.get(), context, secret);
    int size = 0;
    unsigned char tag[tag_bytes];
    CAIRN_CHECK(EVP_CipherFinal_ex(cipher.get(), tag, &size) == 1);
    CAIRN_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag) == 1);
    return sealed.append(reinterpret_cast<const char*>(tag), tag_bytes);
}

Result<std::string> SecretBox::open(std::string_view sealed, std::string_view context) const {
    if (sealed.empty() || sealed.size() < head_bytes + tag_bytes)
        return fail(Code::corrupt, "sealed secret is too short");
    if (sealed.front() != version) return fail(Code::corrupt, "sealed secret has an unknown version");
    const auto cipher = begin(master_key_, sealed.substr(1, nonce_bytes), false);
    auto secret = run(cipher.get(), context, sealed.substr(head_bytes, sealed.size() - head_bytes - tag_bytes));
    std::string tag(sealed.substr(sealed.size() - tag_bytes));
    CAIRN_CHECK(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1);
    int size = 0;
    unsigned char rest[16];
    if (EVP_CipherFinal_ex(cipher.get(), rest, &size) != 1)
        return fail(Code::corrupt, "sealed secret does not open: other master key, other context or damaged bytes");
    return secret;
}

}  // namespace cairn::sign
