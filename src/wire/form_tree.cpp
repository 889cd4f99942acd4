#include "wire/form_tree.h"

#include <algorithm>

namespace cairn::wire {

namespace {

constexpr std::size_t parameters_max = 20'000;
constexpr std::ptrdiff_t dots_max = 32;

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool FormKeyLess::operator()(std::string_view one, std::string_view other) const {
    const bool first = is_number(one), second = is_number(other);
    if (first != second) return first;
    if (first && one.size() != other.size()) return one.size() < other.size();
    return one < other;
}

const FormNode* FormNode::find(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : &found->second;
}

FormNode read_form_tree(const Parameters& parameters) {
    FormNode root;
    std::size_t count = 0;
    for (const auto& [raw_name, raw_value] : parameters.all()) {
        if (++count > parameters_max) break;
        const auto name = decode_lenient(raw_name, true);
        if (std::ranges::count(name, '.') > dots_max) continue;
        auto* node = &root;
        for (std::size_t at = 0; at <= name.size();) {
            const auto dot = std::min(name.find('.', at), name.size());
            node = &node->children[name.substr(at, dot - at)];
            at = dot + 1;
        }
        node->value = decode_lenient(raw_value, true);
    }
    return root;
}

}  // namespace cairn::wire
