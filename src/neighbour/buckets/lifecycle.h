#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace cairn::neighbour {

/// A rule of a bucket's lifecycle: what is below a prefix goes by its age, or on a day (Amazon S3 user guide,
/// "Lifecycle configuration elements"). Exactly one of `days` and `date` is set.
struct LifecycleRule {
    std::string id, prefix;
    bool enabled = true;
    bool filter = true;  ///< the prefix stood in a Filter, not in the rule itself as it once did
    std::optional<std::uint32_t> days;
    std::optional<Time> date;

    bool operator==(const LifecycleRule&) const = default;
};

using Lifecycle = std::vector<LifecycleRule>;

/// When an object goes, and by which rule: the one that comes first in time.
struct Expiry {
    friend bool operator==(const Expiry&, const Expiry&) = default;
    Time at{};
    const LifecycleRule* rule = nullptr;
};

/// When `rule` lets an object go that was put at `modified`: at the midnight (UTC) after its days are over.
Time expiry_of(const LifecycleRule& rule, Time modified);

/// Empty when no enabled rule of `lifecycle`, which outlives the answer, is about the key.
std::optional<Expiry> expiry_of(const Lifecycle& lifecycle, std::string_view key, Time modified);

/// As the rows of buckets hold it.
Json to_json(const Lifecycle& lifecycle);

/// Error: corrupt.
Result<Lifecycle> read_lifecycle(const Json& json);

}  // namespace cairn::neighbour
