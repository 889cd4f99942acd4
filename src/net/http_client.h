#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace cairn::net {

struct ClientOptions {
    std::string ca_file;  ///< PEM to trust besides the system's; empty: none
    std::chrono::milliseconds connect_timeout{5'000};
    std::chrono::milliseconds timeout{60'000};  ///< for a whole answer; streams have none
};

/// Sends `request` to `endpoint` ("http://host:port", https too) and returns the answer, whatever its status. Blocks.
/// Errors: unavailable (no connection, time-out), invalid (endpoint not a URL).
Result<Response> send(const std::string& endpoint, const Request& request, const ClientOptions& options = {});

/// As send(), but hands the body of a 2xx answer on as it arrives, until the server ends or `use` returns false.
/// Other answers are returned whole.
Result<Response> receive_stream(const std::string& endpoint, const Request& request,
                                const std::function<bool(std::string_view bytes)>& use, const ClientOptions& options = {});

}  // namespace cairn::net
