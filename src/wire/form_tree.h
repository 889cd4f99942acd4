#pragma once

#include <map>
#include <string>
#include <string_view>

#include "wire/call_head.h"

namespace cairn::wire {

/// Keys in the order in which lists are numbered: 2 before 10, numbers before names.
struct FormKeyLess {
    using is_transparent = void;
    bool operator()(std::string_view one, std::string_view other) const;
};

/// The parameters of the query protocol as a tree: their names are split at dots ("Tag.1.Key").
struct FormNode {
    std::string value;
    std::map<std::string, FormNode, FormKeyLess> children;

    const FormNode* find(std::string_view name) const;
};

/// Parameters with more than 32 dots, and all beyond the first 20,000, are left out.
FormNode read_form_tree(const Parameters& parameters);

}  // namespace cairn::wire
