#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace cairn::match {

/// When an access key was in somebody's hands. Times are inclusive.
struct KeyWindow {
    std::string key_id;
    Time from{}, to{};
};

/// The keys behind which somebody stands of whom `is_meant` accepts a name, in the order of their ids. Asked once for
/// each term of a search that is about origins. The error is for the reader of the search: too many keys, for instance.
using FindOrigins = std::function<std::expected<std::vector<KeyWindow>, std::string>(
    const std::function<bool(std::string_view name)>& is_meant)>;

}  // namespace cairn::match
