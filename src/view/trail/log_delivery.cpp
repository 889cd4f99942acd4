#include "view/trail/log_delivery.h"

#include <algorithm>
#include <vector>

#include "base/log.h"

namespace cairn::trail {

namespace {

/// What fits into one call.
struct Load {
    std::vector<std::string> records;
    std::size_t bytes = 0;
    std::uint64_t to = 0;  ///< records below are in it, or before it

    static std::size_t size_of(std::string_view record) { return record.size() + LogSink::event_overhead_bytes; }

    bool has_room(std::string_view record) const {
        return records.size() < LogSink::events_max && bytes + size_of(record) <= LogSink::bytes_max;
    }
    void add(std::string_view record) {
        bytes += size_of(record);
        records.emplace_back(record);
    }
};

}  // namespace

Result<void> LogDelivery::deliver(const std::string& batch, const LogStream& stream, std::uint64_t from,
                                  const Read& read) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto sent = sent_to_.find(batch); sent != sent_to_.end()) from = std::max(from, sent->second);
    }
    Load load;
    const auto send = [&]() -> Result<void> {
        if (load.records.empty()) return {};
        CAIRN_TRY(put(stream, load.records));
        const std::lock_guard lock(mutex_);
        sent_to_[batch] = load.to;
        load = {};
        return {};
    };
    CAIRN_TRY(read(from, [&](std::uint64_t number, std::string_view record) -> Result<void> {
        if (record.size() > record_bytes_max) {
            log_info("a record is too large for CloudWatch Logs",
                     {{"number", number}, {"bytes", record.size()}, {"stream", stream.name}});
            return {};
        }
        if (!load.has_room(record)) CAIRN_TRY(send());
        load.add(record);
        load.to = number + 1;
        return {};
    }));
    return send();
}

Result<void> LogDelivery::put(const LogStream& stream, const std::vector<std::string>& records) {
    const std::vector<std::string_view> messages(records.begin(), records.end());
    auto done = sink_.put(stream, clock_.now(), messages);
    if (done || done.error().code != Code::not_found) return done;
    CAIRN_TRY(sink_.create_stream(stream));
    return sink_.put(stream, clock_.now(), messages);
}

void LogDelivery::forget(const std::string& batch) {
    const std::lock_guard lock(mutex_);
    sent_to_.erase(batch);
}

}  // namespace cairn::trail
