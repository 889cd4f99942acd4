#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct x509_st;      // OpenSSL's X509
struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace cairn::gateway {

/// A certificate and its private key, as PEM.
struct CertifiedKey {
    std::string certificate, key;
};

/// A certificate for an authority of its own: P-256, ten years, no authority below it (pathlen 0), and good for servers
/// below `names` only: name constraints (RFC 5280 section 4.2.1.10) permit them and exclude every address. A "*."
/// before a name makes no difference: constraints know no single name. Error: internal.
Result<CertifiedKey> make_authority(const std::vector<std::string>& names, Time now);

/// Makes certificates of servers under an authority's. Members may be called from any thread.
class Issuer {
public:
    static constexpr std::chrono::hours leaf_life{7 * 24};

    /// Errors: invalid: it is no certificate with its key, does not permit exactly `names`, or has ended.
    static Result<Issuer> read(const CertifiedKey& authority, const std::vector<std::string>& names, Time now);

    /// For the server `host`, with a key of its own: P-256, from an hour ago to the end of leaf_life or of the
    /// authority. Error: internal.
    Result<CertifiedKey> issue(const std::string& host, Time now) const;

    Time ends() const { return ends_; }

private:
    std::shared_ptr<x509_st> certificate_;
    std::shared_ptr<evp_pkey_st> key_;
    Time ends_{};
};

}  // namespace cairn::gateway
