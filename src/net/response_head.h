#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/http.h"

namespace cairn::net {

/// What the server itself says in the head of an answer.
struct HeadFacts {
    std::string_view date;  ///< as format_http_date() writes it
    bool close = false;     ///< "Connection: close"; otherwise, to HTTP/1.0, "keep-alive"
    bool http_1_0 = false;  ///< of the request
    bool chunked = false;   ///< instead of a length
    bool endless = false;   ///< neither length nor chunks: the end of the connection ends the body
};

/// Appends status line and headers with the empty line. Headers that the server sets itself are left out of
/// `response.headers`; line ends inside a value become blanks, so that no value can begin a header.
void append_response_head(std::string& out, const Response& response, const HeadFacts& facts);

/// Has an answer of this status a body (RFC 9110 section 6.4.1)?
bool status_has_body(int status);

}  // namespace cairn::net
