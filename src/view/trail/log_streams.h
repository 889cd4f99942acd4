#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace cairn::trail {

/// The name of a trail's stream in its log group, counted from 1: "111122223333_CloudTrail_us-east-1", then with "_2"
/// and so on (CloudTrail user guide, "CloudWatch log group and log stream naming for CloudTrail").
std::string log_stream_name(std::string_view account, std::string_view region, unsigned number = 1);

/// Which stream each batch of a trail goes to: the first, unless so much waits there that a further one takes its
/// share. Any thread.
class LogStreams {
public:
    static constexpr unsigned streams_max = 4;
    static constexpr std::uint64_t waiting_bytes_max = 16 << 20;  ///< before a further stream is used

    /// The number of the stream for `bytes` of events, which wait there until done(`batch`).
    unsigned choose(const std::string& trail_id, const std::string& batch, std::uint64_t bytes);

    /// Fine when it was never chosen, or is done already.
    void done(const std::string& batch);

    /// Nothing waits any more.
    void clear();

private:
    struct Waiting {
        std::string trail_id;
        unsigned number = 1;
        std::uint64_t bytes = 0;
    };
    std::mutex mutex_;
    std::map<std::string, Waiting> waiting_;                                  // guarded by mutex_; by batch
    std::map<std::string, std::array<std::uint64_t, streams_max>> by_trail_;  // guarded by mutex_; bytes that wait
};

}  // namespace cairn::trail
