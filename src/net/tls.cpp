#include "net/tls.h"

#include <cstring>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace cairn::net {

namespace {

std::string last_openssl_error() {
    const auto code = ERR_get_error();
    ERR_clear_error();
    const char* const reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "not readable";
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
    static constexpr unsigned char ours[] = "\x08http/1.1";
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, ours, sizeof ours - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

void configure(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

/// Further certificates of a context; they live as long as it does.
using Contexts = std::vector<TlsContext>;

int contexts_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr,
        [](void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Contexts*>(held); });
    return index;
}

int chooser_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr,
        [](void*, void* held, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<ChooseTls*>(held); });
    return index;
}

int choose_context(SSL* ssl, int*, void* choose) {
    const char* const host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (host == nullptr) return SSL_TLSEXT_ERR_NOACK;
    if (const auto chosen = (*static_cast<const ChooseTls*>(choose))(host)) SSL_set_SSL_CTX(ssl, chosen.get());
    return SSL_TLSEXT_ERR_OK;
}

bool names_host(const SSL_CTX* context, const char* host) {
    auto* const certificate = SSL_CTX_get0_certificate(context);
    return certificate != nullptr && X509_check_host(certificate, host, 0, 0, nullptr) == 1;
}

int choose_certificate(SSL* ssl, int*, void* others) {
    const char* const host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (host == nullptr) return SSL_TLSEXT_ERR_NOACK;
    if (names_host(SSL_get_SSL_CTX(ssl), host)) return SSL_TLSEXT_ERR_OK;
    for (const auto& context : *static_cast<const Contexts*>(others)) {
        if (!names_host(context.get(), host)) continue;
        SSL_set_SSL_CTX(ssl, context.get());
        break;
    }
    return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<TlsContext> load_tls(const std::vector<TlsFiles>& files) {
    auto others = std::make_unique<Contexts>();
    TlsContext first;
    for (const auto& one : files) {
        auto context = load_tls(one);
        if (!context) return context;
        if (first)
            others->push_back(std::move(*context));
        else
            first = std::move(*context);
    }
    SSL_CTX_set_tlsext_servername_callback(first.get(), choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(first.get(), others.get());
    SSL_CTX_set_ex_data(first.get(), contexts_index(), others.release());
    return first;
}

Result<TlsContext> make_tls(const std::string& certificate, const std::string& key, ChooseTls choose) {
    TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) return fail(Code::internal, "cannot set up TLS: " + last_openssl_error());
    configure(context.get());
    const auto reader = [](const std::string& text) {
        return std::unique_ptr<BIO, int (*)(BIO*)>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())),
                                                   BIO_free);
    };
    const std::unique_ptr<X509, void (*)(X509*)> own(
        PEM_read_bio_X509(reader(certificate).get(), nullptr, nullptr, nullptr), X509_free);
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> own_key(
        PEM_read_bio_PrivateKey(reader(key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    if (!own || !own_key || SSL_CTX_use_certificate(context.get(), own.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), own_key.get()) != 1)
        return fail(Code::invalid, "TLS certificate and key: " + last_openssl_error());
    auto held = std::make_unique<ChooseTls>(std::move(choose));
    SSL_CTX_set_tlsext_servername_callback(context.get(), choose_context);
    SSL_CTX_set_tlsext_servername_arg(context.get(), held.get());
    SSL_CTX_set_ex_data(context.get(), chooser_index(), held.release());
    return context;
}

Result<TlsContext> load_client_tls(const TlsTrust& trust) {
    TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    if (!context) return fail(Code::internal, "cannot set up TLS: " + last_openssl_error());
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    static constexpr unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context.get(), protocols, sizeof protocols - 1);
    SSL_CTX_set_verify(context.get(), trust.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_default_verify_paths(context.get());
    if (!trust.ca_file.empty() && SSL_CTX_load_verify_locations(context.get(), trust.ca_file.c_str(), nullptr) != 1)
        return fail(Code::invalid, fmt::format("certificates {}: {}", trust.ca_file, last_openssl_error()));
    ERR_clear_error();
    return context;
}

Result<TlsContext> load_tls(const TlsFiles& files) {
    TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    if (!context) return fail(Code::internal, "cannot set up TLS: " + last_openssl_error());
    configure(context.get());
    if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
        return fail(Code::invalid, fmt::format("TLS certificate {}: {}", files.certificate, last_openssl_error()));
    if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
        return fail(Code::invalid, fmt::format("TLS key {}: {}", files.key, last_openssl_error()));
    if (SSL_CTX_check_private_key(context.get()) != 1)
        return fail(Code::invalid,
                    fmt::format("TLS key {} does not belong to certificate {}", files.key, files.certificate));
    return context;
}

}  // namespace cairn::net
