#include "match/query.h"

#include <algorithm>

#include <fmt/format.h>

#include "match/query_parser.h"

namespace cairn::match {

namespace {

constexpr std::size_t needle_bytes_min = 3;
constexpr std::size_t needles_max = 8;

using Indexed = Query::Indexed;
using Needle = Query::Needle;

/// The keys of somebody: those in whose time a call was must be looked at, too.
Indexed indexed_keys(const std::vector<KeyWindow>& keys) {
    Indexed indexed{Attribute::access_key_id, {}};
    for (const auto& window : keys)
        if (indexed.any_of.empty() || indexed.any_of.back() != window.key_id) indexed.any_of.push_back(window.key_id);
    if (indexed.any_of.empty()) indexed.any_of.emplace_back();  // no event has an empty one
    return indexed;
}

std::optional<Indexed> indexed_term(const Term& term) {
    if (term.keys && !term.negated && term.op != Operator::not_equal) return indexed_keys(*term.keys);
    if (!term.is_choice() || !term.field->attribute || !term.ranges.empty()) return std::nullopt;
    return Indexed{*term.field->attribute, term.values};
}

/// One of several choices on the same attribute is a choice, too.
std::optional<Indexed> indexed_group(const TermGroup& group) {
    std::optional<Indexed> all;
    for (const Term& term : group.terms) {
        const auto one = indexed_term(term);
        if (!one || (all && all->attribute != one->attribute)) return std::nullopt;
        if (!all)
            all = one;
        else
            all->any_of.insert(all->any_of.end(), one->any_of.begin(), one->any_of.end());
    }
    return all;
}

/// What an index can tell of a search.
struct IndexPlan {
    std::vector<Indexed> indexed;
    std::vector<TermGroup> others;  ///< what it cannot tell; all of them must match, too
};

IndexPlan plan_index(const QueryTree& tree) {
    IndexPlan plan;
    const auto take = [&](const TermGroup& group) {
        if (auto one = indexed_group(group))
            plan.indexed.push_back(std::move(*one));
        else
            plan.others.push_back(group);
    };
    if (tree.any && tree.groups.size() > 1) {
        TermGroup joined{.any = true, .terms = {}};
        for (const TermGroup& group : tree.groups) {
            if (!group.any && group.terms.size() > 1) return {};
            joined.terms.insert(joined.terms.end(), group.terms.begin(), group.terms.end());
        }
        take(joined);
        return plan;
    }
    for (const TermGroup& group : tree.groups) {
        if (group.any)
            take(group);
        else
            for (const Term& term : group.terms) take({.any = true, .terms = {term}});
    }
    return plan;
}

/// Needles of which any match must hold one, or none when there are no such texts.
using Needles = std::vector<Needle>;

/// A user name stands in the record, but for "root".
bool is_verbatim_user(const Term& term) {
    if (term.field->field != Field::user) return false;
    return std::ranges::none_of(term.values,
                                [](const std::string& value) { return TextSearch(value).found_in("root"); });
}

Needles needles_of(const Term& term) {
    if (term.negated || term.keys || !term.ranges.empty() || !(term.field->verbatim || is_verbatim_user(term)))
        return {};
    const bool part = term.op == Operator::contains;
    if (!part && term.op != Operator::starts_with && !term.is_choice()) return {};
    Needles needles;
    for (const auto& value : term.values) {
        // 1 and 1.0 are one number in two spellings.
        if (term.field->field == Field::path && !part && is_number(value)) return {};
        const auto plain = plain_part(value);
        if (plain.size() < needle_bytes_min) return {};
        needles.push_back({std::string(plain), part});
    }
    return needles;
}

std::size_t shortest(const Needles& needles) {
    return needles.empty()
               ? 0
               : std::ranges::min(needles, {}, [](const Needle& needle) { return needle.text.size(); }).text.size();
}

/// Of needles that must all be there, those that tell most; of those for one of several ways to match, all.
Needles combined(bool any, std::vector<Needles> parts) {
    if (parts.empty()) return {};
    if (!any)
        return std::ranges::max(parts, {}, [](const Needles& needles) {
            return std::pair(shortest(needles), -static_cast<int>(needles.size()));
        });
    Needles all;
    for (const Needles& needles : parts) {
        if (needles.empty()) return {};
        all.insert(all.end(), needles.begin(), needles.end());
    }
    return all;
}

Needles needles_of(const TermGroup& group) {
    std::vector<Needles> terms;
    for (const Term& term : group.terms) terms.push_back(needles_of(term));
    return combined(group.any, std::move(terms));
}

Needles needles_of(bool any, const std::vector<TermGroup>& of_groups) {
    std::vector<Needles> groups;
    for (const TermGroup& group : of_groups) groups.push_back(needles_of(group));
    auto needles = combined(any, std::move(groups));
    if (needles.empty() || needles.size() > needles_max) return {};
    // A writer may spell any ASCII character as \u00XX.
    needles.push_back({"\\u00", false});
    return needles;
}

bool matches(const TermGroup& group, const EventView& event) {
    const auto term_matches = [&](const Term& term) { return term.matches(event); };
    return group.any ? std::ranges::any_of(group.terms, term_matches) : std::ranges::all_of(group.terms, term_matches);
}

}  // namespace

struct Query::Compiled {
    std::string text;
    QueryTree tree;
    std::vector<Indexed> indexed;
    std::vector<Needle> needles;
    bool only_indexed = false;
};

Query::Query(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

std::expected<Query, QueryError> Query::parse(std::string_view text, const FindOrigins& origins) {
    auto tree = parse_query(text);
    if (!tree) return std::unexpected(std::move(tree).error());
    bool by_keys = false;
    if (origins)
        for (auto& group : tree->groups)
            for (auto& term : group.terms) {
                if (term.field->field != Field::origin || term.op == Operator::has) continue;
                auto keys = origins([&](std::string_view name) { return term.names(name); });
                if (!keys) return std::unexpected(QueryError{std::move(keys).error(), "origin", 0});
                term.keys = std::move(*keys);
                by_keys = true;
            }
    Compiled compiled;
    compiled.text = text;
    auto plan = plan_index(*tree);
    const bool planned = !plan.indexed.empty();
    compiled.only_indexed = planned && plan.others.empty() && !by_keys;  // a key has its times
    compiled.needles = planned ? needles_of(false, plan.others) : needles_of(tree->any, tree->groups);
    compiled.indexed = std::move(plan.indexed);
    compiled.tree = std::move(*tree);
    return Query(std::make_shared<const Compiled>(std::move(compiled)));
}

bool Query::matches(const EventView& event) const {
    const auto& tree = compiled_->tree;
    const auto group_matches = [&](const TermGroup& group) { return match::matches(group, event); };
    return tree.any ? std::ranges::any_of(tree.groups, group_matches) : std::ranges::all_of(tree.groups, group_matches);
}

const std::vector<Query::Indexed>& Query::indexed() const { return compiled_->indexed; }

bool Query::only_indexed() const { return compiled_->only_indexed; }

const std::vector<Query::Needle>& Query::needles() const { return compiled_->needles; }

bool Query::matches_all() const { return compiled_->tree.groups.empty(); }

const std::string& Query::text() const { return compiled_->text; }

Result<void> field_values(const EventView& event, std::string_view field,
                          const std::function<void(std::string_view)>& use) {
    const auto each = [&](std::string_view value) {
        use(value);
        return false;
    };
    if (field.starts_with('$')) {
        const auto path = parse_query("has:" + std::string(field));
        if (!path || path->groups.size() != 1) return fail(Code::invalid, fmt::format("\"{}\" is no path", field));
        const auto& term = path->groups.front().terms.front();
        each_value_at(event.raw, term.path, [&](const PathValue& value) {
            if (value.kind != PathValue::Kind::null) use(value.text);
            return true;
        });
        return {};
    }
    const FieldInfo* const info = find_field(field);
    if (!info || info->field == Field::text) return fail(Code::invalid, fmt::format("unknown field \"{}\"", field));
    if (info->field == Field::event_time)
        use(format_time(event.time));
    else
        any_value(event, info->field, each);
    return {};
}

bool known_field(std::string_view field) {
    if (field.starts_with('$')) {
        const auto path = parse_query("has:" + std::string(field));
        return path && path->groups.size() == 1;
    }
    const FieldInfo* const info = find_field(field);
    return info && info->field != Field::text;
}

std::optional<Attribute> single_indexed(std::string_view field) {
    const FieldInfo* const info = find_field(field);
    const bool several = info && (info->field == Field::resource || info->field == Field::resource_type);
    return info && !several ? info->attribute : std::nullopt;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

}  // namespace cairn::match
