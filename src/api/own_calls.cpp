#include "api/own_calls.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "wire/record_text.h"

namespace cairn::api {

namespace {

constexpr std::size_t waiting_bytes_max = 8 << 20;
constexpr std::chrono::seconds line_interval{10};
std::string role_of(std::string_view session_arn) {
    static constexpr std::string_view marker = ":assumed-role/";
    const auto begin = session_arn.find(marker);
    if (begin == std::string_view::npos) return {};
    const auto rest = session_arn.substr(begin + marker.size());
    return std::string(rest.substr(0, rest.find('/')));
}

Json session_context(const identity::Principal& principal) {
    const auto role = role_of(principal.arn);
    const auto role_id = principal.principal_id.substr(0, principal.principal_id.find(':'));
    return JsonObject{{"sessionIssuer", JsonObject{{"type", "Role"},
                                                   {"principalId", role_id},
                                                   {"arn", "arn:aws:iam::" + principal.account + ":role/" + role},
                                                   {"accountId", principal.account},
                                                   {"userName", role}}},
                      {"attributes", JsonObject{{"mfaAuthenticated", "false"}}}};
}

Json user_identity(const identity::Principal& principal) {
    using identity::PrincipalType;
    const auto type = principal.type == PrincipalType::root           ? "Root"
                      : principal.type == PrincipalType::role_session ? "AssumedRole"
                                                                      : "IAMUser";
    Json identity = JsonObject{{"type", type},
                               {"principalId", principal.principal_id},
                               {"arn", principal.arn},
                               {"accountId", principal.account},
                               {"accessKeyId", principal.access_key_id}};
    if (principal.type == PrincipalType::role_session)
        identity.set("sessionContext", session_context(principal));
    else if (principal.type != PrincipalType::root)
        identity.set("userName", principal.name);
    return identity;
}

// Records name a denial "AccessDenied" whatever the API calls it.
std::string_view record_code(std::string_view code) { return code == "AccessDeniedException" ? "AccessDenied" : code; }

// The name without the port.
std::string_view host_name(std::string_view host) {
    const auto colon = host.rfind(':');
    return colon == std::string_view::npos || host.ends_with(']') ? host : host.substr(0, colon);
}

std::string tls_details(const net::Request& request) {
    if (!request.tls) return {};
    std::string out;
    wire::ObjectText details(out);
    details.text("tlsVersion", request.tls_version).text("cipherSuite", request.tls_cipher);
    if (const auto host = host_name(request.find("host")); !host.empty())
        details.text("clientProvidedHostHeader", host);
    details.end();
    return out;
}

}  // namespace

Json record_parameters(const Json& json) {
    if (json.is_array()) {
        JsonArray out;
        for (const auto& item : json.as_array()) out.push_back(record_parameters(item));
        return out;
    }
    if (json.is_string()) return valid_utf8(json.as_string());
    if (!json.is_object()) return json;
    JsonObject out;
    for (const auto& [name, value] : json.as_object()) {
        auto lower = valid_utf8(name);
        if (!lower.empty() && lower[0] >= 'A' && lower[0] <= 'Z') lower[0] = static_cast<char>(lower[0] | 0x20);
        out.emplace_back(std::move(lower), record_parameters(value));
    }
    return out;
}

std::string render_own_call(const Call& call, const OwnCall& own, std::string_view event_id) {
    const auto shown = [&](const Json* json) -> std::string {
        if (!json || json->as_object().empty()) return "null";
        return to_text(own.names_as_given ? *json : record_parameters(*json));
    };
    const auto text = [](const Json* json) { return json ? to_text(*json) : std::string(); };
    const auto& principal = call.caller.principal;
    const auto identity = to_text(user_identity(principal)), tls = tls_details(call.request);
    const auto parameters = shown(own.parameters),
               elements = shown(own.error || own.read_only ? nullptr : own.response);
    const auto additional = text(own.additional), resources = text(own.resources);
    wire::RecordParts parts;
    parts.user_identity = identity;
    parts.time = call.received;
    parts.event_source = own.event_source;
    parts.event_name = own.event_name;
    parts.region = call.caller.region;
    parts.source_address = call.request.peer_address;
    parts.user_agent = call.request.find("user-agent");
    if (own.error) {
        parts.error_code = record_code(own.error->code);
        parts.error_message = own.error->message;
    }
    parts.request_parameters = parameters;
    parts.response_elements = elements;
    parts.additional_event_data = additional;
    parts.request_id = call.request_id;
    parts.event_id = event_id;
    parts.read_only = own.read_only;
    parts.resources = resources;
    parts.account = principal.account;
    parts.tls_details = tls;
    return wire::record_text(parts);
}

OwnCalls::OwnCalls(const Parts& parts, const Settings& settings)
    : parts_(parts),
      records_max_(settings.own_calls_waiting_max),
      recorded_(parts.metrics.counter("cairn_own_calls_recorded_total", "Own API calls that became events")),
      unrecorded_(
          parts.metrics.counter("cairn_own_calls_unrecorded_total", "Own API calls that the log refused to take")),
      held_count_(parts.metrics.counter("cairn_own_calls_held_total",
                                        "Answers that waited until their call had a place to be recorded")),
      thread_([this] { work(); }) {}

OwnCalls::~OwnCalls() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return !batch_in_flight_ && writes_in_flight_ == 0; });
    if (unlogged_ > 0) log_warning("own calls could not be recorded", {{"calls", unlogged_}});
}

bool OwnCalls::has_room(std::size_t record_bytes) const {
    return waiting_.empty() || (waiting_.size() < records_max_ && waiting_bytes_ + record_bytes <= waiting_bytes_max);
}

void OwnCalls::enqueue(std::string record) {
    waiting_bytes_ += record.size();
    waiting_.push_back(std::move(record));
}

void OwnCalls::record(std::string record, Answer answer) {
    bool first = false;
    {
        std::lock_guard lock(mutex_);
        if (!held_.empty() || !has_room(record.size())) {
            held_count_.add();
            held_.push_back({std::move(record), std::move(answer)});
            return;
        }
        first = waiting_.empty();
        enqueue(std::move(record));
    }
    answer();
    if (first) wake_.notify_one();
}

void OwnCalls::record_before_answer(std::string record, std::function<void(Result<void>)> done) {
    auto buffer = std::make_shared<std::string>(std::move(record));
    buffer->reserve(buffer->size() + RecordParser::padding);
    const std::string_view text = *buffer;
    ingest::Writer writer;
    writer.envelope.writer = "cairn";
    {
        std::lock_guard lock(mutex_);
        ++writes_in_flight_;
    }
    parts_.submit(std::move(buffer), {text}, std::move(writer),
                  [this, done = std::move(done)](Result<ingest::Receipt> receipt) {
                      finished(1, receipt);
                      done(receipt ? Result<void>() : fail(receipt.error()));
                      std::lock_guard lock(mutex_);
                      --writes_in_flight_;
                      idle_.notify_all();
                  });
}

void OwnCalls::work() {
    while (true) {
        std::vector<std::string> records;
        std::vector<Answer> answers;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            // One batch at a time: while it is written the next ones gather.
            idle_.wait(lock, [&] { return !batch_in_flight_; });
            records = std::exchange(waiting_, {});
            waiting_bytes_ = 0;
            batch_in_flight_ = true;
            answers = let_in();
        }
        for (auto& answer : answers) answer();
        hand_over(std::move(records));
    }
}

std::vector<OwnCalls::Answer> OwnCalls::let_in() {
    std::vector<Answer> answers;
    while (!held_.empty() && has_room(held_.front().record.size())) {
        enqueue(std::move(held_.front().record));
        answers.push_back(std::move(held_.front().answer));
        held_.pop_front();
    }
    return answers;
}

void OwnCalls::hand_over(std::vector<std::string> records) {
    std::size_t bytes = RecordParser::padding;
    for (const auto& record : records) bytes += record.size() + 1;
    auto buffer = std::make_shared<std::string>();
    buffer->reserve(bytes);
    std::vector<std::string_view> texts;
    for (const auto& record : records) {
        const auto begin = buffer->size();
        buffer->append(record).push_back('\n');
        texts.emplace_back(buffer->data() + begin, record.size());
    }
    ingest::Writer writer;
    writer.envelope.writer = "cairn";
    const auto count = records.size();
    parts_.submit(std::move(buffer), std::move(texts), std::move(writer),
                  [this, count](Result<ingest::Receipt> receipt) {
                      finished(count, receipt);
                      std::lock_guard lock(mutex_);
                      batch_in_flight_ = false;
                      idle_.notify_all();
                  });
}

void OwnCalls::finished(std::size_t count, const Result<ingest::Receipt>& receipt) {
    if (!receipt) return unrecorded(count, receipt.error().message);
    const auto rejected = static_cast<std::size_t>(receipt->counts.rejected);
    recorded_.add(count - rejected);
    if (rejected == 0) return;
    const auto result = std::ranges::find(receipt->results, ingest::Outcome::rejected, &ingest::RecordResult::outcome);
    unrecorded(rejected, result->reason);
}

// One line for many: while the disk is full every read comes here.
void OwnCalls::unrecorded(std::size_t count, const std::string& reason) {
    unrecorded_.add(count);
    std::size_t calls = 0;
    {
        std::lock_guard lock(mutex_);
        unlogged_ += count;
        const auto now = std::chrono::steady_clock::now();
        if (now < next_line_) return;
        next_line_ = now + line_interval;
        calls = std::exchange(unlogged_, 0);
    }
    log_warning("own calls could not be recorded", {{"calls", calls}, {"reason", reason}});
}

}  // namespace cairn::api
