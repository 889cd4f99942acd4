#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace cairn::net {

/// A thread that runs what others give it.
class TaskRunner {
public:
    using Task = std::move_only_function<void()>;

    virtual ~TaskRunner() = default;

    /// Runs `tasks` on its thread, in order, with one wake-up. They are dropped once it has ended. Any thread.
    virtual void run_all(std::vector<Task> tasks) = 0;
};

/// While it lives, answers given on its thread wait in it; at its end each runner is woken once for all that are its
/// own. For threads that answer many requests in a row.
class AnswerBurst {
public:
    AnswerBurst() : outer_(std::exchange(current_, this)) {}
    ~AnswerBurst();
    AnswerBurst(const AnswerBurst&) = delete;
    AnswerBurst& operator=(const AnswerBurst&) = delete;

    /// The innermost one of the calling thread, or null.
    static AnswerBurst* current() { return current_; }

    /// Has `runner` run `task` at the end.
    void hold(std::shared_ptr<TaskRunner> runner, TaskRunner::Task task);

private:
    static thread_local AnswerBurst* current_;

    AnswerBurst* const outer_;
    std::vector<std::pair<std::shared_ptr<TaskRunner>, std::vector<TaskRunner::Task>>> held_;
};

}  // namespace cairn::net
