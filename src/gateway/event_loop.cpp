#include "gateway/event_loop.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

namespace cairn::gateway {

namespace {

constexpr int events_max = 256;

}  // namespace

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      scratch_(std::make_unique<std::array<char, scratch_bytes>>()) {
    CAIRN_CHECK(epoll_ >= 0 && wake_ >= 0);
    epoll_event event{};
    event.events = EPOLLIN;
    CAIRN_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0);
}

EventLoop::~EventLoop() {
    if (thread_.joinable()) stop();
    ::close(epoll_);
    ::close(wake_);
}

std::shared_ptr<EventLoop> EventLoop::start() {
    const std::shared_ptr<EventLoop> loop(new EventLoop());
    loop->thread_ = std::thread([raw = loop.get()] { raw->run(); });
    return loop;
}

void EventLoop::wake() {
    const std::uint64_t one = 1;
    CAIRN_CHECK(::write(wake_, &one, sizeof one) == sizeof one || errno == EAGAIN);
}

bool EventLoop::post(Task task) {
    std::lock_guard lock(mutex_);
    if (ended_) return false;
    posted_.push_back(std::move(task));
    if (posted_.size() == 1) wake();
    return true;
}

void EventLoop::run_all(std::vector<Task> tasks) {
    std::lock_guard lock(mutex_);
    if (ended_ || tasks.empty()) return;
    const bool sleeping = posted_.empty();
    std::ranges::move(tasks, std::back_inserter(posted_));
    if (sleeping) wake();
}

void EventLoop::post_answer(Task task) {
    if (auto* const burst = net::AnswerBurst::current())
        burst->hold(shared_from_this(), std::move(task));
    else
        post(std::move(task));
}

void EventLoop::stop() {
    {
        std::lock_guard lock(mutex_);
        if (!std::exchange(stopping_, true)) wake();
    }
    if (thread_.joinable()) thread_.join();
}

void EventLoop::watch(int socket, Watched& watched) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watched;
    CAIRN_CHECK(::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) == 0);
}

void EventLoop::again(std::shared_ptr<void> alive, std::function<void()> run) {
    again_.emplace_back(std::move(alive), std::move(run));
}

void EventLoop::add_timed(Timed& timed) {
    timed.place = timed_.size();
    timed_.push_back(&timed);
}

void EventLoop::remove_timed(Timed& timed) {
    timed_[timed.place] = timed_.back();  // who is moved may miss a tick
    timed_[timed.place]->place = timed.place;
    timed_.pop_back();
}

void EventLoop::take_posted() {
    std::uint64_t count = 0;
    if (::read(wake_, &count, sizeof count) < 0 && errno != EAGAIN) return;
    std::vector<Task> tasks;
    {
        std::lock_guard lock(mutex_);
        tasks.swap(posted_);
    }
    for (auto& task : tasks) task();
}

void EventLoop::run() {
    thread_id_.store(std::this_thread::get_id());
    epoll_event events[events_max];
    for (;;) {
        const int patience = again_.empty() ? static_cast<int>(tick_interval.count()) : 0;
        const int count = ::epoll_wait(epoll_, events, events_max, patience);
        now_ = std::chrono::steady_clock::now();
        bool posted = false;
        try {
            for (int i = 0; i < count; ++i) {
                if (events[i].data.ptr == nullptr)
                    posted = true;
                else
                    static_cast<Watched*>(events[i].data.ptr)->ready(events[i].events);
            }
            if (posted) take_posted();
            for (auto& [alive, run] : std::exchange(again_, {})) run();
            if (now_ >= next_tick_) {
                next_tick_ = now_ + tick_interval;
                for (std::size_t i = 0; i < timed_.size(); ++i) timed_[i]->tick(now_);
            }
        } catch (const std::exception& error) {
            log_error("the gateway's loop met an error", {{"reason", error.what()}});
        }
        while (!dead_.empty()) std::exchange(dead_, {}).clear();  // the dead may bury others
        std::lock_guard lock(mutex_);
        if (stopping_ && posted_.empty() && again_.empty()) {
            ended_ = true;
            return;
        }
    }
}

}  // namespace cairn::gateway
