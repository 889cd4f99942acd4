#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "net/loop.h"

namespace cairn::net {

/// While it lives, answers given on its thread wait in it; at its end each loop is woken once for all that are its own.
/// For threads that answer many requests in a row.
class AnswerBurst {
public:
    AnswerBurst() : outer_(std::exchange(current_, this)) {}
    ~AnswerBurst();
    AnswerBurst(const AnswerBurst&) = delete;
    AnswerBurst& operator=(const AnswerBurst&) = delete;

    /// The innermost one of the calling thread, or null.
    static AnswerBurst* current() { return current_; }

    /// Has `loop` run `task` at the end.
    void hold(std::shared_ptr<Loop> loop, Loop::Task task);

private:
    static thread_local AnswerBurst* current_;

    AnswerBurst* const outer_;
    std::vector<std::pair<std::shared_ptr<Loop>, std::vector<Loop::Task>>> held_;
};

}  // namespace cairn::net
