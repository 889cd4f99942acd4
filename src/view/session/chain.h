#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "view/session/life.h"
#include "view/session/origin.h"

namespace cairn::session {

/// Graph::chain() and keys_of() over tables that nobody changes meanwhile.
Chain chain_of(const Tables& tables, std::string_view space, std::string_view key_id, std::optional<Time> at);
std::vector<KeyWindow> keys_of(const Tables& tables, const IsMeant& is_meant, Time from, Time to);

}  // namespace cairn::session
