#include "node/local_sink.h"

#include <mutex>
#include <utility>
#include <vector>

#include "event/record.h"

namespace cairn::node {

namespace {

constexpr std::size_t records_max = 64;  // of a submission: whoever else is to be answered waits for its parsing
constexpr std::size_t bytes_max = 1u << 20;

using gateway::GatewayRecord;
using Done = gateway::RecordSink::Done;

struct Waiting {
    GatewayRecord record;
    Done done;
};
using Batch = std::vector<Waiting>;

/// Lives as long as a submission is under way.
class Queue : public std::enable_shared_from_this<Queue> {
public:
    Queue(ingest::Ingest& ingest, std::string gateway) : ingest_(ingest), gateway_(std::move(gateway)) {}

    void add(Waiting record) {
        std::unique_lock lock(mutex_);
        waiting_.push_back(std::move(record));
        if (std::exchange(under_way_, true)) return;
        auto batch = take();
        lock.unlock();
        submit(std::move(batch));
    }

private:
    /// mutex_ is held.
    Batch take() {
        std::size_t bytes = 0, count = 0;
        while (count < waiting_.size() && count < records_max && (count == 0 || bytes < bytes_max))
            bytes += waiting_[count++].record.text.size();
        if (count == waiting_.size()) return std::exchange(waiting_, {});
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
        Batch batch(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        return batch;
    }

    void submit(Batch batch) {
        std::size_t bytes = RecordParser::padding;
        for (const auto& [record, done] : batch) bytes += record.text.size();
        auto buffer = std::make_shared<std::string>();
        buffer->reserve(bytes);
        std::vector<std::size_t> ends;
        ingest::Writer writer;
        writer.envelope.writer = "cairn";
        writer.envelope.gateway = gateway_;
        for (auto& [record, done] : batch) {
            buffer->append(record.text);
            ends.push_back(buffer->size());
            writer.origins.push_back({record.sequence, std::move(record.evidence)});
        }
        std::vector<std::string_view> texts;
        for (std::size_t begin = 0; const auto end : ends) {
            texts.push_back(std::string_view(*buffer).substr(begin, end - begin));
            begin = end;
        }
        ingest_.submit(std::move(buffer), std::move(texts), std::move(writer),
                       [self = shared_from_this(), batch = std::move(batch)](Result<ingest::Receipt> receipt) mutable {
                           // The next ones first: nobody of this batch may keep them waiting.
                           self->go_on();
                           answer(std::move(batch), receipt);
                       });
    }

    void go_on() {
        std::unique_lock lock(mutex_);
        if (waiting_.empty()) {
            under_way_ = false;
            return;
        }
        auto batch = take();
        lock.unlock();
        submit(std::move(batch));
    }

    static void answer(Batch batch, const Result<ingest::Receipt>& receipt) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!receipt)
                batch[i].done(fail(receipt.error()));
            else if (const auto& result = receipt->results[i]; result.outcome == ingest::Outcome::rejected)
                batch[i].done(fail(Code::invalid, result.reason));
            else
                batch[i].done({});
        }
    }

    ingest::Ingest& ingest_;
    const std::string gateway_;
    std::mutex mutex_;
    Batch waiting_;           // guarded by mutex_, as is the next
    bool under_way_ = false;  // earlier records are
};

class LocalSink final : public gateway::RecordSink {
public:
    LocalSink(ingest::Ingest& ingest, std::string gateway)
        : queue_(std::make_shared<Queue>(ingest, std::move(gateway))) {}

    void submit(GatewayRecord record, Done done) override { queue_->add({std::move(record), std::move(done)}); }

private:
    const std::shared_ptr<Queue> queue_;
};

}  // namespace

std::unique_ptr<gateway::RecordSink> make_local_sink(ingest::Ingest& ingest, std::string gateway) {
    return std::make_unique<LocalSink>(ingest, std::move(gateway));
}

}  // namespace cairn::node
