#include "gateway/table_keys.h"

#include <mutex>

namespace cairn::gateway {

namespace {

constexpr std::size_t tables_max = 10'000;

/// A table may be named by its ARN.
std::string place_of(std::string_view space, std::string_view table) {
    constexpr std::string_view marker = ":table/";
    if (const auto at = table.find(marker); at != std::string_view::npos) table.remove_prefix(at + marker.size());
    return std::string(space) + '\n' + std::string(table);
}

}  // namespace

std::optional<std::vector<std::string>> TableKeys::find(std::string_view space, std::string_view table) const {
    const std::shared_lock lock(mutex_);
    const auto found = keys_.find(place_of(space, table));
    return found == keys_.end() ? std::nullopt : std::optional(found->second);
}

void TableKeys::learn(std::string_view space, const Json& description) {
    const auto* schema = description.find("keySchema");
    if (!schema || !schema->is_array() || description.text("tableName").empty()) return;
    std::vector<std::string> names;
    for (const auto& key : schema->as_array()) names.emplace_back(key.text("attributeName"));
    const std::lock_guard lock(mutex_);
    if (keys_.size() >= tables_max) keys_.erase(keys_.begin());
    keys_.insert_or_assign(place_of(space, description.text("tableName")), std::move(names));
}

}  // namespace cairn::gateway
