#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/time.h"
#include "match/key_window.h"
#include "view/session/fact.h"

namespace cairn::session {

/// One key on the way back to who began.
struct Link {
    std::string key_id;
    Time from{};
    std::optional<Time> to;  ///< empty: it has not ended
    Json user_identity;      ///< with accessKeyId; null: not known
    Evidence evidence = Evidence::used;
    std::string event_id;  ///< of the record that told; may be empty
    std::string tags;      ///< of the session, JSON; may be empty
};

/// Who began: what the chain of a key ends in. Nothing of it is guessed: what is not known is a gap.
struct Origin {
    enum class Kind : unsigned char {
        key,      ///< a long-term key of a user or the root user
        person,   ///< likewise, but which of their keys it was is not known
        subject,  ///< somebody whom another provider vouches for
        service,  ///< a service on its own behalf
        gap,      ///< not known
    };
    Kind kind = Kind::gap;
    std::string name;  ///< of the user, subject or service; "root"
    std::string arn;   ///< of the user, or of the provider
    std::string gap;   ///< what is missing, in words; may be there beside every kind but `key`
};
std::string_view origin_kind_name(Origin::Kind kind);

struct Chain {
    std::vector<Link> links;  ///< first the key that was asked for, last the oldest
    Origin origin;
};

using match::KeyWindow;

/// True for somebody who is looked for. Never asked of a gap.
using IsMeant = std::function<bool(const Origin& origin)>;

}  // namespace cairn::session
