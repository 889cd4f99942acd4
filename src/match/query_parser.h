#pragma once

#include <expected>
#include <string_view>
#include <vector>

#include "match/query_error.h"
#include "match/term.h"

namespace cairn::match {

/// Terms joined by one joiner: all must match, or any.
struct TermGroup {
    bool any = false;
    std::vector<Term> terms;
};

/// A search as it was written: groups joined by one joiner. A term outside parentheses is a group of its own.
struct QueryTree {
    bool any = false;
    std::vector<TermGroup> groups;
};

/// Reads the grammar of console.md section 3.1. An empty text has no groups.
std::expected<QueryTree, QueryError> parse_query(std::string_view text);

}  // namespace cairn::match
