#include "api/audit_call.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api/event_json.h"
#include "api/lookup.h"
#include "base/utf8.h"
#include "wire/answers.h"
#include "wire/model.h"

namespace cairn::api {

namespace {

using wire::ApiError;
using wire::Protocol;

constexpr std::string_view operation_name = "PutAuditEvents";

const wire::Model& model() { return wire::model_of("cloudtrail-data"); }

// The body and the parameters of the query string, as the model's input.
std::expected<Json, ApiError> read_input(const net::Request& request, wire::ShapeId shape) {
    auto document = read_body(request);
    if (!document) return std::unexpected(document.error());
    if (!document->is_object())
        return std::unexpected(ApiError{"SerializationException", "the body is not a JSON object"});
    for (auto& [name, value] : net::parse_query(request.query()))
        if (name == "channelArn" || name == "externalId") document->set(name, std::move(value));
    auto input = model().read(shape, *document);
    if (!input) return std::unexpected(ApiError{"SerializationException", input.error()});
    return std::move(*input);
}

}  // namespace

class AuditCall::Claim {
public:
    /// Blocks while another call stores one of `ids`.
    Claim(AuditCall& owner, std::vector<std::string> ids) : owner_(&owner), ids_(std::move(ids)) {
        std::unique_lock lock(owner.mutex_);
        owner.released_.wait(lock, [&] {
            return std::ranges::none_of(ids_, [&](const auto& id) { return owner.claimed_.contains(id); });
        });
        owner.claimed_.insert(ids_.begin(), ids_.end());
    }
    Claim(Claim&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)), ids_(std::move(other.ids_)) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
        if (!owner_) return;
        std::lock_guard lock(owner_->mutex_);
        for (const auto& id : ids_) owner_->claimed_.erase(id);
        owner_->released_.notify_all();
    }

private:
    AuditCall* owner_;
    std::vector<std::string> ids_;
};

void AuditCall::handle(CallPointer call) {
    run_on_pool(
        context_, std::move(call), [this](CallPointer running) { run(std::move(running)); },
        [this](CallPointer refused) { refuse(std::move(refused), {"ThrottlingException", "Rate exceeded"}); });
}

void AuditCall::run(CallPointer call) {
    std::vector<Entry> entries;
    const auto channel = check(*call, entries);
    if (!channel) return refuse(std::move(call), channel.error());
    store(std::move(call), *channel, std::move(entries));
}

std::expected<Channel, ApiError> AuditCall::check(Call& call, std::vector<Entry>& entries) const {
    if (auto known = authenticate(context_.parts, call, {"cloudtrail-data"}, false, true); !known)
        return std::unexpected(known.error());
    const auto& operation = *model().find(operation_name);
    if (call.request.method != operation.method || call.request.path() != operation.path)
        return std::unexpected(
            ApiError{"UnknownOperationException", "cloudtrail-data has one operation: POST /PutAuditEvents"});
    const auto input = read_input(call.request, *operation.input);
    if (!input) return std::unexpected(input.error());

    const auto& account = call.caller.principal.account;
    const auto name = input->text("channelArn");
    auto channel = find_channel(name, call.caller.region, account);
    const auto resource = channel ? channel->arn() : std::string("*");
    policy::Context conditions;
    if (const auto external_id = input->text("externalId"); !external_id.empty())
        conditions.emplace_back("cloudtrail:ExternalId", external_id);
    if (auto allowed = authorize(call, "cloudtrail-data:PutAuditEvents", resource, conditions); !allowed)
        return std::unexpected(allowed.error());

    // The model asks for an ARN where the service also takes an id: a good channel passes as its ARN.
    auto checked = *input;
    if (channel) checked.set("channelArn", channel->arn());
    if (const auto violations = model().violations(*operation.input, checked);
        !violations.empty() && (channel || name.empty()))
        return std::unexpected(wire::validation_error(violations));
    if (!channel) return channel;

    std::set<std::string_view> ids;
    for (const auto& event : checked.find("auditEvents")->as_array()) {
        AuditEntry entry{.id = std::string(event.text("id")),
                         .data = std::string(event.text("eventData")),
                         .checksum = std::string(event.text("eventDataChecksum"))};
        entries.push_back({.entry = std::move(entry), .event_id = {}, .problem = {}});
    }
    for (auto& entry : entries) {
        if (!ids.insert(entry.entry.id).second)
            return std::unexpected(
                ApiError{"DuplicatedAuditEventId", fmt::format("The id {} is given more than once.", entry.entry.id)});
        entry.problem = check_audit_entry(entry.entry, *channel);
        if (!entry.problem) entry.event_id = audit_event_id(*channel, entry.entry);
    }
    return channel;
}

Result<bool> AuditCall::is_stored(const std::string& event_id, const Channel& channel) const {
    auto query = match::Query::parse("eventID = \"" + event_id + '"');
    if (!query) return fail(Code::internal, query.error().message);
    auto page =
        context_.parts.history.search(search_of(Scope::of(channel.account, channel.region), std::move(*query), 1));
    if (!page) return fail(page.error());
    return !page->events.empty();
}

void AuditCall::store(CallPointer call, const Channel& channel, std::vector<Entry> entries) {
    std::vector<std::string> ids;
    for (const auto& entry : entries)
        if (!entry.problem) ids.push_back(entry.event_id);
    Claim claim(*this, std::move(ids));

    const auto ingestion_time = context_.parts.clock.now();
    std::vector<std::string> records;
    std::vector<std::size_t> places;  // of `records` in `entries`
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& entry = entries[i];
        if (entry.problem) continue;
        const auto stored = is_stored(entry.event_id, channel);
        if (!stored) return refuse(std::move(call), inner_error(stored.error(), operation_name));
        entry.stored = *stored;
        if (entry.stored) continue;
        records.push_back(render_audit_event(channel, entry.entry, entry.event_id, channel.region, ingestion_time));
        places.push_back(i);
    }
    if (records.empty()) return finish(std::move(call), entries);

    std::size_t bytes = RecordParser::padding;
    for (const auto& record : records) bytes += record.size() + 1;
    auto buffer = std::make_shared<std::string>();
    buffer->reserve(bytes);
    std::vector<std::string_view> texts;
    for (const auto& record : records) {
        texts.emplace_back(buffer->data() + buffer->size(), record.size());
        buffer->append(record).push_back('\n');
    }
    ingest::Writer writer;
    writer.envelope.writer = call->caller.principal.arn;
    context_.parts.submit(std::move(buffer), std::move(texts), std::move(writer),
                          [this, claim = std::move(claim), call = std::move(call), entries = std::move(entries),
                           places = std::move(places)](Result<ingest::Receipt> receipt) mutable {
                              if (!receipt)
                                  return refuse(std::move(call), inner_error(receipt.error(), operation_name));
                              for (std::size_t i = 0; i < places.size(); ++i) {
                                  const auto& result = receipt->results[i];
                                  if (result.outcome == ingest::Outcome::rejected)
                                      entries[places[i]].problem = AuditProblem{"InvalidData", result.reason};
                              }
                              finish(std::move(call), entries);
                          });
}

void AuditCall::refuse(CallPointer call, const ApiError& error) const {
    auto response = wire::error_answer(Protocol::rest_json, error, call->request_id);
    answer(context_, std::move(call), std::move(response), operation_name);
}

void AuditCall::finish(CallPointer call, const std::vector<Entry>& entries) const {
    JsonArray successful, failed;
    for (const auto& entry : entries) {
        if (entry.problem)
            failed.push_back(JsonObject{{"id", entry.entry.id},
                                        {"errorCode", entry.problem->code},
                                        {"errorMessage", valid_utf8(entry.problem->message, 1024)}});
        else
            successful.push_back(JsonObject{{"id", entry.entry.id}, {"eventID", entry.event_id}});
    }
    const Json output = JsonObject{{"successful", std::move(successful)}, {"failed", std::move(failed)}};
    auto response = wire::json_answer(
        Protocol::rest_json, to_text(model().write(*model().find(operation_name)->output, output)), call->request_id);
    answer(context_, std::move(call), std::move(response), operation_name);
}

}  // namespace cairn::api
