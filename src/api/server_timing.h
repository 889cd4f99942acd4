#pragma once

#include <chrono>
#include <memory>

#include "net/http.h"

namespace cairn::api {

/// Answers through `inner` and says in the header Server-Timing how long it took from `begun` to the answer, or to the
/// head of a stream: "total;dur=12.3", in milliseconds (W3C, Server Timing).
std::unique_ptr<net::Responder> with_server_timing(std::unique_ptr<net::Responder> inner,
                                                   std::chrono::steady_clock::time_point begun);

}  // namespace cairn::api
