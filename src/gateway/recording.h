#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "gateway/intent_journal.h"
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
///
/// With a journal of intents calls can be intended, and those whose answer goes on for long stand there from its head
/// to its end. Their records go through the journal, and are given to the sink once they are durable there: what the
/// sink has of a call is what is given again should nobody know whether it has it.
class Recording final : public Recorder {
public:
    /// `callers`, `sink`, `metrics` and `journal`, which may be null, outlive it. Brings what an earlier process left
    /// in the journal to the sink.
    Recording(RecordingOptions options, Callers& callers, RecordSink& sink, Metrics& metrics,
              IntentJournal* journal = nullptr);

    /// Gives what waits once more, and waits for all that is under way.
    ~Recording() override;

    /// As RecordMaker::change(). Any thread.
    void change(RecordMakerOptions records) { maker_.change(std::move(records)); }

    /// Can calls be intended?
    bool intends() const { return journal_ != nullptr; }

    CopyLimits limits(const net::Request& head, const wire::Classified* call,
                      const net::Response* response) const override;
    void record(Call call, Done done) override;
    void intend(Call call, Intended done) override;
    void record_head(Call call, Begun done) override;
    void forget(const Uuid& event_id) override;
    bool accepting() const override { return waiting_count_.load(std::memory_order_acquire) == 0; }

private:
    /// Of a call that stands in the journal: settled there once the sink has all of its records.
    struct Standing {
        Standing(const Uuid& of, std::size_t records) : id(of), open(records) {}
        const Uuid id;
        std::atomic<std::size_t> open;
    };
    struct Waiting {
        std::vector<GatewayRecord> records;
        std::shared_ptr<Standing> standing;  ///< null: it does not stand in the journal
        bool to_journal = false;             ///< it does not yet as it is to
    };

    std::vector<GatewayRecord> make(const Call& call);
    void number(std::vector<GatewayRecord>& records);
    static std::shared_ptr<Standing> standing(const Uuid& id, std::size_t records);
    static std::size_t records_lost_with(const Waiting& waiting);
    void put(const Uuid& id, std::vector<GatewayRecord> records, Done done);
    void submit(std::vector<GatewayRecord> records, std::shared_ptr<Standing> standing, Done done);
    void submit(GatewayRecord record, std::shared_ptr<Standing> standing, Done done);
    void stored(Standing* standing, std::size_t records);
    void settle(Standing* standing, std::size_t records);
    void keep(Waiting waiting, const Error& error);
    void give_up(const Waiting& waiting, const Error& error);
    void retry();
    bool give_first(std::unique_lock<std::mutex>& lock);
    Result<void> put_and_wait(const Waiting& waiting);
    Result<void> submit_and_wait(const std::vector<GatewayRecord>& records);
    void entered();
    void left();

    const RecordingOptions options_;
    RecordMaker maker_;
    RecordSink& sink_;
    IntentJournal* const journal_;
    Counter &recorded_, &dropped_;
    std::atomic<std::uint64_t> sequence_;
    std::atomic<std::size_t> waiting_count_{0};

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> waiting_;  // guarded by mutex_, as all below
    std::size_t waiting_bytes_ = 0;
    std::size_t under_way_ = 0;
    bool stopping_ = false;
    std::thread retrier_;
};

}  // namespace cairn::gateway
