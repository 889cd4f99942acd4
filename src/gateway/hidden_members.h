#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace cairn::gateway {

/// Members whose values are to stand in no record, beyond those that the facts hide: an operator's own list.
class HiddenMembers {
public:
    HiddenMembers() = default;

    /// "NAME", a member's name as records have it, wherever it is and whatever its case, or "SERVICE:NAME" in records
    /// of SERVICE.amazonaws.com only. Error: invalid, naming the entry.
    static Result<HiddenMembers> parse(const std::vector<std::string>& entries);

    bool empty() const { return entries_.empty(); }

    /// `shown`, of a call of `event_source`, with HIDDEN_DUE_TO_SECURITY_REASONS in the place of such values.
    Json hide(Json shown, std::string_view event_source) const;

private:
    struct Entry {
        std::string event_source;  // empty: any
        std::string name;
    };
    bool hides(std::string_view event_source, std::string_view name) const;
    void hide_in(Json& value, std::string_view event_source) const;

    std::vector<Entry> entries_;
};

}  // namespace cairn::gateway
