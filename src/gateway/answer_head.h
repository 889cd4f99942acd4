#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "gateway/body_scanner.h"
#include "net/http.h"

namespace cairn::gateway {

/// The head of an upstream's answer.
struct AnswerHead {
    int status = 0;
    bool http_1_0 = false;
    bool keep_alive = true;  ///< the connection can be used again after this answer
    bool chunked = false;
    std::optional<std::uint64_t> length;  ///< of Content-Length
    net::Headers headers;                 ///< in order, repeated ones apart

    std::string_view find(std::string_view name) const;

    net::Response response() const;  ///< without a body

    /// How the body of this answer to `method` is delimited (RFC 9112 section 6.3).
    BodyScanner body(std::string_view method) const;
};

/// Reads a whole head with its empty line. Strict where readers could disagree about where the answer ends: bare LF,
/// folded lines, differing lengths, Content-Length beside Transfer-Encoding, codings behind or beside chunked.
/// Error: invalid.
Result<AnswerHead> parse_answer_head(std::string_view head);

}  // namespace cairn::gateway
