#include "net/stream_queue.h"

#include <utility>

namespace cairn::net {

namespace {

class QueueStream final : public Stream {
public:
    explicit QueueStream(std::shared_ptr<StreamQueue> queue) : queue_(std::move(queue)) {}
    ~QueueStream() override { queue_->close(); }

    bool write(std::string_view bytes) override { return queue_->write(bytes); }
    void close() override { queue_->close(); }
    bool closed() const override { return queue_->closed(); }
    std::size_t waiting_bytes() const override { return queue_->waiting_bytes(); }

private:
    std::shared_ptr<StreamQueue> queue_;
};

}  // namespace

bool StreamQueue::write(std::string_view bytes) {
    {
        std::lock_guard lock(mutex_);
        const auto waiting = waiting_.size() + in_flight_bytes_;
        if (closed_ || (waiting > 0 && waiting + bytes.size() > waiting_bytes_max)) return false;
        waiting_.append(bytes);
        if (std::exchange(woken_, true)) return true;
    }
    wake_();
    return true;
}

void StreamQueue::close() {
    {
        std::lock_guard lock(mutex_);
        if (std::exchange(closed_, true)) return;
        if (std::exchange(woken_, true)) return;
    }
    wake_();
}

bool StreamQueue::closed() const {
    std::lock_guard lock(mutex_);
    return closed_;
}

std::size_t StreamQueue::waiting_bytes() const {
    std::lock_guard lock(mutex_);
    return waiting_.size() + in_flight_bytes_;
}

std::string StreamQueue::take() {
    std::lock_guard lock(mutex_);
    woken_ = false;
    in_flight_bytes_ = waiting_.size();
    return std::exchange(waiting_, {});
}

bool StreamQueue::drained() const {
    std::lock_guard lock(mutex_);
    return closed_ && waiting_.empty();
}

void StreamQueue::peer_gone() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    woken_ = true;
    waiting_ = {};
}

std::shared_ptr<Stream> make_stream(std::shared_ptr<StreamQueue> queue) {
    return std::make_shared<QueueStream>(std::move(queue));
}

}  // namespace cairn::net
