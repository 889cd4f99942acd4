#pragma once

#include <string>
#include <string_view>

namespace cairn::gateway {

/// Heads as they go on to the other side: every byte of first line, header names, values and order stays, but what
/// concerns one connection only is left out (RFC 9110 section 7.6.1): Connection and what it names, Keep-Alive,
/// Proxy-*, TE, Upgrade. A name that a signature or the framing may depend on stays even when Connection names it.

struct RequestChanges {
    bool upgrade = false;             ///< Connection and Upgrade go along
    bool drop_forwarded_for = false;  ///< X-Forwarded-For of someone who is not trusted
    std::string forwarded_for;        ///< one more line X-Forwarded-For with it; empty: none
};

/// `head` was accepted by net::parse_head().
std::string forwarded_request_head(std::string_view head, const RequestChanges& changes);

struct AnswerChanges {
    bool upgrade = false;  ///< of a 101
    bool close = false;    ///< one more line: "Connection: close"
    bool unframe = false;  ///< without Transfer-Encoding and Trailer: the peer knows no chunks
};

/// `head` was accepted by parse_answer_head().
std::string forwarded_answer_head(std::string_view head, const AnswerChanges& changes);

}  // namespace cairn::gateway
