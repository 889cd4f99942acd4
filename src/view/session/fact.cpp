#include "view/session/fact.h"

namespace cairn::session {

std::string_view evidence_name(Evidence evidence) {
    switch (evidence) {
        case Evidence::used: return "used";
        case Evidence::gateway_record: return "gatewayRecord";
        case Evidence::refusal: return "refusal";
        case Evidence::caller_identity: return "callerIdentity";
        case Evidence::answer: return "answer";
        case Evidence::trail_record: return "trailRecord";
    }
    return {};
}

}  // namespace cairn::session
