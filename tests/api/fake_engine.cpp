#include "api/fake_engine.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "api/call.h"
#include "api/event_json.h"

namespace cairn::api::test {

namespace {

const FindDictionary no_dictionary = [](std::uint32_t) -> DictionaryPointer { return nullptr; };

RecordParser& parser() {
    static thread_local RecordParser one;
    return one;
}

const EventView& view(std::string& text) {
    text.reserve(text.size() + RecordParser::padding);
    auto parsed = parser().parse(text);
    EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message) << text;
    return **parsed;
}

constexpr auto patience = std::chrono::seconds(20);

}  // namespace

void FakeLog::append(Batch, Done done) { done(fail(Code::internal, "not used")); }

Result<void> FakeLog::admit(std::uint64_t) const {
    if (full) return fail(Code::exhausted, "the disk budget is spent");
    return {};
}

std::uint64_t FakeLog::end() const {
    std::lock_guard lock(mutex_);
    return blocks_.size();
}

Result<std::vector<StoredBlock>> FakeLog::read(std::uint64_t from, std::size_t bytes_max) {
    std::vector<StoredBlock> found;
    std::size_t bytes = 0;
    for (auto number = from; number < end() && bytes < bytes_max; ++number) {
        found.push_back(*find(number));
        bytes += found.back().bytes.size();
    }
    return found;
}

Result<StoredBlock> FakeLog::find(std::uint64_t number) {
    std::lock_guard lock(mutex_);
    if (number >= blocks_.size()) return fail(Code::not_found, "no such event");
    return StoredBlock{.first_number = number,
                       .event_count = 1,
                       .retention = retention_[number],
                       .bytes = *blocks_[number],
                       .owner = blocks_[number]};
}

bool FakeLog::wait(std::uint64_t number, int) { return end() > number; }

void FakeLog::add(const std::string& record, RetentionClass retention, const Envelope& envelope) {
    BlockBuilder builder(retention);
    builder.add(record, envelope);
    std::lock_guard lock(mutex_);
    blocks_.push_back(std::make_shared<const std::string>(builder.finish({})));
    retention_.push_back(retention);
}

Result<history::Page> FakeHistory::read_page(const history::Search& search, history::PageReader& reader) {
    if (!failure) return fail(failure.error());
    std::vector<std::string> records;
    {
        std::lock_guard lock(mutex_);
        records = records_;
    }
    std::size_t skip = 0, bound = records.size();
    if (!search.token.empty() && std::sscanf(search.token.c_str(), "%zu/%zu", &skip, &bound) != 2)
        return fail(Code::invalid, "not a token");

    struct Hit {
        Time time;
        std::string id;
        std::size_t number;
    };
    std::vector<Hit> hits;
    for (std::size_t number = 0; number < std::min<std::size_t>(bound, search.until.value_or(bound)); ++number) {
        const auto& event = view(records[number]);
        if (!search.scope.admits(event.account, event.region) || !search.query.matches(event)) continue;
        if (!search.categories.empty() &&
            std::ranges::find(search.categories, event.category) == search.categories.end())
            continue;
        if ((search.from && event.time < *search.from) || (search.to && event.time > *search.to)) continue;
        hits.push_back({event.time, std::string(event.event_id), number});
    }
    std::ranges::sort(hits, [&](const Hit& one, const Hit& other) {
        const auto less = std::tie(other.time, other.id) < std::tie(one.time, one.id);
        return search.oldest_first ? std::tie(one.time, one.id) < std::tie(other.time, other.id) : less;
    });
    history::Page page;
    const auto end = skip + std::min(search.limit, hits.size() - std::min(skip, hits.size()));
    reader.begin();
    for (auto i = skip; i < end; ++i) reader.take(hits[i].number, view(records[hits[i].number]));
    if (end < hits.size()) page.token = fmt::format("{}/{}", end, bound);
    return page;
}

Result<history::History::Values> FakeHistory::values(const history::Search& search, std::string_view field,
                                                     std::string_view prefix, std::size_t count_max) {
    auto all = search;
    all.limit = 1'000'000;
    auto page = this->search(all);
    if (!page) return fail(page.error());
    std::map<std::string, std::uint64_t> counts;
    for (auto& found : page->events)
        EXPECT_TRUE(match::field_values(view(found.record), field, [&](std::string_view value) {
            if (value.starts_with(prefix)) ++counts[std::string(value)];
        }));
    Values values;
    for (const auto& [value, count] : counts) values.values.push_back({value, count});
    std::ranges::stable_sort(values.values, std::ranges::greater(), &history::ValueCount::count);
    if (values.values.size() > count_max) values.values.resize(count_max);
    values.total = page->events.size();
    return values;
}

Result<history::History::Count> FakeHistory::count(const history::Search& search, std::uint64_t at_most) {
    auto all = search;
    all.limit = 1'000'000;
    auto page = this->search(all);
    if (!page) return fail(page.error());
    return Count{std::min<std::uint64_t>(page->events.size(), at_most), page->events.size() <= at_most};
}

std::uint64_t FakeHistory::covered() const {
    std::lock_guard lock(mutex_);
    return records_.size();
}

std::uint64_t FakeHistory::subscribe(Subscriber use) {
    std::lock_guard lock(mutex_);
    subscribers_.emplace(next_subscription_, std::move(use));
    return next_subscription_++;
}

void FakeHistory::unsubscribe(std::uint64_t subscription) {
    std::lock_guard lock(mutex_);
    subscribers_.erase(subscription);
}

void FakeHistory::publish(const IndexBatch&) {}

void FakeHistory::add(std::string record) {
    std::lock_guard lock(mutex_);
    records_.push_back(std::move(record));
    for (const auto& [id, use] : subscribers_) use({});
}

std::string Answer::header(std::string_view name) const {
    for (const auto& [key, value] : response.headers)
        if (key == name) return value;
    return {};
}

Json Answer::json() const {
    auto parsed = parse_json(response.body);
    EXPECT_TRUE(parsed.has_value()) << response.body;
    return parsed.value_or(Json());
}

struct FakeEngine::Pending::State {
    std::mutex mutex;
    std::condition_variable changed;
    bool answered = false, closed = false;
    std::optional<std::size_t> read;  ///< bytes of the stream that a reader who has stopped has read
    Answer answer;
};

namespace {

class FakeStream final : public net::Stream {
public:
    explicit FakeStream(std::shared_ptr<FakeEngine::Pending::State> state) : state_(std::move(state)) {}
    bool write(std::string_view bytes) override {
        std::lock_guard lock(state_->mutex);
        if (state_->closed) return false;
        state_->answer.streamed += bytes;
        state_->changed.notify_all();
        return true;
    }
    void close() override {
        std::lock_guard lock(state_->mutex);
        state_->closed = true;
        state_->answer.stream_open = false;
        state_->changed.notify_all();
    }
    bool closed() const override {
        std::lock_guard lock(state_->mutex);
        return state_->closed;
    }
    std::size_t waiting_bytes() const override {
        std::lock_guard lock(state_->mutex);
        return state_->read ? state_->answer.streamed.size() - *state_->read : 0;
    }

private:
    std::shared_ptr<FakeEngine::Pending::State> state_;
};

class FakeResponder final : public net::Responder {
public:
    explicit FakeResponder(std::shared_ptr<FakeEngine::Pending::State> state) : state_(std::move(state)) {}
    ~FakeResponder() override {
        std::lock_guard lock(state_->mutex);
        if (state_->answered) return;
        state_->answer.response.status = 500;
        state_->answered = true;
        state_->changed.notify_all();
    }
    void send(net::Response response) override { finish(std::move(response), false); }
    std::shared_ptr<net::Stream> stream(net::Response head) override {
        finish(std::move(head), true);
        return std::make_shared<FakeStream>(state_);
    }

private:
    void finish(net::Response response, bool open) {
        std::lock_guard lock(state_->mutex);
        EXPECT_FALSE(state_->answered) << "answered twice";
        state_->answered = true;
        state_->answer.response = std::move(response);
        state_->answer.stream_open = open;
        state_->changed.notify_all();
    }
    std::shared_ptr<FakeEngine::Pending::State> state_;
};

}  // namespace

bool FakeEngine::Pending::answered() const {
    std::lock_guard lock(state->mutex);
    return state->answered;
}

namespace {

/// Takes the pieces of a body as the server does, up to the promised length.
void take_rest(net::Response& response) {
    const auto rest = std::exchange(response.rest, nullptr);
    while (rest && response.body.size() < response.content_length.value_or(0)) {
        std::promise<std::string> taken;
        rest->next([&](std::string piece) { taken.set_value(std::move(piece)); });
        const auto piece = taken.get_future().get();
        if (piece.empty()) return;
        response.body += piece;
    }
}

}  // namespace

Answer FakeEngine::Pending::wait() const {
    {
        std::unique_lock lock(state->mutex);
        EXPECT_TRUE(state->changed.wait_for(lock, patience, [&] { return state->answered; })) << "no answer";
    }
    take_rest(state->answer.response);
    return state->answer;
}

std::string FakeEngine::Pending::wait_for(const std::string& text) const {
    std::unique_lock lock(state->mutex);
    EXPECT_TRUE(
        state->changed.wait_for(lock, patience, [&] { return state->answer.streamed.find(text) != std::string::npos; }))
        << text << " is not in " << state->answer.streamed;
    return state->answer.streamed;
}

void FakeEngine::Pending::stop_reading() const {
    std::lock_guard lock(state->mutex);
    state->read = state->answer.streamed.size();
}

std::string FakeEngine::Pending::go_on_reading() const {
    std::lock_guard lock(state->mutex);
    const auto read = std::exchange(state->read, std::nullopt).value_or(0);
    return state->answer.streamed.substr(read);
}

void FakeEngine::Pending::hang_up() const {
    std::lock_guard lock(state->mutex);
    state->closed = true;
}

FakeEngine::FakeEngine(Settings settings, const S3Services* s3, Authenticate authenticate,
                       const TrailServices* trails) {
    clock.set(*parse_time("2026-01-02T04:00:00Z"));
    Parts parts{
        .authenticate = [this](const identity::IncomingRequest& request, const std::vector<std::string_view>& services,
                               bool bearer, bool) -> std::expected<identity::Authenticated, identity::AuthRefusal> {
            net::Request copy;
            copy.headers = *request.headers;
            const auto service = std::string(claimed_service(copy));
            const bool token = bearer && copy.find("authorization").starts_with("Bearer ");
            if (service.empty() && !token)
                return std::unexpected(
                    identity::AuthRefusal{identity::AuthProblem::missing, "Missing Authentication Token"});
            if (!token && std::ranges::find(services, service) == services.end())
                return std::unexpected(identity::AuthRefusal{identity::AuthProblem::wrong_scope,
                                                             "Credential should be scoped to correct service"});
            const auto caller = callers_.find(std::string(copy.find("x-test-key")));
            if (caller == callers_.end())
                return std::unexpected(identity::AuthRefusal{identity::AuthProblem::unknown_key,
                                                             "The security token included in the request is invalid."});
            return identity::Authenticated{caller->second, std::string(copy.find("x-test-region")), service};
        },
        .submit =
            [this](std::shared_ptr<const std::string> buffer, std::vector<std::string_view> texts,
                   ingest::Writer writer, ingest::Ingest::Done done) {
                {
                    std::lock_guard lock(mutex_);
                    if (holding_) {
                        held_.push_back([this, buffer, texts = std::move(texts), writer = std::move(writer),
                                         done = std::move(done)]() mutable {
                            submit(std::move(texts), std::move(writer), std::move(done));
                        });
                        return stored_.notify_all();
                    }
                }
                submit(std::move(texts), std::move(writer), std::move(done));
            },
        .history = history,
        .log = log,
        .find_dictionary = no_dictionary,
        .clock = clock,
        .metrics = metrics,
        .trails = trails,
        .s3 = s3};
    if (authenticate) parts.authenticate = std::move(authenticate);
    caller("admin");
    api = std::make_unique<Api>(std::move(parts), std::move(settings));
}

FakeEngine::~FakeEngine() { api.reset(); }

void FakeEngine::submit(std::vector<std::string_view> texts, ingest::Writer writer, ingest::Ingest::Done done) {
    done(ingest_failure ? take(texts, writer) : Result<ingest::Receipt>(fail(ingest_failure.error())));
}

void FakeEngine::hold_ingest() {
    std::lock_guard lock(mutex_);
    holding_ = true;
}

void FakeEngine::release_ingest() {
    std::vector<std::move_only_function<void()>> held;
    {
        std::lock_guard lock(mutex_);
        holding_ = false;
        held.swap(held_);
    }
    for (auto& request : held) request();
}

void FakeEngine::wait_for_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(stored_.wait_for(lock, patience, [&] { return held_.size() >= count; }));
}

identity::Principal& FakeEngine::caller(const std::string& key) {
    auto& principal = callers_[key];
    principal.type = identity::PrincipalType::user;
    principal.account = "111122223333";
    principal.arn = "arn:aws:iam::111122223333:user/" + key;
    principal.principal_id = "AIDAEXAMPLE0000000001";
    principal.name = key;
    principal.access_key_id = "AKIAEXAMPLE000000001";
    principal.policies = {*policy::Policy::parse(
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})")};
    return principal;
}

void FakeEngine::store(std::string record) { EXPECT_TRUE(take({record}, {}).has_value()); }

Result<ingest::Receipt> FakeEngine::take(const std::vector<std::string_view>& texts, const ingest::Writer& writer) {
    ingest::Receipt receipt;
    std::lock_guard lock(mutex_);
    for (const auto text : texts) {
        std::string record(text);
        record.reserve(record.size() + RecordParser::padding);
        ingest::RecordResult result;
        const auto parsed = parser().parse(record);
        if (!parsed) {
            result.reason = parsed.error().message;
        } else if (writer.may_write && !writer.may_write((*parsed)->account, (*parsed)->region)) {
            result.reason = "not authorized";
        } else {
            const auto& event = **parsed;
            result.event_id = event.event_id;
            const auto [admitted, fresh] =
                admitted_.emplace(fmt::format("{}/{}", event.account, event.event_id), record);
            result.outcome = fresh                      ? ingest::Outcome::stored
                             : admitted->second == text ? ingest::Outcome::duplicate
                                                        : ingest::Outcome::conflict;
            if (result.outcome != ingest::Outcome::duplicate) {
                log.add(record, retention_class(event.category), writer.envelope);
                history.add(record);
                records_.push_back(record);
                stored_.notify_all();
            }
        }
        auto& counts = receipt.counts;
        ++(result.outcome == ingest::Outcome::stored      ? counts.stored
           : result.outcome == ingest::Outcome::duplicate ? counts.duplicate
           : result.outcome == ingest::Outcome::conflict  ? counts.conflict
                                                          : counts.rejected);
        receipt.results.push_back(std::move(result));
    }
    return receipt;
}

net::Request FakeEngine::request(std::string method, std::string target, std::string body, std::string service,
                                 std::string region, net::Headers more) {
    net::Request request{.method = std::move(method),
                         .target = std::move(target),
                         .headers = std::move(more),
                         .body = std::move(body),
                         .peer_address = "192.0.2.9",
                         .tls = false};
    request.headers.emplace_back(
        "Authorization", fmt::format("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE000000001/20260102/{}/{}/aws4_request, "
                                     "SignedHeaders=host, Signature=00",
                                     region, service));
    request.headers.emplace_back("X-Test-Region", region);
    request.headers.emplace_back("User-Agent", "aws-cli/2.15.0");
    if (request.find("x-test-key").empty()) request.headers.emplace_back("X-Test-Key", "admin");
    request.body.reserve(request.body.size() + 64);
    return request;
}

Answer FakeEngine::call(net::Request request) { return begin(std::move(request)).wait(); }

FakeEngine::Pending FakeEngine::begin(net::Request request) {
    Pending pending{std::make_shared<Pending::State>()};
    api->handle(std::move(request), std::make_unique<FakeResponder>(pending.state));
    return pending;
}

Answer FakeEngine::lookup(const std::string& body, const std::string& region) {
    return call(request("POST", "/", body, "cloudtrail", region,
                        {{"X-Amz-Target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"}}));
}

Answer FakeEngine::own(const std::string& method, const std::string& target, const std::string& body) {
    return call(request(method, target, body, "cairn"));
}

std::vector<Json> FakeEngine::wait_for_events(const std::string& event_name, std::size_t count) {
    std::vector<Json> found;
    std::unique_lock lock(mutex_);
    const auto enough = [&] {
        found.clear();
        for (const auto& text : records_)
            if (auto json = parse_json(text); json && json->text("eventName") == event_name) found.push_back(*json);
        return found.size() >= count;
    };
    EXPECT_TRUE(stored_.wait_for(lock, patience, enough)) << "no " << count << " events " << event_name;
    return found;
}

std::string record(const std::string& id, const std::string& event_name, const std::string& time,
                   const std::string& region, const std::string& account, const std::string& category) {
    return fmt::format(
        R"({{"eventVersion":"1.08","userIdentity":{{"type":"IAMUser","principalId":"AIDAEXAMPLE0000000002","arn":"arn:aws:iam::{4}:user/ana",)"
        R"("accountId":"{4}","accessKeyId":"AKIAEXAMPLE000000002","userName":"ana"}},"eventTime":"{2}","eventSource":"ec2.amazonaws.com",)"
        R"("eventName":"{1}","awsRegion":"{3}","sourceIPAddress":"192.0.2.7","userAgent":"test","requestParameters":null,)"
        R"("responseElements":null,"requestID":"4a1e0e0b-6a2f-4a55-8a0c-0f6a4f1c2d3e","eventID":"{0}","readOnly":false,)"
        R"("eventType":"AwsApiCall","managementEvent":{6},"recipientAccountId":"{4}","eventCategory":"{5}"}})",
        id, event_name, time, region, account, category, category == "Management");
}

std::string event_id(int number) { return fmt::format("00000000-0000-4000-8000-{:012}", number); }

}  // namespace cairn::api::test
