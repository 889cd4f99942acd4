#pragma once

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/http_server.h"

namespace cairn::net {

/// A fresh certificate for 127.0.0.1 or other names, signed by itself, in a folder that goes away with it.
class Certificate {
public:
    explicit Certificate(const char* common_name = "one", const char* names = "IP:127.0.0.1") : names_(names) {
        char name[] = "/tmp/cairn-net-XXXXXX";
        folder_ = ::mkdtemp(name);
        write(common_name);
    }
    ~Certificate() { std::filesystem::remove_all(folder_); }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    TlsFiles files() const { return {folder_ + "/cert.pem", folder_ + "/key.pem"}; }

    /// Replaces certificate and key.
    void write(const char* common_name) {
        const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
        X509_set_version(certificate.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
        X509_set_pubkey(certificate.get(), key.get());
        auto* const subject = X509_get_subject_name(certificate.get());
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1,
                                   -1, 0);
        X509_set_issuer_name(certificate.get(), subject);
        extend(certificate.get(), NID_subject_alt_name, names_);
        extend(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
        ASSERT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);

        const std::unique_ptr<FILE, int (*)(FILE*)> key_file(std::fopen(files().key.c_str(), "w"), std::fclose);
        const std::unique_ptr<FILE, int (*)(FILE*)> certificate_file(std::fopen(files().certificate.c_str(), "w"),
                                                                     std::fclose);
        ASSERT_EQ(PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
        ASSERT_EQ(PEM_write_X509(certificate_file.get(), certificate.get()), 1);
    }

private:
    static void extend(X509* certificate, int what, const char* value) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    const char* const names_;
    std::string folder_;
};

}  // namespace cairn::net
