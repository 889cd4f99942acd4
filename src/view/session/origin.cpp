#include "view/session/origin.h"

namespace cairn::session {

std::string_view origin_kind_name(Origin::Kind kind) {
    switch (kind) {
        case Origin::Kind::key: return "key";
        case Origin::Kind::person: return "person";
        case Origin::Kind::subject: return "subject";
        case Origin::Kind::service: return "service";
        case Origin::Kind::gap: return "gap";
    }
    return {};
}

}  // namespace cairn::session
