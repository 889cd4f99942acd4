#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "gateway/certificate_authority.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"

namespace cairn::gateway {
namespace {

using std::chrono::hours;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

const std::vector<std::string> aws_names = {"*.amazonaws.com", "*.api.aws"};

Certificate read(const std::string& pem) {
    const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
    return {PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free};
}

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What a client says that trusts `authority` only, is as strict as OpenSSL can be, and wants `host`.
int verify(const std::string& authority, X509* leaf, const std::string& host, Time at) {
    const std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> store(X509_STORE_new(), X509_STORE_free);
    X509_STORE_add_cert(store.get(), read(authority).get());
    const std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
    X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
    auto* const parameters = X509_STORE_CTX_get0_param(context.get());
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(parameters, std::chrono::system_clock::to_time_t(at));
    X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), 0);
    return X509_verify_cert(context.get()) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(context.get());
}

class Authority : public testing::Test {
protected:
    Result<std::unique_ptr<CertificateAuthority>> open(const std::vector<std::string>& names = aws_names) const {
        return CertificateAuthority::open(path_, names, clock_);
    }

    const support::TemporaryFolder folder_;
    const std::string path_ = folder_.path() + "/deep/ca";
    support::FakeClock clock_;
};

TEST(Issuer, VouchesForServersBelowItsNamesOnly) {
    const auto now = from_milliseconds(support::FakeClock::start_ms);
    const auto authority = make_authority(aws_names, now);
    ASSERT_TRUE(authority) << authority.error().message;
    const auto issuer = Issuer::read(*authority, aws_names, now);
    ASSERT_TRUE(issuer) << issuer.error().message;
    const struct {
        const char* host;
        int result;
    } cases[] = {{"s3.amazonaws.com", X509_V_OK},
                 {"a.b.s3.eu-west-1.amazonaws.com", X509_V_OK},
                 {"s3.eu-west-1.api.aws", X509_V_OK},
                 {"s3.amazonaws.com.evil.example", X509_V_ERR_PERMITTED_VIOLATION},
                 {"notamazonaws.com", X509_V_ERR_PERMITTED_VIOLATION},
                 {"example.org", X509_V_ERR_PERMITTED_VIOLATION}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.host);
        const auto leaf = issuer->issue(row.host, now);
        ASSERT_TRUE(leaf) << leaf.error().message;
        EXPECT_EQ(verify(authority->certificate, read(leaf->certificate).get(), row.host, now), row.result);
    }
    const auto leaf = read(issuer->issue("s3.amazonaws.com", now)->certificate);
    EXPECT_EQ(verify(authority->certificate, leaf.get(), "sts.amazonaws.com", now), X509_V_ERR_HOSTNAME_MISMATCH);
    EXPECT_EQ(verify(authority->certificate, leaf.get(), "s3.amazonaws.com", now + Issuer::leaf_life - hours(1)),
              X509_V_OK);
    EXPECT_EQ(verify(authority->certificate, leaf.get(), "s3.amazonaws.com", now + Issuer::leaf_life + hours(1)),
              X509_V_ERR_CERT_HAS_EXPIRED);
}

TEST(Issuer, AnAuthorityHasNoneBelowItAndVouchesForNoAddress) {
    const auto now = from_milliseconds(support::FakeClock::start_ms);
    const auto certificate = read(make_authority(aws_names, now)->certificate);
    EXPECT_EQ(X509_get_pathlen(certificate.get()), 0);
    int critical = 0;
    const std::unique_ptr<NAME_CONSTRAINTS, void (*)(NAME_CONSTRAINTS*)> constraints(
        static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(certificate.get(), NID_name_constraints, &critical, nullptr)),
        NAME_CONSTRAINTS_free);
    ASSERT_TRUE(constraints);
    EXPECT_EQ(critical, 1);
    EXPECT_EQ(sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees), 2);
    ASSERT_EQ(sk_GENERAL_SUBTREE_num(constraints->excludedSubtrees), 2);
    const int sizes[] = {8, 32};
    for (int i = 0; i < 2; ++i) {
        const auto* const name = sk_GENERAL_SUBTREE_value(constraints->excludedSubtrees, i)->base;
        ASSERT_EQ(name->type, GEN_IPADD);
        EXPECT_EQ(name->d.iPAddress->length, sizes[i]);
    }
    int days = 0, seconds = 0;
    ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate.get()), X509_get0_notAfter(certificate.get()));
    EXPECT_NEAR(days, 3653, 1);
}

TEST_F(Authority, IsMadeOnceAndItsKeyIsForItsOwnerOnly) {
    const auto first = open();
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ((*first)->certificate_file(), path_ + "/ca.pem");
    const auto made = text_of(path_ + "/ca.pem");
    struct stat status;
    ASSERT_EQ(::stat((path_ + "/ca.key").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);

    ASSERT_TRUE(open());
    EXPECT_EQ(text_of(path_ + "/ca.pem"), made);
    for (const mode_t mode : {0640, 0604, 0610}) {
        ASSERT_EQ(::chmod((path_ + "/ca.key").c_str(), mode), 0);
        const auto refused = open();
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::denied);
        EXPECT_NE(refused.error().message.find("ca.key"), std::string::npos);
    }
}

TEST_F(Authority, OfOtherNamesOrAnotherKeyIsRefused) {
    ASSERT_TRUE(open());
    const auto wider = open({"*.amazonaws.com", "*.api.aws", "*.example.com"});
    ASSERT_FALSE(wider);
    EXPECT_NE(wider.error().message.find("other names"), std::string::npos) << wider.error().message;

    clock_.advance(hours(24 * 3660));
    const auto ended = open();
    ASSERT_FALSE(ended);
    EXPECT_NE(ended.error().message.find("ended"), std::string::npos) << ended.error().message;
    clock_.advance(-hours(24 * 3660));

    const auto other = make_authority(aws_names, clock_.now());
    std::ofstream(path_ + "/ca.key", std::ios::trunc) << other->key;
    const auto strange = open();
    ASSERT_FALSE(strange);
    EXPECT_NE(strange.error().message.find("does not belong"), std::string::npos) << strange.error().message;

    std::filesystem::remove(path_ + "/ca.key");
    EXPECT_FALSE(open());  // clients trust the certificate that is there: it is not replaced by itself
    std::filesystem::remove(path_ + "/ca.pem");
    EXPECT_TRUE(open());
}

TEST_F(Authority, CertificatesOfHostsAreKeptUntilTheyEndSoonOrOthersAreUsedMore) {
    const auto authority = open();
    ASSERT_TRUE(authority);
    auto& made = **authority;
    const auto first = made.context("s3.amazonaws.com");
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(*made.context("s3.amazonaws.com"), *first);
    EXPECT_NE(*made.context("sts.amazonaws.com"), *first);
    clock_.advance(hours(6 * 24 - 1));
    EXPECT_EQ(*made.context("s3.amazonaws.com"), *first);
    clock_.advance(hours(2));
    const auto renewed = made.context("s3.amazonaws.com");
    ASSERT_TRUE(renewed);
    EXPECT_NE(*renewed, *first);

    const auto other = made.context("sts.amazonaws.com");
    for (std::size_t i = 0; i + 2 < CertificateAuthority::hosts_max; ++i)
        ASSERT_TRUE(made.context("b" + std::to_string(i) + ".s3.amazonaws.com"));
    EXPECT_EQ(*made.context("s3.amazonaws.com"), *renewed);
    ASSERT_TRUE(made.context("one-more.s3.amazonaws.com"));
    EXPECT_EQ(*made.context("s3.amazonaws.com"), *renewed);
    EXPECT_NE(*made.context("sts.amazonaws.com"), *other);  // used longest ago
}

TEST_F(Authority, CoversItsNames) {
    const auto authority = open();
    ASSERT_TRUE(authority);
    EXPECT_TRUE((*authority)->covers("s3.amazonaws.com"));
    EXPECT_TRUE((*authority)->covers("S3.AmazonAWS.com"));
    EXPECT_FALSE((*authority)->covers("amazonaws.com"));
    EXPECT_FALSE((*authority)->covers("s3.amazonaws.com.example"));
    EXPECT_FALSE((*authority)->covers("bad name.amazonaws.com"));
    EXPECT_FALSE((*authority)->covers("127.0.0.1"));
}

}  // namespace
}  // namespace cairn::gateway
