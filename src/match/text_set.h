#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn::match {

/// Texts that a value is compared with, in the time of a binary search however many there are. Immutable; an empty set
/// matches nothing.
class TextSet {
public:
    explicit TextSet(std::vector<std::string> texts = {});
    bool holds(std::string_view value) const;

private:
    std::vector<std::string> texts_;  // sorted
};

class PrefixSet {
public:
    explicit PrefixSet(std::vector<std::string> prefixes = {});
    /// Whether `value` begins with one of them.
    bool begins(std::string_view value) const;

private:
    std::vector<std::string> prefixes_;  // sorted, none begins with another
};

class SuffixSet {
public:
    explicit SuffixSet(std::vector<std::string> suffixes = {});
    /// Whether `value` ends with one of them.
    bool ends(std::string_view value) const;

private:
    std::vector<std::string> suffixes_;  // sorted by their ends, none ends with another
};

}  // namespace cairn::match
