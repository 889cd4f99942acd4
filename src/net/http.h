#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One HTTP/1.1 request. Names of headers keep their spelling; find() compares without case.
struct Request {
    std::string method;
    std::string target;        ///< as on the request line: path and query, undecoded
    Headers headers;           ///< repeated headers stay apart, in order
    std::string body;          ///< whole, chunks joined, not decompressed; followed by 64 readable bytes of capacity
    std::string peer_address;  ///< numeric, without port
    bool tls = false;
    std::string_view tls_version = {};  ///< "TLSv1.3"; static text, empty without TLS
    std::string_view tls_cipher = {};   ///< "TLS_AES_128_GCM_SHA256", for TLS 1.2 as OpenSSL names it; likewise

    std::string_view path() const;   ///< target before '?', undecoded
    std::string_view query() const;  ///< target after '?', undecoded; empty when there is none

    /// The first header of that name (case-insensitive), or empty.
    std::string_view find(std::string_view name) const;
};

/// What follows of a body that is too long to be held whole: asked for piece by piece, as the client takes them.
class BodyPieces {
public:
    /// Gets the next piece; an empty one, or one beyond the promised length, breaks the connection off.
    using Take = std::move_only_function<void(std::string piece)>;

    virtual ~BodyPieces() = default;

    /// Has `take` called once, now or later, from any thread. Called on a server's thread, when the client has taken
    /// what came before and the length is not reached: must not block.
    virtual void next(Take take) = 0;
};

struct Response {
    int status = 200;
    Headers headers;  ///< Content-Length, Date and Connection are added by the server
    std::string body;
    std::optional<std::uint64_t> content_length = {};  ///< of a body that is not whole in `body`; else its length
    std::shared_ptr<BodyPieces> rest = {};             ///< of the body behind `body`, up to `content_length`

    std::string_view find(std::string_view name) const;  ///< as Request::find()
};

/// An answer that goes on: server-sent events. Members may be called from any thread and do not block.
class Stream {
public:
    virtual ~Stream() = default;

    /// Queues bytes. False once the client is gone, or when something waits and it would be more than the limit (4 MB):
    /// then stop and close.
    virtual bool write(std::string_view bytes) = 0;

    /// What was queued and has not been sent.
    virtual std::size_t waiting_bytes() const = 0;
    virtual void close() = 0;
    virtual bool closed() const = 0;
};

/// The way to answer one request: exactly one of send() and stream(), once, from any thread, at any time.
class Responder {
public:
    virtual ~Responder() = default;
    virtual void send(Response response) = 0;

    /// Sends the head of `response` (its body is ignored) and leaves the connection open.
    virtual std::shared_ptr<Stream> stream(Response head) = 0;
};

/// What the server calls for every request, on one of its threads. Must not block for long: hand slow work on and
/// answer later through the responder. A responder destroyed unanswered makes the server answer 500.
using Handler = std::function<void(Request request, std::unique_ptr<Responder> responder)>;

/// The longest body taken for a request with this head (its body is still empty), in bytes: asked before the body is
/// read.
using BodyLimit = std::function<std::size_t(const Request& head)>;

/// Whether two header names are the same: letters compare without case.
bool equal_names(std::string_view one, std::string_view other);

/// Percent-decodes; '+' stays. Empty result and `ok` false when an escape is broken.
std::string percent_decode(std::string_view text, bool* ok = nullptr);

/// The decoded names and values of a query string, in order; '+' means space. A part with a broken escape stays as it
/// is.
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

/// "OK" for 200, and so on.
std::string_view reason_phrase(int status);

}  // namespace cairn::net
