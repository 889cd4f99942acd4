#include "api/control.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/lookup.h"
#include "api/trail_calls.h"
#include "base/utf8.h"
#include "wire/answers.h"
#include "wire/model.h"

namespace cairn::api {

namespace {

using wire::ApiError;
using wire::Protocol;

constexpr std::string_view event_source = "cloudtrail.amazonaws.com";

const wire::Model& model() { return wire::model_of("cloudtrail"); }

bool read_only(std::string_view operation) {
    static constexpr std::string_view verbs[] = {"Describe", "Get", "List", "Lookup", "Search"};
    static constexpr std::string_view queries[] = {"StartQuery", "CancelQuery", "GenerateQuery"};  // change nothing
    return std::ranges::any_of(verbs, [&](auto verb) { return operation.starts_with(verb); }) ||
           std::ranges::find(queries, operation) != std::end(queries);
}

}  // namespace

bool Throttle::admit(const std::string& account, const std::string& region, Time now) {
    if (rate_ <= 0) return true;
    const auto most = std::max(1.0, rate_);
    std::lock_guard lock(mutex_);
    auto& bucket = buckets_.try_emplace({account, region}, Bucket{most, now}).first->second;
    const std::chrono::duration<double> passed = now - bucket.filled;
    bucket.tokens = std::clamp(bucket.tokens + passed.count() * rate_, 0.0, most);
    bucket.filled = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
}

ControlPlane::ControlPlane(const Context& context)
    : context_(context),
      lookups_(context.settings.lookups_per_second),
      lookup_seconds_(context.parts.metrics.histogram("cairn_lookup_seconds",
                                                      "From the parsed request of LookupEvents to its built answer")) {}

ControlPlane::Run ControlPlane::find_run(const wire::Operation& operation) const {
    if (operation.name == "LookupEvents")
        return [this](const Call& call, const Json& input) { return look_up(call, input); };
    const auto* services = context_.parts.trails;
    const auto run = services ? find_trail_operation(operation.name) : nullptr;
    if (!run) return {};
    return [services, run, &operation](const Call& call, const Json& input) -> Answer {
        const auto output = run(*services, call, input);
        if (!output) return std::unexpected(output.error());
        return to_text(operation.output ? model().write(*operation.output, *output) : Json(JsonObject()));
    };
}

ControlPlane::Answer ControlPlane::look_up(const Call& call, const Json& input) const {
    const auto begun = std::chrono::steady_clock::now();
    const auto lookup = read_lookup(input);
    if (!lookup) return std::unexpected(lookup.error());
    auto answer =
        lookup_events(context_.parts, context_.settings, *lookup, call.caller.principal.account, call.caller.region);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begun;
    lookup_seconds_.observe(taken.count());
    return answer;
}

void ControlPlane::handle(CallPointer call) {
    if (auto known = authenticate(context_.parts, *call, {"cloudtrail"}); !known)
        return refuse(std::move(call), known.error());

    const auto name = wire::target_operation(call->request.find("x-amz-target"), model().target_prefix());
    const auto* operation = call->request.method == "POST" ? model().find(name) : nullptr;
    if (!operation) {
        auto message = fmt::format("X-Amz-Target names no operation of CloudTrail: '{}'",
                                   valid_utf8(call->request.find("x-amz-target"), 200));
        return refuse(std::move(call), {"UnknownOperationException", std::move(message)});
    }

    const auto document = read_body(call->request);
    if (!document) return finish(std::move(call), operation->name, nullptr, std::unexpected(document.error()));
    auto input = operation->input ? model().read(*operation->input, *document) : Json(JsonObject());
    if (!input)
        return finish(std::move(call), operation->name, nullptr,
                      std::unexpected(ApiError{"SerializationException", input.error()}));
    if (operation->name == "LookupEvents" &&
        !lookups_.admit(call->caller.principal.account, call->caller.region, call->received))
        return finish(std::move(call), operation->name, &*input,
                      std::unexpected(ApiError{"ThrottlingException", "Rate exceeded"}));
    if (auto allowed =
            authorize(*call, "cloudtrail:" + operation->name, trail_resource(operation->name, *call, *input));
        !allowed)
        return finish(std::move(call), operation->name, nullptr, std::unexpected(allowed.error()));

    auto run = find_run(*operation);
    if (!run)
        return finish(
            std::move(call), operation->name, &*input,
            std::unexpected(ApiError{"UnsupportedOperationException",
                                     fmt::format("{} is not supported by this version of cairn.", operation->name)}));
    run_on_pool(
        asks_elsewhere(operation->name) ? context_.asking_pool : context_.pool, std::move(call),
        [this, operation, run = std::move(run), input = std::move(*input)](CallPointer running) {
            auto result = run(*running, input);
            finish(std::move(running), operation->name, &input, std::move(result));
        },
        [this](CallPointer refused) { refuse(std::move(refused), {"ThrottlingException", "Rate exceeded"}); });
}

void ControlPlane::refuse(CallPointer call, const ApiError& error) {
    auto response = wire::error_answer(Protocol::json, error, call->request_id);
    answer(context_, std::move(call), std::move(response), "cloudtrail");
}

void ControlPlane::finish(CallPointer call, const std::string& operation, const Json* input, Answer result) {
    const bool reads = read_only(operation);
    const Json answered = result && !reads ? parse_json(*result).value_or(Json()) : Json();
    auto response = result ? wire::json_answer(Protocol::json, std::move(*result), call->request_id)
                           : wire::error_answer(Protocol::json, result.error(), call->request_id);
    auto unrecorded =
        wire::error_answer(Protocol::json, {"InternalFailure", "The call could not be recorded."}, call->request_id);
    // A page token is long, of no use to a reader of the record, and different on every page.
    Json parameters;
    if (input)
        for (const auto& [name, value] : input->as_object())
            if (name != "NextToken") parameters.set(name, value);
    const OwnCall own{.event_source = event_source,
                      .event_name = operation,
                      .read_only = reads,
                      .parameters = input ? &parameters : nullptr,
                      .response = answered.as_object().empty() ? nullptr : &answered,
                      .error = result ? nullptr : &result.error()};
    answer_and_record(context_, std::move(call), std::move(response), own, std::move(unrecorded));
}

void TokenService::handle(CallPointer call) {
    const auto& model = wire::model_of("sts");
    const auto refuse = [&](const ApiError& error) {
        auto response = wire::error_answer(Protocol::query, error, call->request_id, &model);
        answer(context_, std::move(call), std::move(response), "sts");
    };
    if (auto known = authenticate(context_.parts, *call, {"sts"}); !known) {
        const bool unsigned_request = known.error().code == "MissingAuthenticationTokenException";
        return refuse(unsigned_request ? ApiError{known.error().code, "Request is missing Authentication Token"}
                                       : known.error());
    }

    std::string action, version;
    for (const auto part : {call->request.query(), std::string_view(call->request.body)})
        for (auto& [name, value] : net::parse_query(part)) {
            if (name == "Action")
                action = std::move(value);
            else if (name == "Version")
                version = std::move(value);
        }
    if (action.empty()) return refuse({"MissingAction", "The request names no Action."});
    const auto* operation = version == model.api_version() ? model.find(action) : nullptr;
    if (!operation)
        return refuse(
            {"InvalidAction", fmt::format("Could not find operation {} for version {}", valid_utf8(action, 200),
                                          version.empty() ? "NO_VERSION_SPECIFIED" : valid_utf8(version, 50))});
    const auto& principal = call->caller.principal;
    const Json output =
        JsonObject{{"UserId", principal.principal_id}, {"Account", principal.account}, {"Arn", principal.arn}};
    auto response = wire::query_answer(model, *operation, output, call->request_id);
    answer_and_record(context_, std::move(call), std::move(response),
                      {.event_source = "sts.amazonaws.com", .event_name = operation->name}, {});
}

}  // namespace cairn::api
