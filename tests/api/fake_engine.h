#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/api.h"
#include "base/json.h"
#include "support/fake_clock.h"

namespace cairn::api::test {

/// A log of plain blocks in memory, one for each append.
class FakeLog final : public EventLog {
public:
    void append(Batch batch, Done done) override;
    Result<void> admit(std::uint64_t) const override;
    std::uint64_t end() const override;
    std::uint64_t begin() const override { return 0; }
    Result<std::vector<StoredBlock>> read(std::uint64_t from, std::size_t bytes_max) override;
    Result<StoredBlock> find(std::uint64_t number) override;
    bool wait(std::uint64_t number, int timeout_ms) override;

    void add(const std::string& record, RetentionClass retention, const Envelope& envelope);
    bool full = false;

private:
    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<const std::string>> blocks_;  // one event each
    std::vector<RetentionClass> retention_;
};

/// A history that reads every record for every search.
class FakeHistory final : public history::History {
public:
    Result<history::Page> read_page(const history::Search& search, history::PageReader& reader) override;
    Result<Values> values(const history::Search& search, std::string_view field, std::string_view prefix,
                          std::size_t count_max) override;
    Result<Count> count(const history::Search& search, std::uint64_t at_most) override;
    std::uint64_t covered() const override;
    bool wait_covered(std::uint64_t, int) override { return true; }
    std::uint64_t subscribe(Subscriber use) override;
    void unsubscribe(std::uint64_t subscription) override;
    void publish(const IndexBatch& batch) override;

    void add(std::string record);
    Result<void> failure;  ///< what every search answers, when it is an error

private:
    mutable std::mutex mutex_;
    std::vector<std::string> records_;
    std::map<std::uint64_t, Subscriber> subscribers_;
    std::uint64_t next_subscription_ = 1;
};

/// What a client got.
struct Answer {
    net::Response response;
    std::string streamed;
    bool stream_open = false;
    std::string header(std::string_view name) const;
    Json json() const;
};

/// An Api over fakes. Callers are known by the header X-Test-Key, or as `authenticate` says.
class FakeEngine {
public:
    explicit FakeEngine(Settings settings = {}, const S3Services* s3 = nullptr, Authenticate authenticate = {},
                        const TrailServices* trails = nullptr);
    ~FakeEngine();

    identity::Principal& caller(
        const std::string& key);  ///< made with the policies of an administrator of 111122223333

    /// Stores a record as if it had come in another way.
    void store(std::string record);

    /// Sends a request and waits for its answer, or for the head of its stream.
    Answer call(net::Request request);
    static net::Request request(std::string method, std::string target, std::string body, std::string service,
                                std::string region = "us-east-1", net::Headers more = {});
    Answer lookup(const std::string& body, const std::string& region = "us-east-1");
    Answer own(const std::string& method, const std::string& target, const std::string& body = {});

    /// Sends a request whose answer goes on or comes later.
    struct Pending {
        struct State;
        std::shared_ptr<State> state;
        bool answered() const;
        Answer wait() const;                                  ///< for the answer
        std::string wait_for(const std::string& text) const;  ///< for a stream to hold `text`
        void hang_up() const;
        void stop_reading() const;          ///< what is streamed from now on waits
        std::string go_on_reading() const;  ///< what waited until now
    };
    Pending begin(net::Request request);

    /// Stored records of an event name, once there are `count` of them.
    std::vector<Json> wait_for_events(const std::string& event_name, std::size_t count);

    /// Ingest takes requests and does not answer them, until it is released.
    void hold_ingest();
    void release_ingest();
    void wait_for_held(std::size_t count);

    support::FakeClock clock;
    Metrics metrics;
    FakeLog log;
    FakeHistory history;
    Result<void> ingest_failure;  ///< what every submit answers, when it is an error
    std::unique_ptr<Api> api;

private:
    void submit(std::vector<std::string_view> texts, ingest::Writer writer, ingest::Ingest::Done done);
    Result<ingest::Receipt> take(const std::vector<std::string_view>& texts, const ingest::Writer& writer);

    std::mutex mutex_;
    std::condition_variable stored_;
    std::map<std::string, identity::Principal> callers_;
    std::map<std::string, std::string> admitted_;        // guarded by mutex_: identity to record
    std::vector<std::string> records_;                   // guarded by mutex_
    bool holding_ = false;                               // guarded by mutex_
    std::vector<std::move_only_function<void()>> held_;  // guarded by mutex_: requests that ingest did not answer
};

/// A record of an event.
std::string record(const std::string& event_id, const std::string& event_name = "RunInstances",
                   const std::string& time = "2026-01-02T03:04:05Z", const std::string& region = "us-east-1",
                   const std::string& account = "111122223333", const std::string& category = "Management");

/// "00000000-0000-4000-8000-000000000007".
std::string event_id(int number);

}  // namespace cairn::api::test
