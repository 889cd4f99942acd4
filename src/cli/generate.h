#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace cairn::cli {

/// Made-up CloudTrail records that look real: people, roles, services, addresses and failures of a middle-sized
/// company.
struct GenerateOptions {
    std::uint64_t count = 1000;
    std::uint64_t seed = 1;
    Time from{}, to{};                  ///< events are spread from the one to the other, busier in working hours
    std::vector<std::string> accounts;  ///< twelve digits each; the first gets most events
};

/// Calls `use` for each record in order of time, each one JSON object without a line end. The same options give the
/// same records; eventIDs are unique within one set of options and differ between different ones. The first account has
/// everything that the README's first commands ask for, each several times if `count` is 200 or more.
void generate(const GenerateOptions& options, const std::function<void(std::string_view record)>& use);

}  // namespace cairn::cli
