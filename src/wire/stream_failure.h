#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/call_failure.h"

namespace cairn::wire {

/// Watches an event stream (application/vnd.amazon.eventstream) for the frame that says the call failed after all: its
/// status was 200 long before. Frames: total length and headers' length (32 bits, big endian), a CRC, headers, payload,
/// a CRC. Takes the bytes in pieces as they come and keeps none of the events.
class StreamFailure {
public:
    void add(std::string_view bytes);

    /// Code and message of the first frame whose `:message-type` is `exception` or `error`, each at most 1 KB of valid
    /// UTF-8. Empty: none so far, or what came is no event stream.
    const CallFailure& failure() const { return failure_; }

private:
    enum class Step { prelude, headers, payload, rest, ended };

    bool collect(std::string_view& bytes, std::size_t size);
    void take_prelude();
    void take_headers();
    void take_payload();

    Step step_ = Step::prelude;
    std::string part_;  // of this step
    std::size_t headers_bytes_ = 0;
    std::uint64_t left_ = 0;  // of the frame, behind its headers
    CallFailure failure_;
};

}  // namespace cairn::wire
