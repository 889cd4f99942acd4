#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "seam/disk.h"
#include "view/session/life.h"

namespace cairn::session {

/// Writes the file of the session graph, docs/format/session_graph.md: keys in order, then users, then roles. The first
/// error of `write` ends it: the rest is not written, and finish() tells.
class TablesWriter {
public:
    TablesWriter(std::uint64_t position, const WriteBytes& write);
    void add_key(std::string_view space, std::string_view id, const std::vector<Life>& lives);
    void add_user(std::string_view key, const Named& user) { add_named("user", key, user); }
    void add_role(std::string_view key, const Named& role) { add_named("role", key, role); }
    void flush();  ///< writes what was added
    Result<void> finish();

private:
    void add_named(std::string_view member, std::string_view key, const Named& named);
    void add_life(std::string_view key, const Life& life);

    const WriteBytes& write_;
    std::string out_;  // not written yet
    std::uint32_t crc_ = 0;
    Result<void> written_;
};

/// Returns the position. Errors: corrupt; invalid, written by a newer version.
Result<std::uint64_t> load_tables(std::string_view text, Tables& tables);

}  // namespace cairn::session
