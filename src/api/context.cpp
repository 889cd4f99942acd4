#include "api/context.h"

#include <chrono>

#include "base/uuid.h"

namespace cairn::api {

namespace {

Counter& answered(const Parts& parts, const std::string& operation, int status) {
    return parts.metrics.counter("cairn_api_calls_total", "Calls answered, by operation and status",
                                 {{"operation", operation}, {"status", std::to_string(status)}});
}

void count(const Context& context, const Call& call, const net::Response& response, std::string_view operation) {
    CallMetrics(context.parts, std::string(operation)).count(call, response);
}

}  // namespace

CallMetrics::CallMetrics(const Parts& parts, std::string operation)
    : parts_(parts),
      operation_(std::move(operation)),
      good_(answered(parts, operation_, 200)),
      seconds_(
          parts.metrics.histogram("cairn_api_call_seconds", "From request to answer", {{"operation", operation_}})) {}

void CallMetrics::count(const Call& call, const net::Response& response) const {
    (response.status == 200 ? good_ : answered(parts_, operation_, response.status)).add();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - call.begun;
    seconds_.observe(taken.count());
}

void answer(const Context& context, CallPointer call, net::Response response, std::string_view operation) {
    count(context, *call, response, operation);
    call->responder->send(std::move(response));
}

void answer_and_record(const Context& context, CallPointer call, net::Response response, const OwnCall& own,
                       net::Response unrecorded) {
    if (!context.settings.record_calls) return answer(context, std::move(call), std::move(response), own.event_name);

    auto record = render_own_call(*call, own, format_uuid(random_uuid()));
    count(context, *call, response, own.event_name);
    if (own.read_only || own.answer_first) {
        context.own_calls.record(std::move(record),
                                 [responder = std::move(call->responder), response = std::move(response)]() mutable {
                                     responder->send(std::move(response));
                                 });
        return;
    }
    const bool failed = own.error != nullptr;
    auto responder = std::shared_ptr<net::Responder>(std::move(call->responder));
    context.own_calls.record_before_answer(
        std::move(record), [responder, failed, response = std::move(response),
                            unrecorded = std::move(unrecorded)](Result<void> recorded) mutable {
            responder->send(recorded || failed ? std::move(response) : std::move(unrecorded));
        });
}

}  // namespace cairn::api
