#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "net/http.h"

namespace cairn::net {

/// How the body of a request is delimited, and what its head asks of the connection.
struct Framing {
    bool chunked = false;
    std::uint64_t content_length = 0;  ///< 0 when chunked
    bool keep_alive = true;
    bool expects_continue = false;
    bool http_1_0 = false;

    bool has_body() const { return chunked || content_length > 0; }
};

/// Why a head is refused: the status to answer, and a short text for the client.
struct HeadProblem {
    int status;
    const char* text;
};

/// Where the head ends (behind its empty line) in `bytes`, or npos. Searching begins at `from`: what was searched
/// before need not be again. Lines ending in a bare LF end a head too, so that it can be refused at once.
std::size_t find_head_end(std::string_view bytes, std::size_t from);

/// Can `bytes` be the beginning of a request? False for TLS on a plain port and the like.
bool may_begin_request(std::string_view bytes);

/// Reads a whole head into method, target and headers of `request`. Strict where servers that read differently could be
/// played off against each other (RFC 9112 sections 2.2, 5, 6.3, 11.2): bare LF, folded lines, blanks before the colon,
/// Content-Length beside Transfer-Encoding, differing or malformed lengths, several or no Host are refused.
std::expected<Framing, HeadProblem> parse_head(std::string_view head, Request& request);

}  // namespace cairn::net
