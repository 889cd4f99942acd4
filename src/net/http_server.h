#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/result.h"
#include "net/http.h"

namespace cairn::net {

struct TlsFiles {
    std::string certificate;  ///< PEM chain; empty: plain HTTP
    std::string key;          ///< PEM
    friend bool operator==(const TlsFiles&, const TlsFiles&) = default;
};

/// What a request is answered that the server does not hand on: `text` says in a few words what is wrong. `head` is the
/// request without its body, or empty when its head was not understood. Called on a server's thread.
using Refusal = std::function<Response(const Request& head, int status, std::string_view text)>;

/// The text alone.
Response plain_refusal(const Request& head, int status, std::string_view text);

struct ServerOptions {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: any free one, see HttpServer::port()
    int threads = 2;
    TlsFiles tls = {};  ///< read again by reload_tls()
    std::size_t head_bytes_max = 64 * 1024;
    std::size_t connections_max = 20'000;
    std::size_t body_bytes_in_flight_max = 256u << 20;  ///< over all connections: above it new bodies wait, then 503
    std::chrono::milliseconds head_timeout{10'000};     ///< first byte of a request to the end of its head
    std::chrono::milliseconds body_timeout{30'000};     ///< longest pause inside a body
    std::chrono::milliseconds idle_timeout{75'000};     ///< between requests
    std::chrono::milliseconds drain_timeout{2'000};     ///< from stop() to the end of a request that is still coming
    Refusal refusal = plain_refusal;
};

/// HTTP/1.1 over TCP or TLS: keep-alive, pipelining in order, chunked bodies, Expect: 100-continue, HEAD. One event
/// loop per thread. Broken requests are answered 400, 408, 413, 417, 431, 501, 503 or 505 in the words of
/// `options.refusal`, and closed.
class HttpServer {
public:
    /// Listens at once. Errors: unavailable (address in use, named), invalid (certificate or key, named).
    static Result<std::unique_ptr<HttpServer>> start(ServerOptions options, Handler handler, BodyLimit body_limit,
                                                     Metrics& metrics);

    /// Stops as stop(0) does.
    virtual ~HttpServer() = default;

    virtual std::uint16_t port() const = 0;

    /// Reads certificate and key anew; connections already open keep the old ones. Error: invalid; then the old stay.
    virtual Result<void> reload_tls() = 0;

    /// Takes no new connections, lets running requests finish for up to `grace`, refuses those that are not wholly
    /// received by `drain_timeout` (503), closes streams, then everything. Blocks.
    virtual void stop(std::chrono::milliseconds grace) = 0;
};

}  // namespace cairn::net
