#include "journal/chain.h"

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::journal {

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

namespace {

// Looking the algorithm up costs more than hashing a small block: once is enough.
const EVP_MD* sha256() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return algorithm;
}

}  // namespace

Sha256::Sha256() : state_(std::make_unique<State>()) {
    CAIRN_CHECK(EVP_DigestInit_ex2(state_->context, sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    CAIRN_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Chain Sha256::finish() {
    Chain digest;
    CAIRN_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
    return digest;
}

Chain next_link(const Chain& before, std::uint64_t first_number, std::uint32_t event_count, std::string_view block) {
    struct Context {
        EVP_MD_CTX* md = EVP_MD_CTX_new();
        ~Context() { EVP_MD_CTX_free(md); }
    };
    thread_local Context context;
    char place[12];
    store(place, first_number);
    store(place + 8, event_count);
    Chain link;
    CAIRN_CHECK(EVP_DigestInit_ex2(context.md, sha256(), nullptr) == 1 &&
                EVP_DigestUpdate(context.md, before.data(), before.size()) == 1 &&
                EVP_DigestUpdate(context.md, place, sizeof place) == 1 &&
                EVP_DigestUpdate(context.md, block.data(), block.size()) == 1 &&
                EVP_DigestFinal_ex(context.md, link.data(), nullptr) == 1);
    return link;
}

std::string to_hex(const Chain& chain) {
    return cairn::to_hex(std::string_view(reinterpret_cast<const char*>(chain.data()), chain.size()));
}

}  // namespace cairn::journal
