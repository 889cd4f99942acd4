#include "event/scope.h"

#include <algorithm>

namespace cairn {

namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view text) {
    return std::ranges::any_of(patterns, [&](const std::string& pattern) { return wildcard_matches(pattern, text); });
}

bool fits(const std::vector<std::string>& wanted, const std::vector<std::string>& excluded, std::string_view text) {
    return (wanted.empty() || any_matches(wanted, text)) && !any_matches(excluded, text);
}

bool accepts(const Scope::Clause& clause, std::string_view account, std::string_view region) {
    return fits(clause.accounts, clause.not_accounts, account) && fits(clause.regions, clause.not_regions, region) &&
           std::ranges::all_of(clause.also, [&](const Scope::Clause& more) { return accepts(more, account, region); });
}

bool covers(const std::vector<Scope::Clause>& clauses, std::string_view account, std::string_view region) {
    return std::ranges::any_of(clauses, [&](const Scope::Clause& clause) { return accepts(clause, account, region); });
}

/// `text` as a pattern that matches only itself: a wildcard in it would widen the scope.
bool is_plain(std::string_view text) { return text.find_first_of("*?") == std::string_view::npos; }

}  // namespace

Scope Scope::all() {
    Scope scope;
    scope.allow({});
    return scope;
}

Scope Scope::of(std::string_view account, std::string_view region) {
    Scope scope;
    if (!is_plain(account) || !is_plain(region)) return scope;
    Clause clause;
    clause.accounts.emplace_back(account);
    if (!region.empty()) clause.regions.emplace_back(region);
    scope.allow(std::move(clause));
    return scope;
}

Scope Scope::intersected(const Scope& other) const {
    Scope both = *this;
    both.also_.push_back(other);
    return both;
}

bool Scope::admits(std::string_view account, std::string_view region) const {
    if (!covers(allow_, account, region) || covers(deny_, account, region)) return false;
    return std::ranges::all_of(also_, [&](const Scope& scope) { return scope.admits(account, region); });
}

bool wildcard_matches(std::string_view pattern, std::string_view text) {
    constexpr auto none = std::string_view::npos;
    std::size_t p = 0, t = 0, star = none, retry = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            retry = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != none) {
            p = star + 1;
            t = ++retry;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == none;
}

}  // namespace cairn
