#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/context.h"
#include "api/event_json.h"
#include "base/json.h"

namespace cairn::api {

/// An error of /ingest and /v1/ (docs/api.md, "Errors of cairn's own calls").
struct V1Error {
    int status = 400;
    std::string code;  ///< "InvalidParameter", "AccessDenied", ...
    std::string message;
    std::string field;                      ///< the member or field of the query that is wrong; may be empty
    std::optional<std::size_t> position{};  ///< in the query
    int retry_after_seconds = 0;            ///< 0: none
    std::string allow{};                    ///< of a 405: the methods that are taken
};

net::Response v1_error(const V1Error& error, std::string_view request_id);

/// For a call with another method than those of `allow` ("GET, HEAD").
V1Error v1_other_method(std::string allow);

/// For a path where nothing is.
net::Response v1_nothing(std::string_view request_id);

/// For a call that found all workers and their queue taken: 503, to be tried again.
net::Response v1_busy(std::string_view request_id);
net::Response v1_answer(std::string body, std::string_view request_id);

/// The error for one of the AWS protocols' (401 when nobody is known, 403 when somebody may not), and for one inside.
V1Error v1_error_of(const wire::ApiError& error);
V1Error v1_error_of(const Error& error, std::string_view doing);

/// That for a request that the server did not hand on.
V1Error v1_refusal(int status, const wire::ApiError& error);

/// Reads the members of a request, remembering the first that is wrong. Unknown members are wrong: a misspelt filter
/// must not widen a search.
class Members {
public:
    Members(const Json& body, std::initializer_list<std::string_view> known);

    bool has(std::string_view name) const { return find(name); }
    std::string text(std::string_view name);
    std::vector<std::string> texts(std::string_view name);  ///< one text or an array of them, not an empty one
    std::uint64_t number(std::string_view name, std::uint64_t otherwise, std::uint64_t least, std::uint64_t most);
    bool flag(std::string_view name);

    /// ISO 8601, seconds since 1970, or a duration before `now` ("15m").
    std::optional<Time> time(std::string_view name, Time now);

    /// A number of seconds or a duration ("30s"), in milliseconds.
    std::chrono::milliseconds duration(std::string_view name, std::chrono::milliseconds otherwise,
                                       std::chrono::milliseconds most);

    match::Query query(std::string_view name, const match::FindOrigins& origins = {});
    SummaryFields fields(std::string_view name);

    void wrong(std::string_view name, std::string message);
    const std::optional<V1Error>& error() const { return error_; }

private:
    const Json* find(std::string_view name) const { return body_.find(name); }

    const Json& body_;
    std::optional<V1Error> error_;
};

/// The parameters of a query string as a body.
Json query_parameters(std::string_view query);

/// Authenticates with signing name `cairn` and compiles what the caller may see with `action`, narrowed to what the
/// request asks for. The error is also that of a caller who may see nothing.
struct Reach {
    std::vector<std::string> accounts, regions;  ///< empty: all
};
std::expected<std::shared_ptr<const Scope>, V1Error> readable(const Call& call, const std::string& action,
                                                              const Reach& reach = {});

/// POST /v1/search, /v1/values, /v1/count; GET /v1/events/ID.
class SearchCalls {
public:
    explicit SearchCalls(const Context& context) : context_(context) {}

    /// `call` is authenticated; `path` is what follows /v1/.
    void handle(CallPointer call, std::string path);

private:
    struct Outcome {
        std::expected<std::string, V1Error> body;
        std::string_view event_name;
        Json parameters;
    };
    Outcome run(const Call& call, const std::string& path) const;
    std::expected<std::string, V1Error> search(const Call& call, const Json& body) const;
    std::expected<std::string, V1Error> values(const Call& call, const Json& body) const;
    std::expected<std::string, V1Error> count(const Call& call, const Json& body) const;
    std::expected<std::string, V1Error> event(const Call& call, const std::string& id) const;
    void finish(CallPointer call, Outcome outcome) const;

    const Context& context_;
};

}  // namespace cairn::api
