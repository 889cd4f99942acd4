#include "gateway/body_splice.h"

#include <algorithm>
#include <cstdint>

#include <fcntl.h>
#include <unistd.h>

namespace cairn::gateway {

namespace {

constexpr std::size_t pipe_bytes = 256 * 1024;   // what a stream may hold of the kernel's memory here
constexpr std::size_t turn_bytes = 1024 * 1024;  // then it is somebody else's turn

}  // namespace

std::unique_ptr<BodySplice> BodySplice::open() {
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
    ::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(pipe_bytes));  // a smaller one does, too
    return std::unique_ptr<BodySplice>(new BodySplice(ends[0], ends[1]));
}

BodySplice::~BodySplice() {
    ::close(out_);
    ::close(in_);
}

std::size_t BodySplice::move(Channel& from, Channel& to, BodyScanner& body) {
    std::size_t total = 0;
    while (total < turn_bytes) {
        std::size_t step = 0;
        if (body.left() > 0 && waiting_ < pipe_bytes) {
            const auto wanted = std::min<std::uint64_t>(body.left(), pipe_bytes - waiting_);
            const auto taken = from.take_into(in_, static_cast<std::size_t>(wanted), empty());
            body.skip(taken);
            waiting_ += taken;
            step += taken;
        }
        if (waiting_ > 0) {
            const auto given = to.give_from(out_, waiting_);
            waiting_ -= given;
            step += given;
        }
        if (step == 0) break;
        total += step;
    }
    return total;
}

}  // namespace cairn::gateway
