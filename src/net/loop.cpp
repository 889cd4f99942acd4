#include "net/loop.h"

#include <algorithm>
#include <ctime>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#ifdef __SANITIZE_THREAD__
#define BOOST_ASIO_DISABLE_FENCED_BLOCK  // the sanitizer does not know fences; asio's locks suffice
#endif
#include <fmt/format.h>
#include <unistd.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "base/log.h"
#include "base/time.h"
#include "net/chunked.h"
#include "net/request_head.h"
#include "net/responder.h"
#include "net/response_head.h"
#include "net/stream_queue.h"
#include "net/transport.h"

namespace cairn::net {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// asio's defaults go through a type-erased executor, which costs more than the rest of a wait
using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<steady_clock, asio::wait_traits<steady_clock>, Executor>;
template <class T>
using awaitable = asio::awaitable<T, Executor>;
constexpr auto as_result = asio::as_tuple(asio::use_awaitable_t<Executor>());

constexpr std::size_t scratch_bytes = 16 * 1024;
constexpr std::size_t kept_buffer_bytes_max = 4 * 1024;  // by a connection that waits for its next request
constexpr std::size_t body_step_bytes = 1u << 20;        // taken from the budget of all bodies at a time
constexpr std::size_t body_spare_bytes = 64;
constexpr std::size_t joined_body_bytes_max = 8 * 1024;  // sent in one piece with the head
constexpr std::size_t lingering_bytes_max = 256u << 20;
constexpr milliseconds lingering{2'000}, lingering_at_the_end{250}, budget_retry{10};

/// The time of the last tick of the kernel, a few milliseconds behind: enough for time-outs and a fifth of the cost.
steady_clock::time_point coarse_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return steady_clock::time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

bool is_over(Transport::Outcome outcome) {
    return outcome == Transport::Outcome::end || outcome == Transport::Outcome::broken;
}

Descriptor::wait_type side(Transport::Outcome outcome) {
    return outcome == Transport::Outcome::wait_write ? Descriptor::wait_write : Descriptor::wait_read;
}

class Connection;

class AsioLoop final : public Loop, public std::enable_shared_from_this<AsioLoop> {
public:
    explicit AsioLoop(std::shared_ptr<ServerState> state)
        : state_(std::move(state)), work_(context_.get_executor()), tick_(context_) {}

    void run() {
        thread_ = std::thread([this] {
            thread_id_.store(std::this_thread::get_id());
            schedule_tick();
            context_.run();
        });
    }

    void add(int socket, std::string peer_address) override;
    std::size_t connections() const override { return count_.load(std::memory_order_relaxed); }
    void run_all(std::vector<Task> tasks) override {
        post([tasks = std::move(tasks)]() mutable {
            for (auto& task : tasks) task();
        });
    }
    void drain() override;
    void stop() override;

    /// Runs `task` on the loop's thread. False, and the task is dropped, once the loop has ended.
    template <class Task>
    bool post(Task&& task) {
        std::lock_guard lock(mutex_);
        if (closed_) return false;
        asio::post(context_, std::forward<Task>(task));
        return true;
    }

    // for connections, on the loop's thread
    bool is_this_thread() const { return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
    ServerState& state() { return *state_; }
    asio::io_context& context() { return context_; }
    char* scratch() { return scratch_; }
    std::string_view date();
    void enter(Connection& connection);
    void leave(Connection& connection);

private:
    void schedule_tick();
    void turn_away(int socket);

    std::shared_ptr<ServerState> state_;
    asio::io_context context_{1};
    asio::executor_work_guard<Executor> work_;
    Timer tick_;
    std::vector<Connection*> open_;
    std::atomic<std::size_t> count_{0};
    std::string date_;
    std::time_t date_second_ = 0;
    bool stopping_ = false;
    char scratch_[scratch_bytes];

    std::thread thread_;
    std::atomic<std::thread::id> thread_id_;
    std::mutex mutex_;
    bool closed_ = false;  // guarded by mutex_
};

/// Serves one socket: reads a request, hands it over, waits for the answer, writes it, and again. All of it runs on the
/// loop's thread; deliver() and wake() may be called from any. Lives as long as the socket or an open responder.
class Connection final : public AnswerSink, public std::enable_shared_from_this<Connection> {
public:
    Connection(std::shared_ptr<AsioLoop> loop, int socket, std::string peer_address)
        : loop_(std::move(loop)),
          state_(loop_->state()),
          descriptor_(loop_->context()),
          socket_(socket),
          transport_(socket, state_.tls()),
          signal_(loop_->context(), steady_clock::time_point::max()),
          peer_address_(std::move(peer_address)) {}

    static awaitable<void> run(std::shared_ptr<Connection> self);

    void deliver(Answer answer) override;
    void wake() override;

    void drain();
    void abort();
    void expire_if_due(steady_clock::time_point now);

    std::size_t place = 0;  ///< among the open connections of the loop

private:
    enum class Phase { idle, receiving, busy, streaming };
    enum class Next { request, close, linger };

    awaitable<bool> handshake();
    awaitable<Next> serve_one();
    awaitable<std::expected<Framing, HeadProblem>> read_head(Request& request);
    awaitable<std::expected<void, HeadProblem>> read_body(Request& request, const Framing& framing, BodyShare& share);
    bool take_waiting_body(Request& request, const Framing& framing, BodyShare& share);
    std::size_t body_bytes_max(Request& request);
    awaitable<std::expected<void, HeadProblem>> read_sized(std::string& body, std::size_t size, BodyShare& share);
    awaitable<std::expected<void, HeadProblem>> read_chunked(std::string& body, std::size_t size_max, BodyShare& share);
    awaitable<bool> wait_for_share(BodyShare& share, std::size_t bytes);
    awaitable<Transport::Moved> receive(char* to, std::size_t size_max);
    awaitable<bool> receive_more();
    awaitable<bool> write(std::string_view first, std::string_view second = {});
    awaitable<bool> ready(Transport::Outcome wanted);
    awaitable<void> answered();
    template <class Task>
    void on_loop(Task task);
    awaitable<void> refuse(HeadProblem problem, const Request& head);
    awaitable<bool> send(const Response& response, const HeadFacts& facts, bool head_only);
    awaitable<bool> send_whole(Response response, HeadFacts facts, bool head_only);
    awaitable<bool> send_rest(BodyPieces& rest, std::uint64_t left);
    Transport::Outcome write_now(std::string_view& first, std::string_view& second);
    awaitable<bool> stream_out(const Response& head, std::shared_ptr<StreamQueue> queue, HeadFacts facts,
                               bool head_only);
    awaitable<bool> pump(StreamQueue& queue, bool chunked);
    static awaitable<void> watch_peer(std::shared_ptr<Connection> self, std::shared_ptr<StreamQueue> queue);
    awaitable<void> linger();

    void begin_receiving();
    void end_receiving();
    void hurry();
    HeadProblem too_late(const char* text) const;
    HeadProblem body_problem() const;
    void introduce(Request& request) const;
    void call_handler(Request request);
    void close();
    std::string_view unread() const { return std::string_view(buffer_).substr(used_); }
    void use(std::size_t bytes);
    void arm(milliseconds patience);
    void disarm() { deadline_ = steady_clock::time_point::max(); }
    bool ended() const { return timed_out_ || aborted_; }

    std::shared_ptr<AsioLoop> loop_;  // first: what follows needs its context
    ServerState& state_;
    Descriptor descriptor_;
    int socket_;
    Transport transport_;
    Timer signal_;  // never fires; cancelling it wakes who waits
    std::string peer_address_;

    std::string buffer_;    // received ahead of use
    std::size_t used_ = 0;  // of buffer_
    bool drained_ = true;   // the socket had nothing more when last read
    Phase phase_ = Phase::idle;
    steady_clock::time_point deadline_ = steady_clock::time_point::max();
    steady_clock::time_point receive_until_ = steady_clock::time_point::max();  // once the server is being stopped
    bool timed_out_ = false, aborted_ = false, peer_gone_ = false;
    std::optional<Answer> answer_;
    std::optional<std::string> piece_;  // of an answer's body, the next
    std::shared_ptr<StreamQueue> stream_;
};

// ---- a connection's life

awaitable<void> Connection::run(std::shared_ptr<Connection> self) {
    self->loop_->enter(*self);
    boost::system::error_code error;
    self->descriptor_.assign(self->socket_, error);
    if (error) {
        log_error("connection not served", {{"reason", error.message()}});
        ::close(self->socket_);
        co_return self->close();
    }
    try {
        auto next = co_await self->handshake()           ? Next::request
                    : self->transport_.told_to_encrypt() ? Next::linger
                                                         : Next::close;
        while (next == Next::request) next = co_await self->serve_one();
        self->phase_ = Phase::busy;
        if (!self->aborted_) self->transport_.finish();
        if (next == Next::linger) co_await self->linger();
    } catch (const std::exception& error) {
        log_error("connection broken off", {{"reason", error.what()}});
    }
    self->close();
}

void Connection::close() {
    aborted_ = true;
    if (stream_) stream_->peer_gone();
    boost::system::error_code ignored;
    descriptor_.close(ignored);
    loop_->leave(*this);
    state_.connection_closed();
}

awaitable<bool> Connection::handshake() {
    if (!transport_.encrypted()) co_return true;
    begin_receiving();
    arm(state_.options.head_timeout);
    for (;;) {
        const auto outcome = transport_.handshake();
        if (outcome == Transport::Outcome::done) break;
        if (is_over(outcome)) co_return false;
        if (!co_await ready(outcome)) co_return false;
    }
    drained_ = false;
    co_return true;
}

awaitable<Connection::Next> Connection::serve_one() {
    Request request;
    const auto framing = co_await read_head(request);
    BodyShare share(state_);
    if (framing && framing->has_body() && !take_waiting_body(request, *framing, share)) {
        if (const auto ok = co_await read_body(request, *framing, share); !ok) {
            co_await refuse(ok.error(), request);
            co_return Next::linger;
        }
    } else if (!framing) {
        if (framing.error().status == 0) co_return Next::close;
        request = Request();
        co_await refuse(framing.error(), request);
        co_return Next::linger;
    }

    end_receiving();
    disarm();
    if (request.body.empty()) request.body.reserve(body_spare_bytes);
    state_.bytes_received.add(request.body.size());
    const bool head_only = request.method == "HEAD";
    call_handler(std::move(request));
    if (!answer_) co_await answered();
    if (!answer_) co_return Next::close;
    auto answer = std::move(*answer_);
    answer_.reset();

    HeadFacts facts{.date = loop_->date(), .http_1_0 = framing->http_1_0};
    const auto asks_to_close = [](const auto& header) {
        return equal_names(header.first, "connection") && equal_names(header.second, "close");
    };
    facts.close = !framing->keep_alive || answer.stream || state_.draining.load(std::memory_order_relaxed) ||
                  std::ranges::any_of(answer.response.headers, asks_to_close);
    const bool sent = answer.stream ? co_await stream_out(answer.response, answer.stream, facts, head_only)
                                    : co_await send_whole(std::move(answer.response), facts, head_only);
    if (!sent) co_return Next::close;
    if (!facts.close) co_return Next::request;
    co_return unread().empty() && !answer.stream ? Next::close : Next::linger;
}

/// Says who sent the request, and how.
void Connection::introduce(Request& request) const {
    request.peer_address = peer_address_;
    request.tls = transport_.encrypted();
    request.tls_version = transport_.tls_version();
    request.tls_cipher = transport_.tls_cipher();
}

void Connection::call_handler(Request request) {
    introduce(request);
    try {
        state_.handler(std::move(request), make_responder(shared_from_this()));
    } catch (const std::exception& error) {
        log_error("request handler failed", {{"reason", error.what()}});
    }
}

awaitable<void> Connection::answered() {
    while (!answer_ && !aborted_) co_await signal_.async_wait(as_result);
}

/// Runs `task` on the loop's thread: now, if it is this one.
template <class Task>
void Connection::on_loop(Task task) {
    if (loop_->is_this_thread()) return task();
    if (auto* const burst = AnswerBurst::current())
        burst->hold(loop_, std::move(task));
    else
        loop_->post(std::move(task));
}

void Connection::deliver(Answer answer) {
    on_loop([self = shared_from_this(), answer = std::move(answer)]() mutable {
        self->answer_ = std::move(answer);
        self->signal_.cancel();
    });
}

void Connection::wake() {
    loop_->post([self = shared_from_this()] { self->signal_.cancel(); });
}

void Connection::drain() {
    if (phase_ == Phase::idle && !transport_.has_unread()) abort();
    if (phase_ == Phase::receiving) hurry();
    if (phase_ == Phase::streaming && stream_) stream_->close();
}

void Connection::abort() {
    aborted_ = true;
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
    signal_.cancel();
}

void Connection::arm(milliseconds patience) {
    timed_out_ = false;
    deadline_ = std::min(coarse_now() + patience, receive_until_);
}

/// A request, or what comes before the first one, has begun and is not whole.
void Connection::begin_receiving() {
    phase_ = Phase::receiving;
    if (state_.draining.load(std::memory_order_relaxed)) hurry();
}

void Connection::end_receiving() {
    phase_ = Phase::busy;
    receive_until_ = steady_clock::time_point::max();
}

void Connection::hurry() {
    receive_until_ = std::min(receive_until_, coarse_now() + state_.options.drain_timeout);
    deadline_ = std::min(deadline_, receive_until_);
}

HeadProblem Connection::too_late(const char* text) const {
    if (state_.draining.load(std::memory_order_relaxed)) return {503, "the server is being stopped"};
    return {408, text};
}

void Connection::expire_if_due(steady_clock::time_point now) {
    if (now < deadline_) return;
    disarm();
    timed_out_ = true;
    boost::system::error_code ignored;
    descriptor_.cancel(ignored);
}

// ---- reading

awaitable<std::expected<Framing, HeadProblem>> Connection::read_head(Request& request) {
    constexpr HeadProblem silently{0, ""};
    phase_ = Phase::idle;
    arm(state_.options.idle_timeout);
    std::size_t searched = 0;
    for (;;) {
        while (searched == 0 && unread().starts_with("\r\n")) use(2);
        if (!unread().empty()) {
            if (phase_ == Phase::idle) {
                begin_receiving();
                arm(state_.options.head_timeout);
            }
            if (unread() != "\r" && !may_begin_request(unread()))
                co_return std::unexpected(HeadProblem{400, "this is not an HTTP request"});
            const auto size = find_head_end(unread(), searched);
            if (std::min(size, unread().size()) > state_.options.head_bytes_max)
                co_return std::unexpected(HeadProblem{431, "the head of the request is too long"});
            if (size != std::string_view::npos) {
                auto framing = parse_head(unread().substr(0, size), request);
                use(size);
                state_.bytes_received.add(size);
                co_return framing;
            }
            searched = unread().size();
        }
        if (phase_ == Phase::idle && state_.draining.load(std::memory_order_relaxed) && !transport_.has_unread())
            co_return std::unexpected(silently);
        if (co_await receive_more()) continue;
        if (timed_out_ && !aborted_ && phase_ == Phase::receiving)
            co_return std::unexpected(too_late("the head of the request did not come in time"));
        co_return std::unexpected(silently);
    }
}

std::size_t Connection::body_bytes_max(Request& request) {
    introduce(request);
    return state_.body_limit ? state_.body_limit(request) : SIZE_MAX / 2;
}

/// The whole body, if it came together with the head and nothing speaks against it.
bool Connection::take_waiting_body(Request& request, const Framing& framing, BodyShare& share) {
    if (framing.chunked || framing.content_length > unread().size()) return false;
    const auto size = static_cast<std::size_t>(framing.content_length);
    if (size > body_bytes_max(request) || !share.take(size)) return false;
    request.body.reserve(size + body_spare_bytes);
    request.body.assign(unread().substr(0, size));
    use(size);
    return true;
}

awaitable<std::expected<void, HeadProblem>> Connection::read_body(Request& request, const Framing& framing,
                                                                  BodyShare& share) {
    const auto size_max = body_bytes_max(request);
    if (framing.content_length > size_max) co_return std::unexpected(HeadProblem{413, "the body is too large"});
    if (framing.expects_continue && unread().size() < std::max<std::uint64_t>(framing.content_length, 1)) {
        if (!co_await write("HTTP/1.1 100 Continue\r\n\r\n")) co_return std::unexpected(too_late("timed out"));
    }
    if (framing.chunked) co_return co_await read_chunked(request.body, size_max, share);
    co_return co_await read_sized(request.body, framing.content_length, share);
}

HeadProblem Connection::body_problem() const {
    return timed_out_ ? too_late("the body did not come in time") : HeadProblem{400, "the body ended early"};
}

constexpr HeadProblem no_share{503, "too many bodies are being received at the moment"};

awaitable<std::expected<void, HeadProblem>> Connection::read_sized(std::string& body, std::size_t size,
                                                                   BodyShare& share) {
    body.reserve(size + body_spare_bytes);
    body.resize_and_overwrite(size, [size](char*, std::size_t) { return size; });
    std::size_t have = 0;
    while (have < size) {
        const auto end = have + std::min(size - have, body_step_bytes);
        if (!share.take(end - have) && !co_await wait_for_share(share, end - have)) co_return std::unexpected(no_share);
        const auto ahead = std::min(end - have, unread().size());
        unread().copy(body.data() + have, ahead);
        use(ahead);
        have += ahead;
        while (have < end) {
            arm(state_.options.body_timeout);
            const auto moved = co_await receive(body.data() + have, end - have);
            if (moved.outcome != Transport::Outcome::done) co_return std::unexpected(body_problem());
            have += moved.size;
        }
    }
    co_return std::expected<void, HeadProblem>();
}

awaitable<std::expected<void, HeadProblem>> Connection::read_chunked(std::string& body, std::size_t size_max,
                                                                     BodyShare& share) {
    ChunkedReader reader(size_max);
    for (;;) {
        if (!share.take(unread().size()) && !co_await wait_for_share(share, unread().size()))
            co_return std::unexpected(no_share);
        auto rest = unread();
        const auto state = reader.feed(rest, body);
        use(unread().size() - rest.size());
        if (state == ChunkedReader::State::done) break;
        if (state == ChunkedReader::State::broken)
            co_return std::unexpected(HeadProblem{400, "malformed chunked body"});
        if (state == ChunkedReader::State::too_large)
            co_return std::unexpected(HeadProblem{413, "the body is too large"});
        arm(state_.options.body_timeout);
        if (!co_await receive_more()) co_return std::unexpected(body_problem());
    }
    body.reserve(body.size() + body_spare_bytes);
    co_return std::expected<void, HeadProblem>();
}

awaitable<bool> Connection::wait_for_share(BodyShare& share, std::size_t bytes) {
    const auto end = coarse_now() + state_.options.body_timeout;
    disarm();
    do {
        if (aborted_ || coarse_now() >= std::min(end, receive_until_)) co_return false;
        Timer pause(loop_->context(), std::min(budget_retry, state_.options.body_timeout));
        co_await pause.async_wait(as_result);
    } while (!share.take(bytes));
    co_return true;
}

void Connection::use(std::size_t bytes) {
    used_ += bytes;
    if (used_ < buffer_.size()) return;
    buffer_.clear();
    used_ = 0;
}

awaitable<bool> Connection::receive_more() {
    if (buffer_.empty() && buffer_.capacity() > kept_buffer_bytes_max) buffer_ = {};
    // all connections of the loop share the scratch buffer: receive() touches it last, nothing is awaited until the
    // append
    const auto moved = co_await receive(loop_->scratch(), scratch_bytes);
    if (moved.outcome != Transport::Outcome::done) co_return false;
    if (used_ > 0) buffer_.erase(0, std::exchange(used_, 0));
    buffer_.append(loop_->scratch(), moved.size);
    co_return true;
}

awaitable<Transport::Moved> Connection::receive(char* to, std::size_t size_max) {
    for (;;) {
        Transport::Moved moved{Transport::Outcome::wait_read};
        if (!drained_) moved = transport_.read(to, size_max);
        if (moved.outcome == Transport::Outcome::done) {
            drained_ = !transport_.encrypted() && moved.size < size_max;
            co_return moved;
        }
        if (is_over(moved.outcome)) co_return moved;
        drained_ = false;
        if (ended()) co_return Transport::Moved{Transport::Outcome::broken};
        const auto [error] = co_await descriptor_.async_wait(side(moved.outcome), as_result);
        if (error || ended()) co_return Transport::Moved{Transport::Outcome::broken};
    }
}

awaitable<bool> Connection::ready(Transport::Outcome wanted) {
    if (ended()) co_return false;
    const auto [error] = co_await descriptor_.async_wait(side(wanted), as_result);
    co_return !error && !ended();
}

// ---- writing

Transport::Outcome Connection::write_now(std::string_view& first, std::string_view& second) {
    const auto moved = transport_.write(first, second);
    state_.bytes_sent.add(moved.size);
    const auto of_first = std::min(moved.size, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(moved.size - of_first);
    return moved.outcome;
}

awaitable<bool> Connection::write(std::string_view first, std::string_view second) {
    for (;;) {
        arm(state_.options.body_timeout);
        const auto outcome = write_now(first, second);
        if (is_over(outcome)) co_return false;
        if (first.empty() && second.empty()) co_return true;
        if (outcome != Transport::Outcome::done && !co_await ready(outcome)) co_return false;
    }
}

awaitable<bool> Connection::send(const Response& response, const HeadFacts& facts, bool head_only) {
    state_.requests(response.status).add();
    std::string head;
    std::string_view body = response.body;
    if (head_only || !status_has_body(response.status)) body = {};
    head.reserve(256 + (body.size() <= joined_body_bytes_max ? body.size() : 0));
    append_response_head(head, response, facts);
    if (body.size() <= joined_body_bytes_max) head.append(std::exchange(body, {}));
    std::string_view first = head;
    const auto outcome = write_now(first, body);  // mostly all of it goes at once
    if (is_over(outcome)) co_return false;
    if (first.empty() && body.empty()) co_return true;
    co_return co_await write(first, body);
}

awaitable<bool> Connection::send_whole(Response response, HeadFacts facts, bool head_only) {
    if (!co_await send(response, facts, head_only)) co_return false;
    if (!response.rest || head_only || !status_has_body(response.status)) co_return true;
    const auto sent = std::exchange(response.body, {}).size();  // not kept beside the pieces
    co_return co_await send_rest(*response.rest, response.content_length.value_or(sent) - sent);
}

awaitable<bool> Connection::send_rest(BodyPieces& rest, std::uint64_t left) {
    while (left > 0) {
        disarm();
        piece_.reset();
        rest.next([self = shared_from_this()](std::string piece) mutable {
            auto& connection = *self;
            connection.on_loop([self = std::move(self), piece = std::move(piece)]() mutable {
                self->piece_ = std::move(piece);
                self->signal_.cancel();
            });
        });
        while (!piece_ && !aborted_) co_await signal_.async_wait(as_result);
        if (!piece_ || piece_->empty() || piece_->size() > left) co_return false;
        left -= piece_->size();
        if (!co_await write(*piece_)) co_return false;
    }
    piece_.reset();
    co_return true;
}

awaitable<void> Connection::refuse(HeadProblem problem, const Request& head) {
    if (aborted_) co_return;
    end_receiving();
    const auto response = state_.options.refusal(head, problem.status, problem.text);
    const HeadFacts facts{.date = loop_->date(), .close = true};
    co_await send(response, facts, head.method == "HEAD");
}

awaitable<void> Connection::linger() {
    // closing with unread bytes makes the kernel reset the connection, and the client may lose the answer
    arm(state_.draining.load(std::memory_order_relaxed) ? lingering_at_the_end : lingering);
    drained_ = false;
    for (std::size_t bytes = 0; bytes < lingering_bytes_max;) {
        const auto moved = transport_.discard(loop_->scratch(), scratch_bytes);
        if (is_over(moved.outcome)) break;
        bytes += moved.size;
        if (moved.outcome != Transport::Outcome::done && !co_await ready(moved.outcome)) break;
        if (coarse_now() >= deadline_) break;
    }
}

// ---- streams

awaitable<bool> Connection::stream_out(const Response& head, std::shared_ptr<StreamQueue> queue, HeadFacts facts,
                                       bool head_only) {
    state_.requests(head.status).add();
    facts.chunked = !facts.http_1_0;
    facts.endless = facts.http_1_0;
    std::string text;
    append_response_head(text, head, facts);
    stream_ = queue;
    phase_ = Phase::streaming;
    bool sent = co_await write(text);
    if (sent && !head_only) {
        asio::co_spawn(loop_->context().get_executor(), watch_peer(shared_from_this(), queue), asio::detached);
        if (state_.draining.load(std::memory_order_relaxed)) queue->close();
        sent = co_await pump(*queue, facts.chunked);
    }
    queue->peer_gone();
    phase_ = Phase::busy;
    co_return sent;
}

awaitable<bool> Connection::pump(StreamQueue& queue, bool chunked) {
    for (;;) {
        const auto bytes = queue.take();
        if (peer_gone_ || aborted_) co_return false;
        if (!bytes.empty()) {
            const auto frame = chunked ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string();
            if (!co_await write(chunked ? frame : bytes)) co_return false;
        } else if (queue.drained()) {
            break;
        } else {
            disarm();
            co_await signal_.async_wait(as_result);
        }
    }
    if (chunked) co_return co_await write("0\r\n\r\n");
    co_return true;
}

/// Reads, only to notice the end. What a client sends after asking for a stream is dropped.
awaitable<void> Connection::watch_peer(std::shared_ptr<Connection> self, std::shared_ptr<StreamQueue> queue) {
    auto moved = Transport::Moved{Transport::Outcome::done};
    while (!self->aborted_ && !is_over(moved.outcome)) {
        if (moved.outcome != Transport::Outcome::done && !co_await self->ready(moved.outcome)) break;
        if (self->aborted_) break;
        moved = self->transport_.read(self->loop_->scratch(), scratch_bytes);
    }
    self->peer_gone_ = true;
    queue->peer_gone();
    self->signal_.cancel();
}

// ---- the loop

void AsioLoop::add(int socket, std::string peer_address) {
    state_->connection_opened();
    count_.fetch_add(1, std::memory_order_relaxed);
    const bool posted = post([self = shared_from_this(), socket, peer = std::move(peer_address)]() mutable {
        if (self->stopping_) return self->turn_away(socket);
        try {
            auto connection = std::make_shared<Connection>(self, socket, std::move(peer));
            asio::co_spawn(self->context_.get_executor(), Connection::run(std::move(connection)), asio::detached);
        } catch (const std::exception& error) {
            log_error("connection not served", {{"reason", error.what()}});
            self->turn_away(socket);
        }
    });
    if (!posted) turn_away(socket);
}

void AsioLoop::turn_away(int socket) {
    ::close(socket);
    count_.fetch_sub(1, std::memory_order_relaxed);
    state_->connection_closed();
}

void AsioLoop::enter(Connection& connection) {
    connection.place = open_.size();
    open_.push_back(&connection);
}

void AsioLoop::leave(Connection& connection) {
    open_[connection.place] = open_.back();
    open_[connection.place]->place = connection.place;
    open_.pop_back();
    count_.fetch_sub(1, std::memory_order_relaxed);
}

void AsioLoop::drain() {
    post([self = shared_from_this()] {
        for (auto* connection : self->open_) connection->drain();
    });
}

void AsioLoop::stop() {
    post([self = shared_from_this()] {
        self->stopping_ = true;
        self->tick_.cancel();
        self->work_.reset();
        for (auto* connection : self->open_) connection->abort();
    });
    if (thread_.joinable()) thread_.join();
    {
        std::lock_guard lock(mutex_);
        closed_ = true;
    }
    context_.restart();
    context_.poll();  // what was posted behind the end: late answers, and sockets to close
}

void AsioLoop::schedule_tick() {
    const auto& options = state_->options;
    const auto shortest =
        std::min({options.head_timeout, options.body_timeout, options.idle_timeout, options.drain_timeout, lingering});
    tick_.expires_after(std::clamp(shortest / 4, milliseconds(2), milliseconds(250)));
    tick_.async_wait([this](const boost::system::error_code& error) {
        if (error || stopping_) return;
        const auto now = coarse_now();
        for (auto* connection : open_) connection->expire_if_due(now);
        schedule_tick();
    });
}

std::string_view AsioLoop::date() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (std::exchange(date_second_, now.tv_sec) != now.tv_sec)
        date_ = format_http_date(Time(std::chrono::seconds(now.tv_sec)));
    return date_;
}

}  // namespace

std::shared_ptr<Loop> Loop::start(std::shared_ptr<ServerState> state) {
    auto loop = std::make_shared<AsioLoop>(std::move(state));
    loop->run();
    return loop;
}

}  // namespace cairn::net
