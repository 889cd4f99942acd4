#include "sign/stream_digest.h"

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::sign {

struct StreamDigest::State {
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

StreamDigest::StreamDigest() : state_(std::make_unique<State>()) {
    CAIRN_CHECK(state_->context != nullptr && EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) == 1);
}
StreamDigest::StreamDigest(StreamDigest&&) noexcept = default;
StreamDigest& StreamDigest::operator=(StreamDigest&&) noexcept = default;
StreamDigest::~StreamDigest() = default;

void StreamDigest::add(std::string_view bytes) {
    CAIRN_CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string StreamDigest::hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    CAIRN_CHECK(EVP_DigestFinal_ex(state_->context.get(), digest, &size) == 1);
    return to_hex({reinterpret_cast<const char*>(digest), size});
}

}  // namespace cairn::sign
