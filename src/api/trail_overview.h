#pragma once

#include "api/context.h"
#include "api/trail_services.h"
#include "api/v1.h"

namespace cairn::api {

/// GET /v1/trails: every trail whose home, or a region in which it shows itself, the caller may see, with what was
/// delivered last.
class TrailOverviewCall {
public:
    explicit TrailOverviewCall(const Context& context) : context_(context) {}

    /// `call` is authenticated. Answers on the pool, since it reads the meta store.
    void handle(CallPointer call) const;

private:
    std::expected<std::string, V1Error> run(const Call& call, const Json& parameters) const;

    const Context& context_;
};

}  // namespace cairn::api
