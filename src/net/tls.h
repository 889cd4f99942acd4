#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http_server.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace cairn::net {

/// What connections are encrypted with: one certificate and its key. Shared by the connections opened with it.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// Reads certificate chain and key. TLS 1.2 and 1.3, ciphers with forward secrecy, ALPN "http/1.1".
/// Error: invalid, naming the file.
Result<TlsContext> load_tls(const TlsFiles& files);

/// The same with several certificates: the first whose names include the one that the client asks for (RFC 6066 section
/// 3), else the first of all. `files` is not empty.
Result<TlsContext> load_tls(const std::vector<TlsFiles>& files);

/// What a connection is encrypted with whose client asks for `name`; null: what it began with.
using ChooseTls = std::function<TlsContext(std::string name)>;

/// The same with a certificate and a key that are PEM in memory. `choose` is called in handshakes, on their thread.
/// Error: invalid.
Result<TlsContext> make_tls(const std::string& certificate, const std::string& key, ChooseTls choose);

/// How a client trusts servers.
struct TlsTrust {
    std::string ca_file;  ///< PEM to trust besides the system's; empty: none
    bool verify = true;   ///< false: any certificate is taken
};

/// For the client's side of connections. Error: invalid, naming the file.
Result<TlsContext> load_client_tls(const TlsTrust& trust);

}  // namespace cairn::net
