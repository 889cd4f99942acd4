#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "event/record.h"

namespace cairn {

/// Collects resources without repeating an entry. Keeps its memory from one event to the next. Names without a value
/// ("", "HIDDEN_DUE_TO_SECURITY_REASONS") are left out.
class ResourceList {
public:
    void clear() { entries_.clear(); }
    void add(std::string_view type, std::string_view name);
    std::span<const Resource> entries() const { return entries_; }

private:
    bool is_known(std::string_view type, std::string_view name);
    void rehash(std::size_t slots);

    std::vector<Resource> entries_;
    std::vector<std::uint32_t> slots_;  ///< entry + 1 by hash, in use from `linear_max` entries on
};

}  // namespace cairn
