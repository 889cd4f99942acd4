#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/clock.h"
#include "seam/log_sink.h"

namespace cairn::trail {

/// Sends records to log groups, each as one log event with the time at which it is sent, in as few calls as the limits
/// of the service allow (CloudTrail user guide, "Sending events to CloudWatch Logs"). What a failed attempt got through
/// is not sent again by the next one; after a restart it may be. Any thread; one at a time for each batch.
class LogDelivery {
public:
    /// The service takes no larger records from CloudTrail (user guide, "CloudTrail and CloudWatch Logs"): they are
    /// left out.
    static constexpr std::size_t record_bytes_max = 256 * 1024;

    /// Both outlive it.
    LogDelivery(LogSink& sink, const Clock& clock) : sink_(sink), clock_(clock) {}

    /// Reads records of a batch in order, those with numbers below `from` left out.
    using Use = std::function<Result<void>(std::uint64_t number, std::string_view record)>;
    using Read = std::function<Result<void>(std::uint64_t from, const Use& use)>;

    /// Makes the stream when it is not there. Blocks. Errors: those of the sink, of `read`.
    Result<void> deliver(const std::string& batch, const LogStream& stream, std::uint64_t from, const Read& read);

    /// Forgets how far a batch got.
    void forget(const std::string& batch);

private:
    Result<void> put(const LogStream& stream, const std::vector<std::string>& records);

    LogSink& sink_;
    const Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, std::uint64_t> sent_to_;  // guarded by mutex_; by batch: records below are sent
};

}  // namespace cairn::trail
