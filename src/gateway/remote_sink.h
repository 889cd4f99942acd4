#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/record_sink.h"
#include "net/http_client.h"

namespace cairn::gateway {

struct RemoteSinkOptions {
    std::string endpoint;  ///< "https://cairn.example.com:4610"
    std::string token;     ///< ingest token
    std::string ca_file;
    std::string gateway = "gateway";  ///< its name beside its records
};

/// A cairn elsewhere: POST /ingest?gateway=NAME (docs/api.md). What comes while a request is under way goes together
/// with the next one.
class RemoteSink final : public RecordSink {
public:
    explicit RemoteSink(RemoteSinkOptions options);

    /// What waits is answered `unavailable`.
    ~RemoteSink() override;

    void submit(GatewayRecord record, Done done) override;

private:
    struct Waiting {
        GatewayRecord record;
        Done done;
    };

    void run();
    void send(std::deque<Waiting> batch);

    const RemoteSinkOptions options_;
    std::string target_;
    net::ClientOptions client_;
    std::atomic<bool> cancel_{false};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Waiting> waiting_;  // guarded by mutex_
    bool stopping_ = false;        // guarded by mutex_
    std::thread thread_;
};

}  // namespace cairn::gateway
