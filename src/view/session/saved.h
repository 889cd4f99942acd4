#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "view/session/life.h"

namespace cairn::session {

/// Writes the file of the session graph, docs/format/session_graph.md: keys in order, then users, then roles.
class TablesWriter {
public:
    /// `lives`: how many there may be, so that tens of megabytes are not copied while they grow.
    TablesWriter(std::uint64_t position, std::size_t lives);
    void add_key(std::string_view key, const std::vector<Life>& lives);
    void add_user(std::string_view key, const Named& user) { add_named("user", key, user); }
    void add_role(std::string_view key, const Named& role) { add_named("role", key, role); }
    std::string finish();

private:
    void add_named(std::string_view member, std::string_view key, const Named& named);
    void add_life(std::string_view key, const Life& life);

    std::string out_;
};

/// Returns the position. Errors: corrupt; invalid, written by a newer version.
Result<std::uint64_t> load_tables(std::string_view text, Tables& tables);

}  // namespace cairn::session
