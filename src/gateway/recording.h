#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/metrics.h"
#include "gateway/record_maker.h"
#include "gateway/record_sink.h"
#include "gateway/recorder.h"

namespace cairn::gateway {

struct RecordingOptions {
    RecordMakerOptions records = {};
    std::size_t waiting_bytes_max = 64u << 20;  ///< of records that the sink did not take yet
    std::chrono::milliseconds retry_interval{500};
};

/// Has records made of calls and brings them to a sink. What the sink does not take is kept in memory and given again,
/// in order, until it does, whatever its reason: a token can be mended. While something waits, accepting() is false.
/// Only when more waits than may, or at the end, is a record dropped: that is counted and logged.
class Recording final : public Recorder {
public:
    /// `callers`, `sink` and `metrics` outlive it.
    Recording(RecordingOptions options, Callers& callers, RecordSink& sink, Metrics& metrics);

    /// Gives what waits once more, and waits for all that is under way.
    ~Recording() override;

    CopyLimits limits(const net::Request& head, const wire::Classified* call,
                      const net::Response* response) const override;
    void record(Call call, Done done) override;
    bool accepting() const override { return waiting_count_.load(std::memory_order_acquire) == 0; }

private:
    void submit(GatewayRecord record, Done done);
    void keep(GatewayRecord record, const Error& error);
    void retry();
    bool give_first(std::unique_lock<std::mutex>& lock);
    void left();

    const RecordingOptions options_;
    RecordMaker maker_;
    RecordSink& sink_;
    Counter &recorded_, &dropped_;
    std::atomic<std::uint64_t> sequence_;
    std::atomic<std::size_t> waiting_count_{0};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<GatewayRecord> waiting_;  // guarded by mutex_, as all below
    std::size_t waiting_bytes_ = 0;
    std::size_t under_way_ = 0;
    bool stopping_ = false;
    std::thread retrier_;
};

}  // namespace cairn::gateway
