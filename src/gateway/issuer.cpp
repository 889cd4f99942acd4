#include "gateway/issuer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace cairn::gateway {

namespace {

using Certificate = std::shared_ptr<X509>;
using Key = std::shared_ptr<EVP_PKEY>;
template <class T>
using Owner = std::unique_ptr<T, void (*)(T*)>;

constexpr std::chrono::hours authority_life{24 * 3653}, leeway{1};
constexpr std::size_t common_name_bytes_max = 64;  // RFC 5280 appendix A.1, ub-common-name

std::unexpected<Error> openssl_failed(const char* what) {
    const char* const reason = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    return fail(Code::internal, fmt::format("cannot {}: {}", what, reason != nullptr ? reason : "unknown reason"));
}

Owner<GENERAL_NAME> dns_name(const std::string& name) {
    Owner<GENERAL_NAME> made(GENERAL_NAME_new(), GENERAL_NAME_free);
    auto* const text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(made.get(), GEN_DNS, text);
    return made;
}

/// All addresses of a family: as many zero bytes for the address as for its mask.
Owner<GENERAL_NAME> every_address(int address_bytes) {
    Owner<GENERAL_NAME> made(GENERAL_NAME_new(), GENERAL_NAME_free);
    auto* const bytes = ASN1_OCTET_STRING_new();
    const std::string zeros(static_cast<std::size_t>(2 * address_bytes), '\0');
    ASN1_STRING_set(bytes, zeros.data(), static_cast<int>(zeros.size()));
    GENERAL_NAME_set0_value(made.get(), GEN_IPADD, bytes);
    return made;
}

void add_subtree(STACK_OF(GENERAL_SUBTREE) * &to, Owner<GENERAL_NAME> name) {
    if (to == nullptr) to = sk_GENERAL_SUBTREE_new_null();
    auto* const subtree = GENERAL_SUBTREE_new();
    GENERAL_NAME_free(std::exchange(subtree->base, name.release()));
    sk_GENERAL_SUBTREE_push(to, subtree);
}

Owner<NAME_CONSTRAINTS> constraints_for(const std::vector<std::string>& names) {
    Owner<NAME_CONSTRAINTS> constraints(NAME_CONSTRAINTS_new(), NAME_CONSTRAINTS_free);
    for (const auto& name : names)
        add_subtree(constraints->permittedSubtrees, dns_name(name.starts_with("*.") ? name.substr(2) : name));
    add_subtree(constraints->excludedSubtrees, every_address(4));
    add_subtree(constraints->excludedSubtrees, every_address(16));
    return constraints;
}

std::string encoded(NAME_CONSTRAINTS* constraints) {
    unsigned char* bytes = nullptr;
    const int size =
        ASN1_item_i2d(reinterpret_cast<ASN1_VALUE*>(constraints), &bytes, ASN1_ITEM_rptr(NAME_CONSTRAINTS));
    std::string out(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(std::max(size, 0)));
    OPENSSL_free(bytes);
    return out;
}

bool permits_exactly(X509* certificate, const std::vector<std::string>& names) {
    const Owner<NAME_CONSTRAINTS> found(
        static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_name_constraints, nullptr, nullptr)),
        NAME_CONSTRAINTS_free);
    return found && encoded(found.get()) == encoded(constraints_for(names).get());
}

bool extend(X509* certificate, X509* issuer, int what, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const Owner<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, what, value), X509_EXTENSION_free);
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

void set_time(ASN1_TIME* to, Time time) {
    ASN1_TIME_set(to, std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

/// A certificate with everything but issuer, extensions and signature.
Certificate begin_certificate(EVP_PKEY* key, std::string_view common_name, Time begins, Time ends) {
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    unsigned char serial[16];
    RAND_bytes(serial, sizeof serial);
    serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive, and never shorter
    const Owner<BIGNUM> number(BN_bin2bn(serial, sizeof serial, nullptr), BN_free);
    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
    set_time(X509_getm_notBefore(certificate.get()), begins);
    set_time(X509_getm_notAfter(certificate.get()), ends);
    X509_set_pubkey(certificate.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.data()),
                               static_cast<int>(std::min(common_name.size(), common_name_bytes_max)), -1, 0);
    return certificate;
}

std::string text_of(BIO* bio) {
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(bio, &bytes);
    return std::string(bytes, static_cast<std::size_t>(size));
}

CertifiedKey to_pem(X509* certificate, EVP_PKEY* key) {
    const Owner<BIO> first(BIO_new(BIO_s_mem()), BIO_free_all), second(BIO_new(BIO_s_secmem()), BIO_free_all);
    PEM_write_bio_X509(first.get(), certificate);
    PEM_write_bio_PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return {text_of(first.get()), text_of(second.get())};
}

Owner<BIO> reader(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

}  // namespace

Result<CertifiedKey> make_authority(const std::vector<std::string>& names, Time now) {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (!key) return openssl_failed("make a key");
    const auto name = fmt::format("cairn gateway, made {}", format_time(now).substr(0, 10));
    const auto certificate = begin_certificate(key.get(), name, now - leeway, now + authority_life);
    auto* const raw = certificate.get();
    X509_set_issuer_name(raw, X509_get_subject_name(raw));
    const bool done = extend(raw, raw, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      extend(raw, raw, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      extend(raw, raw, NID_ext_key_usage, "serverAuth") &&
                      extend(raw, raw, NID_subject_key_identifier, "hash") &&
                      X509_add1_ext_i2d(raw, NID_name_constraints, constraints_for(names).get(), 1, 0) == 1 &&
                      X509_sign(raw, key.get(), EVP_sha256()) > 0;
    if (!done) return openssl_failed("make the certificate of an authority");
    return to_pem(raw, key.get());
}

Result<Issuer> Issuer::read(const CertifiedKey& authority, const std::vector<std::string>& names, Time now) {
    Issuer issuer;
    issuer.certificate_ =
        Certificate(PEM_read_bio_X509(reader(authority.certificate).get(), nullptr, nullptr, nullptr), X509_free);
    issuer.key_ = Key(PEM_read_bio_PrivateKey(reader(authority.key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    ERR_clear_error();
    auto* const certificate = issuer.certificate_.get();
    if (certificate == nullptr || !issuer.key_) return fail(Code::invalid, "there is no certificate with a key");
    if (X509_check_private_key(certificate, issuer.key_.get()) != 1) {
        ERR_clear_error();
        return fail(Code::invalid, "the key does not belong to the certificate");
    }
    if (!permits_exactly(certificate, names))
        return fail(Code::invalid, "the certificate permits other names than those that are to be intercepted");
    tm ends{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &ends) != 1)
        return fail(Code::invalid, "the certificate does not say when it ends");
    issuer.ends_ = std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::from_time_t(::timegm(&ends)));
    if (issuer.ends_ <= now) return fail(Code::invalid, "the certificate ended at " + format_time(issuer.ends_));
    return issuer;
}

Result<CertifiedKey> Issuer::issue(const std::string& host, Time now) const {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    if (!key) return openssl_failed("make a key");
    const auto certificate = begin_certificate(key.get(), host, now - leeway, std::min<Time>(now + leaf_life, ends_));
    auto* const raw = certificate.get();
    X509_set_issuer_name(raw, X509_get_subject_name(certificate_.get()));
    const Owner<GENERAL_NAMES> names(GENERAL_NAMES_new(), GENERAL_NAMES_free);
    sk_GENERAL_NAME_push(names.get(), dns_name(host).release());
    const bool done = extend(raw, certificate_.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                      extend(raw, certificate_.get(), NID_key_usage, "critical,digitalSignature") &&
                      extend(raw, certificate_.get(), NID_ext_key_usage, "serverAuth") &&
                      extend(raw, certificate_.get(), NID_subject_key_identifier, "hash") &&
                      extend(raw, certificate_.get(), NID_authority_key_identifier, "keyid:always") &&
                      X509_add1_ext_i2d(raw, NID_subject_alt_name, names.get(), 0, 0) == 1 &&
                      X509_sign(raw, key_.get(), EVP_sha256()) > 0;
    if (!done) return openssl_failed("make a certificate");
    return to_pem(raw, key.get());
}

}  // namespace cairn::gateway
