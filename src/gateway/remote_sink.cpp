#include "gateway/remote_sink.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json.h"
#include "gateway/setting_aside.h"
#include "net/answer_burst.h"
#include "sign/text.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t batch_bytes_max = 4u << 20;

Error error_of(const net::Response& response) {
    const auto reason = fmt::format("the cairn that keeps the records answered {}", response.status);
    // Whatever it refuses now, a record is not given up for it: the token may be mended.
    return {response.status == 429 || response.status == 507 ? Code::exhausted : Code::unavailable, reason};
}

/// Which records of a batch were rejected, and why.
std::vector<std::string> problems_of(std::string_view body, std::size_t count) {
    std::vector<std::string> problems(count);
    const auto json = parse_json(body);
    const auto* results = json ? json->find("results") : nullptr;
    if (results == nullptr || !results->is_array()) return problems;
    for (const auto& result : results->as_array()) {
        const auto* index = result.find("index");
        if (index == nullptr || result.text("outcome") != "rejected") continue;
        const auto at = static_cast<std::size_t>(index->as_integer());
        if (at < count) problems[at] = result.text("reason").empty() ? "rejected" : std::string(result.text("reason"));
    }
    return problems;
}

}  // namespace

RemoteSink::RemoteSink(RemoteSinkOptions options)
    : options_(std::move(options)), target_("/ingest?results=problems&gateway=") {
    sign::append_encoded(target_, options_.gateway);
    client_.ca_file = options_.ca_file;
    client_.timeout = std::chrono::seconds(30);
    client_.cancel = &cancel_;
    thread_ = std::thread([this] { run(); });
}

RemoteSink::~RemoteSink() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    cancel_ = true;
    thread_.join();
}

void RemoteSink::submit(GatewayRecord record, Done done) {
    std::unique_lock lock(mutex_);
    if (stopping_) {
        lock.unlock();
        return done(fail(Code::unavailable, "the gateway is stopping"));
    }
    waiting_.push_back({std::move(record), std::move(done)});
    changed_.notify_all();
}

void RemoteSink::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        std::deque<Waiting> batch;
        for (std::size_t bytes = 0; !waiting_.empty() && bytes < batch_bytes_max; waiting_.pop_front()) {
            bytes += waiting_.front().record.text.size() + waiting_.front().record.evidence.size();
            batch.push_back(std::move(waiting_.front()));
        }
        lock.unlock();
        send(std::move(batch));
        lock.lock();
    }
}

void RemoteSink::send(std::deque<Waiting> batch) {
    std::string body;
    for (const auto& [record, done] : batch) append_gateway_line(body, record);
    const auto answer = net::send(
        options_.endpoint,
        net::OutgoingRequest{"POST",
                             target_,
                             {{"Authorization", "Bearer " + options_.token}, {"Content-Type", "application/x-ndjson"}},
                             body},
        client_);
    const net::AnswerBurst burst;
    if (!answer || answer->status != 200) {
        const auto error = answer ? error_of(*answer) : answer.error();
        for (auto& [record, done] : batch) done(fail(error));
        return;
    }
    const auto problems = problems_of(answer->body, batch.size());
    for (std::size_t i = 0; i < batch.size(); ++i)
        batch[i].done(problems[i].empty() ? Result<void>() : fail(Code::invalid, problems[i]));
}

}  // namespace cairn::gateway
