#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/v1.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/utf8.h"

namespace cairn::api {

net::Response v1_error(const V1Error& error, std::string_view request_id) {
    Json inner = JsonObject{{"code", error.code}, {"message", valid_utf8(error.message)}};
    if (!error.field.empty()) inner.set("field", valid_utf8(error.field));
    if (error.position) inner.set("position", static_cast<std::int64_t>(*error.position));
    inner.set("requestId", request_id);
    net::Response response{.status = error.status,
                           .headers = {{"x-amzn-RequestId", std::string(request_id)},
                                       {"Content-Type", "application/json"},
                                       {"Cache-Control", "no-store"}},
                           .body = {}};
    if (error.retry_after_seconds > 0) {
        inner.set("retryAfterMs", std::int64_t{error.retry_after_seconds} * 1000);
        response.headers.emplace_back("Retry-After", std::to_string(error.retry_after_seconds));
    }
    if (!error.allow.empty()) response.headers.emplace_back("Allow", error.allow);
    response.body = to_text(JsonObject{{"error", std::move(inner)}});
    return response;
}

V1Error v1_other_method(std::string allow) {
    return {.status = 405,
            .code = "MethodNotAllowed",
            .message = fmt::format("this takes {} only", allow),
            .field = {},
            .allow = std::move(allow)};
}

net::Response v1_nothing(std::string_view request_id) {
    return v1_error({.status = 404, .code = "NotFound", .message = "there is nothing at this path", .field = {}},
                    request_id);
}

net::Response v1_busy(std::string_view request_id) {
    return v1_error(
        {.status = 503, .code = "Busy", .message = "too many calls are waiting", .field = {}, .retry_after_seconds = 1},
        request_id);
}

net::Response v1_answer(std::string body, std::string_view request_id) {
    return {.status = 200,
            .headers = {{"x-amzn-RequestId", std::string(request_id)},
                        {"Content-Type", "application/json"},
                        {"Cache-Control", "no-store"}},
            .body = std::move(body)};
}

V1Error v1_error_of(const wire::ApiError& error) {
    auto code = error.code;
    if (code.ends_with("Exception")) code.resize(code.size() - std::string_view("Exception").size());
    if (error.code == "ServiceUnavailable")
        return {.status = 503, .code = "Unavailable", .message = error.message, .field = {}, .retry_after_seconds = 5};
    const bool known_caller = error.code == "AccessDeniedException";
    return {.status = known_caller ? 403 : 401, .code = std::move(code), .message = error.message, .field = {}};
}

V1Error v1_error_of(const Error& error, std::string_view doing) {
    switch (error.code) {
        case Code::invalid: return {.status = 400, .code = "InvalidParameter", .message = error.message, .field = {}};
        case Code::not_found: return {.status = 404, .code = "NotFound", .message = error.message, .field = {}};
        case Code::exhausted:
            return {
                .status = 429, .code = "Exhausted", .message = error.message, .field = {}, .retry_after_seconds = 30};
        case Code::unavailable:
            return {
                .status = 503, .code = "Unavailable", .message = error.message, .field = {}, .retry_after_seconds = 5};
        default: break;
    }
    log_warning("call failed", {{"doing", doing}, {"code", code_name(error.code)}, {"error", error.message}});
    return {.status = 500,
            .code = "InternalFailure",
            .message = "the request failed because of an internal error; the log of the server says more",
            .field = {}};
}

V1Error v1_refusal(int status, const wire::ApiError& error) {
    const auto code = status == 413   ? "BodyTooLarge"
                      : status == 408 ? "Timeout"
                      : status == 503 ? "Busy"
                                      : "MalformedRequest";
    return {.status = status,
            .code = code,
            .message = error.message,
            .field = {},
            .retry_after_seconds = status == 503 ? 1 : 0};
}

Members::Members(const Json& body, std::initializer_list<std::string_view> known) : body_(body) {
    if (!body.is_object()) {
        wrong("", "the body is not a JSON object");
        return;
    }
    for (const auto& [name, value] : body.as_object())
        if (std::ranges::find(known, std::string_view(name)) == known.end())
            wrong(name, fmt::format("unknown member {}; known are: {}", name.substr(0, 100), fmt::join(known, ", ")));
}

void Members::wrong(std::string_view name, std::string message) {
    if (!error_)
        error_ = V1Error{
            .status = 400, .code = "InvalidParameter", .message = std::move(message), .field = std::string(name)};
}

std::string Members::text(std::string_view name) {
    const auto* member = find(name);
    if (!member) return {};
    if (!member->is_string()) wrong(name, fmt::format("{} is not a text", name));
    return member->as_string();
}

std::vector<std::string> Members::texts(std::string_view name) {
    std::vector<std::string> all;
    const auto* member = find(name);
    if (!member) return all;
    if (member->is_string()) {
        // In a query string a list is separated by commas.
        std::string_view rest = member->as_string();
        while (!rest.empty()) {
            const auto comma = std::min(rest.find(','), rest.size());
            if (comma > 0) all.emplace_back(rest.substr(0, comma));
            rest.remove_prefix(std::min(comma + 1, rest.size()));
        }
        if (all.empty()) wrong(name, fmt::format("{} names nothing", name));
        return all;
    }
    for (const auto& item : member->as_array()) {
        if (!item.is_string()) wrong(name, fmt::format("{} holds something that is not a text", name));
        all.push_back(item.as_string());
    }
    if (!member->is_array()) wrong(name, fmt::format("{} is neither a text nor an array of texts", name));
    if (all.empty()) wrong(name, fmt::format("{} names nothing", name));
    return all;
}

std::uint64_t Members::number(std::string_view name, std::uint64_t otherwise, std::uint64_t least, std::uint64_t most) {
    const auto* member = find(name);
    if (!member) return otherwise;
    std::uint64_t value = 0;
    bool good = member->is_integer() && member->as_integer() >= 0;
    if (good) {
        value = static_cast<std::uint64_t>(member->as_integer());
    } else if (member->is_string()) {
        const auto& text = member->as_string();
        const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        good = error == std::errc() && at == text.data() + text.size();
    }
    if (!good || value < least || value > most)
        wrong(name, fmt::format("{} is not a whole number from {} to {}", name, least, most));
    return value;
}

bool Members::flag(std::string_view name) {
    const auto* member = find(name);
    if (!member) return false;
    if (member->is_bool()) return member->as_bool();
    const auto& value = member->as_string();
    if (value != "true" && value != "false" && value != "1" && value != "0")
        wrong(name, fmt::format("{} is neither true nor false", name));
    return value == "true" || value == "1";
}

std::optional<Time> Members::time(std::string_view name, Time now) {
    const auto* member = find(name);
    if (!member) return std::nullopt;
    const auto from_seconds = [&](double seconds) -> std::optional<Time> {
        if (std::isfinite(seconds) && std::abs(seconds) < 253402300800.0)
            return from_milliseconds(std::llround(seconds * 1000));
        wrong(name, fmt::format("{} is out of range", name));
        return std::nullopt;
    };
    if (member->is_number()) return from_seconds(member->as_number());
    const auto& text = member->as_string();
    if (const auto moment = parse_moment(text, now)) return moment;
    if (const auto before = parse_duration(text)) return now - *before;
    double seconds = 0;
    const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (!text.empty() && error == std::errc() && at == text.data() + text.size()) return from_seconds(seconds);
    wrong(name,
          fmt::format("{} is neither a time as 2026-11-21T16:00:00Z, nor seconds since 1970, nor a duration as 15m",
                      name));
    return std::nullopt;
}

std::chrono::milliseconds Members::duration(std::string_view name, std::chrono::milliseconds otherwise,
                                            std::chrono::milliseconds most) {
    const auto* member = find(name);
    if (!member) return otherwise;
    std::optional<std::chrono::milliseconds> value;
    const auto in_seconds = [&](double seconds) {
        if (seconds >= 0 && seconds < 1e9) value = std::chrono::milliseconds(std::llround(seconds * 1000));
    };
    if (member->is_number()) {
        in_seconds(member->as_number());
    } else if (const auto& text = member->as_string(); !(value = parse_duration(text))) {
        double seconds = 0;
        const auto [at, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (!text.empty() && error == std::errc() && at == text.data() + text.size()) in_seconds(seconds);
    }
    if (value && *value <= most) return *value;
    wrong(name, fmt::format("{} is not a duration as 30s or a number of seconds up to {}", name, most.count() / 1000));
    return otherwise;
}

match::Query Members::query(std::string_view name, const match::FindOrigins& origins) {
    auto query = match::Query::parse(text(name), origins);
    if (query) return std::move(*query);
    if (!error_)
        error_ = V1Error{.status = 400,
                         .code = "InvalidQuery",
                         .message = query.error().message,
                         .field = query.error().field.empty() ? std::string(name) : query.error().field,
                         .position = query.error().position};
    return std::move(*match::Query::parse(""));
}

SummaryFields Members::fields(std::string_view name) {
    if (!find(name)) return SummaryFields::standard();
    std::string unknown;
    const auto fields = SummaryFields::of(texts(name), &unknown);
    if (!fields) wrong(name, fmt::format("unknown field {}", unknown.substr(0, 100)));
    return fields.value_or(SummaryFields::standard());
}

Json query_parameters(std::string_view query) {
    Json body = JsonObject();
    for (auto& [name, value] : net::parse_query(query)) body.set(name, std::move(value));
    return body;
}

std::expected<std::shared_ptr<const Scope>, V1Error> readable(const Call& call, const std::string& action,
                                                              const Reach& reach) {
    const auto& principal = call.caller.principal;
    auto scope = identity::scope_of(principal, action, call.request.peer_address);
    if (scope->admits_nothing()) return std::unexpected(v1_error_of(access_denied(call, action, "*", false)));
    if (reach.accounts.empty() && reach.regions.empty()) return scope;
    Scope asked;
    asked.allow({.accounts = reach.accounts, .regions = reach.regions});
    return std::make_shared<const Scope>(scope->intersected(asked));
}

}  // namespace cairn::api
