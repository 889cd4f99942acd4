#include "api/who_call.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::api {

namespace {

constexpr std::string_view event_source = "cairn.amazonaws.com";
constexpr std::string_view action = "cairn:SearchEvents";
constexpr std::size_t id_bytes_max = 256;

bool safe_id(std::string_view id) {
    return !id.empty() && id.size() <= id_bytes_max && id.find_first_of("\"\\") == std::string_view::npos;
}

void add_text(Json& json, std::string_view name, const std::string& text) {
    if (!text.empty()) json.set(name, text);
}

}  // namespace

/// Which key is meant, when, and of which upstream.
struct WhoCall::Question {
    std::string event_id;  ///< of an event that was asked about
    std::string key_id;
    std::optional<Time> at;
    std::vector<std::string> upstreams;
};

void WhoCall::handle(CallPointer call) const {
    run_on_pool(
        context_, std::move(call),
        [this](CallPointer running) {
            const auto parameters = query_parameters(running->request.query());
            auto answered = run(*running, parameters);
            const auto error = answered ? std::optional<wire::ApiError>()
                                        : wire::ApiError{answered.error().code, answered.error().message};
            auto response = answered ? v1_answer(std::move(*answered), running->request_id)
                                     : v1_error(answered.error(), running->request_id);
            answer_and_record(context_, std::move(running), std::move(response),
                              {.event_source = event_source,
                               .event_name = "GetKeyOrigin",
                               .parameters = &parameters,
                               .error = error ? &*error : nullptr},
                              {});
        },
        [this](CallPointer refused) {
            auto response = v1_busy(refused->request_id);
            answer(context_, std::move(refused), std::move(response), event_source);
        });
}

std::expected<std::string, V1Error> WhoCall::run(const Call& call, const Json& parameters) const {
    Members members(parameters, {"id", "at", "upstream"});
    const auto id = members.text("id");
    const auto at = members.time("at", context_.parts.clock.now());
    const auto upstream = members.text("upstream");
    if (!safe_id(id)) members.wrong("id", "id is neither an access key id nor the id of an event");
    if (members.error()) return std::unexpected(*members.error());
    const auto scope = readable(call, std::string(action));
    if (!scope) return std::unexpected(scope.error());

    context_.parts.sessions->catch_up();
    auto question = question_of(id, **scope);
    if (!question) return std::unexpected(question.error());
    if (at) question->at = at;
    if (parameters.find("upstream")) question->upstreams = {upstream};

    Json body = JsonObject{{"id", id}};
    add_text(body, "eventID", question->event_id);
    if (question->at) body.set("at", format_time(*question->at));
    JsonArray chains;
    for (const auto& space : question->upstreams) {
        const auto chain = context_.parts.sessions->graph.chain(space, question->key_id, question->at);
        if (chain.links.empty() && chain.origin.gap.empty()) continue;
        chains.push_back(chain_json(chain, space, **scope));
    }
    if (chains.empty())
        return std::unexpected(V1Error{.status = 404,
                                       .code = "NotFound",
                                       .message = question->key_id.empty()
                                                      ? "event " + id + " was made without a key"
                                                      : "nothing is known of key " + question->key_id,
                                       .field = {}});
    body.set("chains", std::move(chains));
    return to_text(body);
}

/// An event id if there is such an event that the caller may see, else a key.
std::expected<WhoCall::Question, V1Error> WhoCall::question_of(const std::string& id, const Scope& scope) const {
    auto query = match::Query::parse("eventID = \"" + id + '"');
    if (!query)
        return std::unexpected(V1Error{.code = "InvalidParameter", .message = query.error().message, .field = "id"});
    auto page = context_.parts.history.search(search_of(scope, std::move(*query), 1));
    if (!page) return std::unexpected(v1_error_of(page.error(), "who"));
    Question question;
    if (page->events.empty()) {
        question.key_id = id;
        question.upstreams = context_.parts.sessions->graph.spaces_of(id);
        return question;
    }
    auto& found = page->events.front();
    const auto view = view_of(found.record);
    if (!view) return std::unexpected(v1_error_of(view.error(), "who"));
    question.event_id = (*view)->event_id;
    question.key_id = (*view)->access_key_id;
    question.at = (*view)->time;
    question.upstreams = {std::string()};
    if (const auto stored = read_event(context_.parts.log, context_.parts.find_dictionary, found.number))
        if (const auto evidence = parse_json(stored->envelope.evidence))
            question.upstreams = {std::string(evidence->text("upstream"))};
    return question;
}

Json WhoCall::chain_json(const session::Chain& chain, const std::string& upstream, const Scope& scope) const {
    const auto& sessions = *context_.parts.sessions;
    JsonArray links;
    bool all_seen = true;
    for (const auto& link : chain.links) {
        const auto account = link.user_identity.text("accountId");
        if (!sees_account(scope, account, sessions)) {
            links.push_back(JsonObject{{"hidden", true}});
            all_seen = false;
            continue;
        }
        Json json = JsonObject{{"accessKeyId", link.key_id}, {"evidence", session::evidence_name(link.evidence)}};
        if (link.from != Time{}) json.set("validFrom", format_time(link.from));
        if (link.to) json.set("validTo", format_time(*link.to));
        if (!link.user_identity.is_null()) json.set("userIdentity", link.user_identity);
        add_text(json, "eventID", link.event_id);
        if (auto tags = parse_json(link.tags)) json.set("tags", std::move(*tags));
        links.push_back(std::move(json));
    }
    Json origin = JsonObject{{"hidden", true}};
    if (all_seen && sees_origin(scope, chain.origin, sessions)) {
        origin = JsonObject{{"type", session::origin_kind_name(chain.origin.kind)}};
        add_text(origin, "name", chain.origin.name);
        add_text(origin, chain.origin.kind == session::Origin::Kind::subject ? "provider" : "arn", chain.origin.arn);
        add_text(origin, "gap", chain.origin.gap);
    }
    return JsonObject{{"upstream", upstream},
                      {"chainLength", static_cast<std::int64_t>(chain.links.size())},
                      {"links", std::move(links)},
                      {"origin", std::move(origin)}};
}

}  // namespace cairn::api
