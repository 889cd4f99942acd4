#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// The part of all events that a reader may see: accounts and regions, compiled from policy (policy/) or taken from a
/// request. Every reader takes one and applies it before counts, aggregates, text, tail and wait. A default-made Scope
/// admits nothing, so forgetting to fill it in never widens an answer.
class Scope {
public:
    /// One statement: patterns with `*` and `?`; an empty list of patterns means any. Everything said must hold.
    struct Clause {
        std::vector<std::string> accounts;
        std::vector<std::string> regions;
        std::vector<std::string> not_accounts{};  ///< none of these may match
        std::vector<std::string> not_regions{};
        std::vector<Clause> also{};  ///< and every one of these must hold too
    };

    /// Everything. Only for the node's own work and for `auth = "trust"`.
    static Scope all();

    /// Exactly one account and, unless empty, one region: what a LookupEvents call sees.
    static Scope of(std::string_view account, std::string_view region);

    void allow(Clause clause) { allow_.push_back(std::move(clause)); }
    void deny(Clause clause) { deny_.push_back(std::move(clause)); }

    /// What both admit.
    Scope intersected(const Scope& other) const;

    /// Some allow clause accepts and no deny clause does, in this scope and in every one it was intersected with.
    bool admits(std::string_view account, std::string_view region) const;

    /// True when nothing is allowed here or in a scope it was intersected with: whoever holds it may read nothing at
    /// all.
    bool admits_nothing() const {
        if (allow_.empty()) return true;
        for (const auto& other : also_)
            if (other.admits_nothing()) return true;
        return false;
    }

private:
    std::vector<Clause> allow_, deny_;
    std::vector<Scope> also_;
};

/// `*` stands for any text, `?` for one character; case-sensitive. Linear in text times pattern at worst.
bool wildcard_matches(std::string_view pattern, std::string_view text);

}  // namespace cairn
