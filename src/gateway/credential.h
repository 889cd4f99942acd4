#pragma once

#include <string>

#include "net/http.h"

namespace cairn::gateway {

/// What a request says of who signed it, and for which service and Region: a claim, nothing is verified.
struct Credential {
    enum class Signature { none, v4, v4a, v2, bearer };
    Signature signature = Signature::none;
    bool in_query = false;        ///< a presigned URL
    std::string access_key_id;    ///< empty: anonymous, or bearer
    std::string region, service;  ///< of the scope; empty where it has none
};

/// Reads Authorization, else the query string.
Credential read_credential(const net::Request& head);

}  // namespace cairn::gateway
