#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace cairn {

/// A stream of a log group (CloudWatch Logs).
struct LogStream {
    std::string group_arn;  ///< "arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*"
    std::string name;
};

/// Takes log events. Any thread; all block.
/// Errors: not_found (group or stream), denied, invalid, unavailable; the message begins with the CloudWatch Logs error
/// code ("ResourceNotFoundException") and ": ", unless there was no answer.
class LogSink {
public:
    /// What one put() may hold (CloudWatch Logs API reference, "PutLogEvents"): each event counts its UTF-8 bytes and
    /// an overhead.
    static constexpr std::size_t events_max = 10'000, bytes_max = 1'048'576, event_overhead_bytes = 26;

    virtual ~LogSink() = default;

    /// Fine when it is there already.
    virtual Result<void> create_stream(const LogStream& stream) = 0;

    /// Appends one event for each of `messages`, all at the time `at`; stored on return, all of them or none.
    virtual Result<void> put(const LogStream& stream, Time at, const std::vector<std::string_view>& messages) = 0;
};

}  // namespace cairn
