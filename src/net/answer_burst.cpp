#include "net/answer_burst.h"

namespace cairn::net {

thread_local AnswerBurst* AnswerBurst::current_ = nullptr;

AnswerBurst::~AnswerBurst() {
    current_ = outer_;
    for (auto& [runner, tasks] : held_) runner->run_all(std::move(tasks));
}

void AnswerBurst::hold(std::shared_ptr<TaskRunner> runner, TaskRunner::Task task) {
    for (auto& [known, tasks] : held_)
        if (known == runner) return tasks.push_back(std::move(task));
    held_.emplace_back(std::move(runner), std::vector<TaskRunner::Task>()).second.push_back(std::move(task));
}

}  // namespace cairn::net
