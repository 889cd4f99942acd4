#include <chrono>

#include <fmt/format.h>

#include "api/origins.h"
#include "api/v1.h"
#include "event/record_rules.h"

namespace cairn::api {

namespace {

constexpr std::string_view event_source = "cairn.amazonaws.com";
constexpr std::size_t same_id_max = 100;  // records under one id that are shown
constexpr std::string_view actions[] = {"cairn:SearchEvents", "cairn:GetEvent"};

// The members that say which events are meant, common to search, values and count.
std::expected<history::Search, V1Error> read_search(const Context& context, const Call& call, Members& members) {
    const auto now = context.parts.clock.now();
    const auto from = members.time("from", now), to = members.time("to", now);
    auto search = search_of({}, members.query("q", find_origins(context.parts.sessions, call, from, to)));
    search.from = from;
    search.to = to;
    constexpr std::uint64_t number_max = std::uint64_t{1} << 53;
    if (members.has("until")) search.until = members.number("until", 0, 0, number_max);
    if (search.from && search.to && *search.from > *search.to) members.wrong("from", "from is after to");
    const Reach reach{.accounts = members.texts("acct"), .regions = members.texts("region")};
    if (members.error()) return std::unexpected(*members.error());
    auto scope = readable(call, std::string(actions[0]), reach);
    if (!scope) return std::unexpected(scope.error());
    search.scope = **scope;
    return search;
}

std::int64_t elapsed_ms(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

std::string_view inlet_name(Inlet inlet) {
    switch (inlet) {
        case Inlet::live: return "live";
        case Inlet::import: return "import";
        case Inlet::replay: return "replay";
        case Inlet::derived: return "derived";
    }
    return "live";
}

Json envelope_json(const Envelope& envelope) {
    Json json = JsonObject{{"ingestTime", format_time(envelope.ingest_time)},
                           {"inlet", inlet_name(envelope.inlet)},
                           {"writer", envelope.writer},
                           {"conflict", envelope.conflict}};
    if (!envelope.gateway.empty()) {
        json.set("gateway", envelope.gateway);
        json.set("sequence", envelope.sequence);
        if (auto evidence = parse_json(envelope.evidence)) json.set("evidence", std::move(*evidence));
    }
    return json;
}

/// What is odd about a record, though it is kept as it came.
Json flags_json(std::uint32_t flags) {
    static constexpr std::pair<std::uint32_t, const char*> names[] = {{flag_no_event_id, "noEventID"},
                                                                      {flag_duplicate_member, "duplicateMember"},
                                                                      {flag_big_number, "bigNumber"},
                                                                      {flag_lone_surrogate, "loneSurrogate"}};
    JsonArray all;
    for (const auto& [flag, name] : names)
        if (flags & flag) all.emplace_back(name);
    return all;
}

/// Makes the list of events of an answer.
class SummaryReader final : public history::PageReader {
public:
    explicit SummaryReader(const SummaryFields& fields) : fields_(fields) {}
    void begin() override { out = "{\"events\":["; }
    void take(std::uint64_t number, const EventView& event) override {
        if (out.back() != '[') out += ',';
        append_summary(out, event, number, fields_);
    }

    std::string out;

private:
    const SummaryFields& fields_;
};

}  // namespace

void SearchCalls::handle(CallPointer call, std::string path) {
    run_on_pool(
        context_, std::move(call),
        [this, path = std::move(path)](CallPointer running) {
            auto outcome = run(*running, path);
            finish(std::move(running), std::move(outcome));
        },
        [this](CallPointer refused) {
            auto response = v1_busy(refused->request_id);
            answer(context_, std::move(refused), std::move(response), event_source);
        });
}

SearchCalls::Outcome SearchCalls::run(const Call& call, const std::string& path) const {
    static constexpr std::string_view events = "events/";
    if (path.starts_with(events)) {
        bool ok = false;
        auto id = net::percent_decode(std::string_view(path).substr(events.size()), &ok);
        Outcome outcome{.body = {}, .event_name = "GetEvent", .parameters = JsonObject{{"eventID", id.substr(0, 256)}}};
        if (ok && !id.empty() && id.size() <= name_bytes_max)
            outcome.body = event(call, id);
        else
            outcome.body =
                std::unexpected(V1Error{.code = "InvalidParameter", .message = "this is no event id", .field = "id"});
        return outcome;
    }
    Outcome outcome{.body = {}, .event_name = "SearchEvents", .parameters = {}};
    const auto body = read_body(call.request);
    if (!body) {
        outcome.body = std::unexpected(V1Error{.code = "InvalidBody", .message = body.error().message, .field = {}});
        return outcome;
    }
    // A page token is of no use to a reader of the record.
    for (const auto& [name, value] : body->as_object())
        if (name != "cursor") outcome.parameters.set(name, value);
    if (path == "search")
        outcome.body = search(call, *body);
    else if (path == "values")
        outcome.body = values(call, *body);
    else
        outcome.body = count(call, *body);
    return outcome;
}

std::expected<std::string, V1Error> SearchCalls::search(const Call& call, const Json& body) const {
    const auto start = std::chrono::steady_clock::now();
    Members members(body,
                    {"q", "from", "to", "until", "acct", "region", "order", "limit", "cursor", "fields", "total"});
    const auto order = members.text("order");
    const bool oldest_first = order == "oldest" || order == "asc";
    if (!order.empty() && !oldest_first && order != "newest" && order != "desc")
        members.wrong("order", "order is newest (desc) or oldest (asc)");
    const auto limit = members.number("limit", 50, 1, 1000);
    const auto fields = members.fields("fields");
    const auto cursor = members.text("cursor");
    const bool total = members.flag("total");
    auto search = read_search(context_, call, members);
    if (!search) return std::unexpected(search.error());
    search->oldest_first = oldest_first;
    search->limit = limit;
    search->token = cursor;

    const auto watermark = context_.parts.history.covered();
    SummaryReader reader(fields);
    auto page = context_.parts.history.read_page(*search, reader);
    if (!page && page.error().code == Code::invalid && !cursor.empty())
        return std::unexpected(V1Error{.code = "InvalidCursor", .message = page.error().message, .field = "cursor"});
    if (!page) return std::unexpected(v1_error_of(page.error(), "search"));

    auto out = std::move(reader.out);
    out += ']';
    if (!page->token.empty()) {
        out += ",\"cursor\":";
        append_json_string(out, page->token);
    }
    if (total) {
        search->token.clear();
        const auto counted = context_.parts.history.count(*search, 1'000'000'000);
        if (!counted) return std::unexpected(v1_error_of(counted.error(), "count"));
        out += fmt::format(",\"total\":{{\"value\":{},\"relation\":\"{}\"}}", counted->value,
                           counted->exact ? "exact" : "atLeast");
    }
    out += fmt::format(",\"watermark\":{},\"scanned\":{{\"events\":{},\"bytes\":{}}},\"partial\":{},\"tookMs\":{}}}",
                       watermark, page->scanned, page->scanned_bytes, page->exhausted_budget, elapsed_ms(start));
    return out;
}

std::expected<std::string, V1Error> SearchCalls::values(const Call& call, const Json& body) const {
    const auto start = std::chrono::steady_clock::now();
    Members members(body, {"q", "from", "to", "until", "acct", "region", "field", "prefix", "n"});
    const auto field = members.text("field");
    if (!match::known_field(field)) members.wrong("field", fmt::format("unknown field {}", field.substr(0, 100)));
    const auto prefix = members.text("prefix");
    const auto most = members.number("n", 50, 1, 10'000);
    const auto search = read_search(context_, call, members);
    if (!search) return std::unexpected(search.error());

    const auto found = context_.parts.history.values(*search, field, prefix, most);
    if (!found) return std::unexpected(v1_error_of(found.error(), "values"));
    JsonArray values;
    for (const auto& [value, count] : found->values) values.push_back(JsonObject{{"value", value}, {"count", count}});
    return to_text(JsonObject{{"values", std::move(values)},
                              {"total", found->total},
                              {"exact", found->exact},
                              {"tookMs", elapsed_ms(start)}});
}

std::expected<std::string, V1Error> SearchCalls::count(const Call& call, const Json& body) const {
    const auto start = std::chrono::steady_clock::now();
    Members members(body, {"q", "from", "to", "until", "acct", "region", "atMost"});
    const auto at_most = members.number("atMost", 1'000'000'000, 1, 1'000'000'000'000);
    const auto search = read_search(context_, call, members);
    if (!search) return std::unexpected(search.error());
    const auto counted = context_.parts.history.count(*search, at_most);
    if (!counted) return std::unexpected(v1_error_of(counted.error(), "count"));
    return to_text(JsonObject{
        {"value", counted->value}, {"relation", counted->exact ? "exact" : "atLeast"}, {"tookMs", elapsed_ms(start)}});
}

std::expected<std::string, V1Error> SearchCalls::event(const Call& call, const std::string& id) const {
    auto scope = readable(call, std::string(actions[1]));
    if (!scope) return std::unexpected(scope.error());
    auto query = match::Query::parse("eventID = " + match::quoted(id));
    if (!query)
        return std::unexpected(V1Error{.code = "InvalidParameter", .message = query.error().message, .field = "id"});
    auto page = context_.parts.history.search(search_of(**scope, std::move(*query), same_id_max));
    if (!page) return std::unexpected(v1_error_of(page.error(), "event"));
    if (page->events.empty())
        return std::unexpected(
            V1Error{.status = 404, .code = "NotFound", .message = "no event " + id + " that you may see", .field = {}});

    std::string out = "{\"events\":[";
    for (auto& found : page->events) {
        const auto view = view_of(found.record);
        if (!view) return std::unexpected(v1_error_of(view.error(), "event"));
        if (out.back() != '[') out += ',';
        out += "{\"summary\":";
        append_summary(out, **view, found.number, SummaryFields::standard());
        if (const auto stored = read_event(context_.parts.log, context_.parts.find_dictionary, found.number))
            out += ",\"envelope\":" + to_text(envelope_json(stored->envelope));
        if ((*view)->flags) out += ",\"flags\":" + to_text(flags_json((*view)->flags));
        out += ",\"record\":";
        append_json_string(out, (*view)->raw);
        out += '}';
    }
    return out + fmt::format("],\"partial\":{}}}", !page->token.empty());
}

void SearchCalls::finish(CallPointer call, Outcome outcome) const {
    const auto& error = outcome.body ? std::optional<wire::ApiError>()
                                     : wire::ApiError{outcome.body.error().code, outcome.body.error().message};
    auto response = outcome.body ? v1_answer(std::move(*outcome.body), call->request_id)
                                 : v1_error(outcome.body.error(), call->request_id);
    answer_and_record(context_, std::move(call), std::move(response),
                      {.event_source = event_source,
                       .event_name = outcome.event_name,
                       .parameters = &outcome.parameters,
                       .error = error ? &*error : nullptr},
                      {});
}

}  // namespace cairn::api
