#include "net/responder.h"

#include <utility>

#include "base/check.h"

namespace cairn::net {

namespace {

class SinkResponder final : public Responder {
public:
    explicit SinkResponder(std::shared_ptr<AnswerSink> sink) : sink_(std::move(sink)) {}

    ~SinkResponder() override {
        if (sink_) send({500, {{"Content-Type", "text/plain"}}, "the request was dropped unanswered\n"});
    }

    void send(Response response) override { give({std::move(response), nullptr}); }

    std::shared_ptr<Stream> stream(Response head) override {
        auto queue = std::make_shared<StreamQueue>([sink = std::weak_ptr(sink_)] {
            if (const auto open = sink.lock()) open->wake();
        });
        give({std::move(head), queue});
        return make_stream(std::move(queue));
    }

private:
    void give(Answer answer) {
        CAIRN_CHECK(sink_ != nullptr);  // a request is answered once
        std::exchange(sink_, nullptr)->deliver(std::move(answer));
    }

    std::shared_ptr<AnswerSink> sink_;
};

}  // namespace

std::unique_ptr<Responder> make_responder(std::shared_ptr<AnswerSink> sink) {
    return std::make_unique<SinkResponder>(std::move(sink));
}

}  // namespace cairn::net
