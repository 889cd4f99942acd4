#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "view/session/fact.h"

namespace cairn::session {

inline constexpr Time open_end = Time::max();

/// A key from its first use to its end: an id may have several lives, one after the other.
struct Life {
    Time from{};
    Time to = open_end;  ///< until then it is taken: Expiration and an hour, or when it was deleted
    Time last{};         ///< newest call seen with it
    Evidence evidence = Evidence::used;
    bool begun = false;      ///< `from` is when it was given out
    bool temporary = false;  ///< of a session
    std::string type, name;  ///< of the identity; `name`: userName, or that of the session's issuer if it is a user
    std::string identity;    ///< JSON without accessKeyId; empty: not known
    std::uint64_t arn = 0;   ///< hash of the identity's ARN; 0: it has none
    Parent parent;
    std::string event_id;  ///< of the record that told who it is; empty: told by an answer whose record is not read yet
    std::string tags;      ///< of the session, as JSON

    bool holds(Time at) const { return from <= at && at <= to; }
};

/// As Life::arn.
std::uint64_t hash_of_arn(std::string_view arn);

/// A user or role that a name stands for.
struct Named {
    std::string id, arn;
    Time last{};
};

struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

/// The lives of keys, by space and id. Lives of a key follow each other in time; there is at least one.
class Keys {
public:
    using Lives = std::vector<Life>;
    using Space = std::unordered_map<std::string, Lives, Hash, std::equal_to<>>;

    /// Null: the key is not known.
    Lives* find(std::string_view space, std::string_view id);
    const Lives* find(std::string_view space, std::string_view id) const {
        return const_cast<Keys*>(this)->find(space, id);
    }

    /// Made when there are none: at least one is to be added then.
    Lives& make(std::string_view space, std::string_view id);

    /// Of a space; null when no key of it is known.
    Space* find_space(std::string_view space);

    const std::map<std::string, Space, std::less<>>& spaces() const { return spaces_; }
    std::size_t size() const { return size_; }

    /// Forgets what was not seen for longest, sessions first, until `kept` are left, in spaces that have more than
    /// `share` keys. Returns how many were forgotten.
    std::size_t forget(std::size_t kept, std::size_t share);

private:
    std::map<std::string, Space, std::less<>> spaces_;
    std::size_t size_ = 0;
};

/// Everything that is known, without locks. Keys of users and roles are "SPACE\nACCOUNT\nNAME".
struct Tables {
    Keys keys;
    std::map<std::string, Named, std::less<>> users, roles;
};

std::string key_of(std::string_view space, std::string_view account, std::string_view name);

/// The life that a call at `at` belongs to; null when there is none.
const Life* life_at(const std::vector<Life>& lives, Time at);

/// Takes what a call tells over into `tables`; no lock is taken.
void apply(Tables& tables, const Observation& call, const Facts& facts);

/// `life`'s identity with what is known of its user or role by now; null when nothing is known.
Json identity_of(const Tables& tables, std::string_view space, const Life& life);

/// Forgets what was not seen for longest, sessions first, when there are more than `keys_max` keys, or names of a kind:
/// keys of spaces that have more than their share. Returns how many keys were forgotten.
std::size_t forget(Tables& tables, std::size_t keys_max);

}  // namespace cairn::session
