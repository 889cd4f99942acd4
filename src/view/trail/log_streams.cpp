#include "view/trail/log_streams.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::trail {

std::string log_stream_name(std::string_view account, std::string_view region, unsigned number) {
    return fmt::format("{}_CloudTrail_{}{}", account, region, number > 1 ? fmt::format("_{}", number) : "");
}

unsigned LogStreams::choose(const std::string& trail_id, const std::string& batch, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    auto& streams = by_trail_[trail_id];
    auto stream = std::ranges::find_if(streams, [](auto waiting) { return waiting < waiting_bytes_max; });
    if (stream == streams.end()) stream = std::ranges::min_element(streams);
    *stream += bytes;
    const auto number = static_cast<unsigned>(stream - streams.begin()) + 1;
    waiting_.insert_or_assign(batch, Waiting{trail_id, number, bytes});
    return number;
}

void LogStreams::done(const std::string& batch) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(batch);
    if (found == waiting_.end()) return;
    const auto streams = by_trail_.find(found->second.trail_id);
    streams->second[found->second.number - 1] -= found->second.bytes;
    if (std::ranges::all_of(streams->second, [](auto waiting) { return waiting == 0; })) by_trail_.erase(streams);
    waiting_.erase(found);
}

void LogStreams::clear() {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
    by_trail_.clear();
}

}  // namespace cairn::trail
