#include "api/server_timing.h"

#include <utility>

#include <fmt/format.h>

namespace cairn::api {

namespace {

class TimedResponder final : public net::Responder {
public:
    TimedResponder(std::unique_ptr<net::Responder> inner, std::chrono::steady_clock::time_point begun)
        : inner_(std::move(inner)), begun_(begun) {}

    void send(net::Response response) override { inner_->send(timed(std::move(response))); }
    std::shared_ptr<net::Stream> stream(net::Response head) override { return inner_->stream(timed(std::move(head))); }

private:
    net::Response timed(net::Response response) const {
        const std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - begun_;
        response.headers.emplace_back("Server-Timing", fmt::format("total;dur={:.2f}", taken.count()));
        return response;
    }

    const std::unique_ptr<net::Responder> inner_;
    const std::chrono::steady_clock::time_point begun_;
};

}  // namespace

std::unique_ptr<net::Responder> with_server_timing(std::unique_ptr<net::Responder> inner,
                                                   std::chrono::steady_clock::time_point begun) {
    return std::make_unique<TimedResponder>(std::move(inner), begun);
}

}  // namespace cairn::api
