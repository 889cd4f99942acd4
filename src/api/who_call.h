#pragma once

#include "api/origins.h"
#include "api/v1.h"
#include "base/json.h"

namespace cairn::api {

/// GET /v1/who?id=KEY_OR_EVENT_ID: who is behind a key, and who gave it to them, back to whoever began.
class WhoCall {
public:
    explicit WhoCall(const Context& context) : context_(context) {}

    /// `call` is authenticated. Answers on the pool, since it may read events.
    void handle(CallPointer call) const;

private:
    struct Question;
    std::expected<std::string, V1Error> run(const Call& call, const Json& parameters) const;
    std::expected<Question, V1Error> question_of(const std::string& id, const Scope& scope) const;
    Json chain_json(const session::Chain& chain, const std::string& upstream, const Scope& scope) const;

    const Context& context_;
};

}  // namespace cairn::api
