#include "api/api.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "api/audit_call.h"
#include "api/context.h"
#include "api/control.h"
#include "api/ingest_call.h"
#include "api/live.h"
#include "api/live_calls.h"
#include "api/s3_view.h"
#include "api/server_timing.h"
#include "api/trail_overview.h"
#include "api/v1.h"
#include "api/who_call.h"
#include "base/uuid.h"
#include "net/http_server.h"
#include "wire/answers.h"
#include "wire/model.h"

namespace cairn::api {

namespace {

constexpr std::size_t body_bytes_max = 1 << 20;
constexpr std::string_view v1 = "/v1/";

enum class Service { control, audit, tokens, ingest, own, s3, metrics, health, ready, none };

bool has_form_body(const net::Request& request) {
    return request.find("content-type").starts_with("application/x-www-form-urlencoded");
}

// By credential-scope service, then X-Amz-Target, then reserved first segments of the path.
Service service_of(const net::Request& request) {
    const auto claimed = claimed_service(request);
    const auto path = request.path();
    if (claimed == "cloudtrail") return Service::control;
    if (claimed == "cloudtrail-data") return Service::audit;
    if (claimed == "sts") return Service::tokens;
    if (claimed == "s3") return Service::s3;
    if (claimed.empty() && !request.find("x-amz-target").empty()) return Service::control;
    if (path == "/ingest") return Service::ingest;
    if (path.starts_with(v1)) return Service::own;
    if (path == "/metrics") return Service::metrics;
    if (path == "/healthz") return Service::health;
    if (path == "/readyz") return Service::ready;
    if (path == "/PutAuditEvents") return Service::audit;
    // A request for a service that is not here fails at authentication, in the protocol of its form.
    if (path == "/" && request.method == "POST") return has_form_body(request) ? Service::tokens : Service::control;
    // An unsigned request may read a public bucket.
    return claimed.empty() ? Service::s3 : Service::none;
}

net::Response plain(int status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
    return {.status = status,
            .headers = {{"Content-Type", std::string(type)}, {"Cache-Control", "no-store"}},
            .body = std::move(body)};
}

/// What the server refused before anybody could look at it, as AWS names it (AWS General Reference, "Common errors").
std::string_view refusal_code(int status) {
    switch (status) {
        case 408: return "RequestTimeoutException";
        case 413: return "RequestEntityTooLargeException";
        case 503: return "ServiceUnavailable";
        default: return "MalformedHttpRequestException";
    }
}

}  // namespace

/// Counts what was handed to ingest and is not answered yet.
class Submitted {
public:
    Parts counting(const Parts& parts) {
        auto copy = parts;
        copy.submit = [this, submit = parts.submit](std::shared_ptr<const std::string> buffer,
                                                    std::vector<std::string_view> texts, ingest::Writer writer,
                                                    ingest::Ingest::Done done) {
            {
                std::lock_guard lock(mutex_);
                ++open_;
            }
            submit(std::move(buffer), std::move(texts), std::move(writer),
                   [this, done = std::move(done)](Result<ingest::Receipt> receipt) mutable {
                       // What `done` holds must be gone, too, before nothing is open.
                       std::exchange(done, nullptr)(std::move(receipt));
                       std::lock_guard lock(mutex_);
                       if (--open_ == 0) none_open_.notify_all();
                   });
        };
        return copy;
    }

    /// Its destructor waits until all is answered.
    struct Waiter {
        Submitted& submitted;
        ~Waiter() {
            std::unique_lock lock(submitted.mutex_);
            submitted.none_open_.wait(lock, [&] { return submitted.open_ == 0; });
        }
    };

private:
    std::mutex mutex_;
    std::condition_variable none_open_;
    std::size_t open_ = 0;  // guarded by mutex_
};

struct Api::State {
    State(Parts given, Settings chosen)
        : parts(std::move(given)),
          settings(chosen),
          own_calls(parts, settings),
          context{counted, settings, own_calls, pool, asking_pool},
          control(context),
          tokens(context),
          audit(context),
          ingest(context),
          searches(context),
          live_calls(context, live),
          trail_overview(context),
          who(context),
          s3(context),
          log_end_at_start(parts.log.end()),
          live(parts, settings),
          pool(settings.workers, settings.jobs_max),
          asking_pool(settings.asking_workers, settings.jobs_max) {
        const auto counts = live.counts();
        parts.metrics.gauge("cairn_api_streams", "Open GET /v1/tail",
                            [counts] { return static_cast<double>(counts->streams); });
        parts.metrics.gauge("cairn_api_waits", "Open /v1/wait",
                            [counts] { return static_cast<double>(counts->waits); });
    }

    net::Response readiness() const;
    net::Response page(Service service, std::string_view method) const;
    void own(CallPointer call);

    // Members below are destroyed first: the pools end their jobs, then what they submitted is answered, then live ends
    // its waits; only then the endpoints that all of these answer through go.
    const Parts parts;
    const Settings settings;
    Submitted submitted;
    const Parts counted = submitted.counting(parts);
    OwnCalls own_calls;
    const Context context;
    ControlPlane control;
    TokenService tokens;
    AuditCall audit;
    IngestCall ingest;
    SearchCalls searches;
    LiveCalls live_calls;
    TrailOverviewCall trail_overview;
    WhoCall who;
    S3View s3;
    const std::uint64_t log_end_at_start;
    Live live;
    Submitted::Waiter answered{submitted};
    WorkerPool pool, asking_pool;
};

net::Response Api::State::readiness() const {
    if (parts.history.covered() < log_end_at_start)
        return plain(
            503, fmt::format("history is being built: {} of {} events\n", parts.history.covered(), log_end_at_start));
    if (const auto taken = parts.log.admit(1); !taken)
        return plain(503, fmt::format("the log takes no events: {}\n", taken.error().message));
    return plain(200, "ready\n");
}

/// What is for everybody.
net::Response Api::State::page(Service service, std::string_view method) const {
    if (method != "GET" && method != "HEAD") {
        auto refused = plain(405, "this takes GET and HEAD only\n");
        refused.headers.emplace_back("Allow", "GET, HEAD");
        return refused;
    }
    if (service == Service::metrics)
        return plain(200, parts.metrics.render(), "text/plain; version=0.0.4; charset=utf-8");
    return service == Service::ready ? readiness() : plain(200, "ok\n");
}

void Api::State::own(CallPointer call) {
    call->responder = with_server_timing(std::move(call->responder), call->begun);
    const auto refuse = [&](const V1Error& error) {
        auto response = v1_error(error, call->request_id);
        answer(context, std::move(call), std::move(response), "v1");
    };
    if (auto known = authenticate(parts, *call, {"cairn"}, false, true); !known)
        return refuse(v1_error_of(known.error()));
    auto path = std::string(call->request.path().substr(v1.size()));
    if (path == "tail") return live_calls.tail(std::move(call));
    if (path == "wait") return live_calls.wait(std::move(call));
    const bool posted = path == "search" || path == "values" || path == "count";
    const bool got = path.starts_with("events/") || path == "trails" || (path == "who" && parts.sessions);
    if (!posted && !got)
        return refuse(
            {.status = 404, .code = "NotFound", .message = "there is no /v1/" + path.substr(0, 100), .field = {}});
    if (call->request.method != (posted ? "POST" : "GET")) return refuse(v1_other_method(posted ? "POST" : "GET"));
    if (path == "trails") return trail_overview.handle(std::move(call));
    if (path == "who") return who.handle(std::move(call));
    searches.handle(std::move(call), std::move(path));
}

Api::Api(Parts parts, Settings settings) : state_(std::make_unique<State>(std::move(parts), settings)) {}

Api::~Api() { state_->live.end(); }

void Api::handle(net::Request request, std::unique_ptr<net::Responder> responder) {
    auto call = std::make_unique<Call>(Call{.request = std::move(request),
                                            .responder = std::move(responder),
                                            .request_id = format_uuid(random_uuid()),
                                            .received = state_->parts.clock.now(),
                                            .begun = std::chrono::steady_clock::now(),
                                            .caller = {}});
    const auto service = service_of(call->request);
    switch (service) {
        case Service::control: return state_->control.handle(std::move(call));
        case Service::audit: return state_->audit.handle(std::move(call));
        case Service::tokens: return state_->tokens.handle(std::move(call));
        case Service::ingest: return state_->ingest.handle(std::move(call));
        case Service::own: return state_->own(std::move(call));
        case Service::s3:
            if (state_->parts.s3) return state_->s3.handle(std::move(call));
            break;
        case Service::metrics:
        case Service::health:
        case Service::ready: return call->responder->send(state_->page(service, call->request.method));
        case Service::none: break;
    }
    auto response = v1_nothing(call->request_id);
    answer(state_->context, std::move(call), std::move(response), "none");
}

std::size_t Api::body_limit(const net::Request& head) const {
    return service_of(head) == Service::ingest ? state_->settings.ingest_body_bytes_max : body_bytes_max;
}

net::Response Api::refusal(const net::Request& head, int status, std::string_view text) const {
    const auto request_id = format_uuid(random_uuid());
    const auto code = refusal_code(status);
    const wire::ApiError error{std::string(code), std::string(text)};
    switch (head.method.empty() ? Service::none : service_of(head)) {
        case Service::control: return wire::error_answer(wire::Protocol::json, error, request_id);
        case Service::audit: return wire::error_answer(wire::Protocol::rest_json, error, request_id);
        case Service::tokens:
            return wire::error_answer(wire::Protocol::query, error, request_id, &wire::model_of("sts"));
        case Service::ingest:
        case Service::own: return v1_error(v1_refusal(status, error), request_id);
        case Service::s3:
            if (state_->parts.s3) return S3View::refusal(head, status, text, request_id);
            break;
        default: break;
    }
    auto response = net::plain_refusal(head, status, text);
    response.headers.emplace_back("x-amzn-RequestId", request_id);
    return response;
}

void Api::end_streams() { state_->live.end(); }

}  // namespace cairn::api
