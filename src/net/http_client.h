#pragma once

#include <atomic>
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
    std::chrono::milliseconds silence_timeout{
        0};  ///< when no byte came or went for that long, a second more or less; 0: no such bound
    const std::atomic<bool>* cancel = nullptr;  ///< once true, what is under way ends within a second or so
};

/// A request whose body stays the caller's: it is sent from where it lies.
struct OutgoingRequest {
    std::string method;
    std::string target;
    Headers headers;
    std::string_view body;
};

/// Sends `request` to `endpoint` ("http://host:port", https too) and returns the answer, whatever its status. Blocks.
/// Any thread, until its Deadline. Connections stay open and are used again by whatever thread comes next. Errors:
/// unavailable (no connection, time-out, cancelled, an answer that was cut), invalid (endpoint not a URL).
Result<Response> send(const std::string& endpoint, const Request& request, const ClientOptions& options = {});
Result<Response> send(const std::string& endpoint, const OutgoingRequest& request, const ClientOptions& options = {});

/// As send(), but hands the body of a 2xx answer on as it arrives, until the server ends or `use` returns false.
/// Other answers are returned whole.
Result<Response> receive_stream(const std::string& endpoint, const Request& request,
                                const std::function<bool(std::string_view bytes)>& use,
                                const ClientOptions& options = {});

}  // namespace cairn::net
