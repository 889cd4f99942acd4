#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "gateway/issuer.h"
#include "net/tls.h"
#include "seam/clock.h"

namespace cairn::gateway {

/// The authority that clients of a forward proxy are told to trust, in a folder: `ca.pem`, which may be given out, and
/// `ca.key`, which only its owner can read. Makes what connections to intercepted hosts are encrypted with, and keeps
/// those that were used last. Members may be called from any thread.
class CertificateAuthority {
public:
    /// How many hosts are kept.
    static constexpr std::size_t hosts_max = 1024;

    /// Makes folder, certificate and key unless they are there; `names` are what it may vouch for ("*.amazonaws.com").
    /// Two processes may do so at the same time. `clock` outlives it. Errors: denied (the folder cannot be written, or
    /// others may read the key), invalid (as Issuer::read(), naming the file).
    static Result<std::unique_ptr<CertificateAuthority>> open(const std::string& folder,
                                                              const std::vector<std::string>& names,
                                                              const Clock& clock);

    /// The absolute path of the certificate.
    const std::string& certificate_file() const { return certificate_file_; }

    /// May it vouch for `host`?
    bool covers(std::string_view host) const;

    /// For a connection to `host`, which it covers. A client that asks for another name that is covered gets that one's
    /// certificate. Made anew when less than a day of it is left. Error: internal.
    Result<net::TlsContext> context(const std::string& host);

private:
    struct Leaf {
        std::string host;
        net::TlsContext context;
        Time renewal{};
    };
    using Leaves = std::list<Leaf>;

    CertificateAuthority(Issuer issuer, std::vector<std::string> names, std::string certificate_file,
                         const Clock& clock)
        : issuer_(std::move(issuer)),
          names_(std::move(names)),
          certificate_file_(std::move(certificate_file)),
          clock_(clock) {}

    net::TlsContext chosen(const std::string& own, std::string asked);

    const Issuer issuer_;
    const std::vector<std::string> names_;
    const std::string certificate_file_;
    const Clock& clock_;

    std::mutex mutex_;
    Leaves leaves_;  // guarded by mutex_, as below; used last: first
    std::unordered_map<std::string, Leaves::iterator> places_;
};

}  // namespace cairn::gateway
