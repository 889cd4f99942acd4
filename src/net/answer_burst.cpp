#include "net/answer_burst.h"

namespace cairn::net {

thread_local AnswerBurst* AnswerBurst::current_ = nullptr;

AnswerBurst::~AnswerBurst() {
    current_ = outer_;
    for (auto& [loop, tasks] : held_) loop->run_all(std::move(tasks));
}

void AnswerBurst::hold(std::shared_ptr<Loop> loop, Loop::Task task) {
    for (auto& [known, tasks] : held_)
        if (known == loop) return tasks.push_back(std::move(task));
    held_.emplace_back(std::move(loop), std::vector<Loop::Task>()).second.push_back(std::move(task));
}

}  // namespace cairn::net
