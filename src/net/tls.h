#pragma once

#include <memory>

#include "base/result.h"
#include "net/http_server.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace cairn::net {

/// What connections are encrypted with: one certificate and its key. Shared by the connections opened with it.
using TlsContext = std::shared_ptr<ssl_ctx_st>;

/// Reads certificate chain and key. TLS 1.2 and 1.3, ciphers with forward secrecy, ALPN "http/1.1".
/// Error: invalid, naming the file.
Result<TlsContext> load_tls(const TlsFiles& files);

}  // namespace cairn::net
