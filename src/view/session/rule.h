#pragma once

#include <string>

#include "base/json.h"
#include "view/session/fact.h"

namespace cairn::session {

/// What the rules for one successful call work with: a rule adds what the call tells to `facts`.
struct Rule {
    const Observation& call;
    const Json& request;
    const Json& answer;
    Facts& facts;

    std::string account() const;   ///< whose call it was; may be empty
    Parent caller() const;         ///< who called, as the one who asked for a key
    bool caller_is_known() const;  ///< their identity names somebody
    void add_key(KeyFact fact) const;
};

}  // namespace cairn::session
