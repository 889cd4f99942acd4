#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/condition.h"
#include "policy/pattern.h"
#include "policy/call.h"

namespace cairn::policy {

/// What one statement says. Everything in it must fit for it to apply.
struct Statement {
    std::string sid;
    bool allow = false;
    bool all_actions_but = false;    ///< NotAction
    std::vector<Glob> actions;       ///< folded
    bool all_resources_but = false;  ///< NotResource
    std::vector<Pattern> resources;
    std::vector<Condition> conditions;

    /// `folded_action` as folded() makes it.
    bool covers_action(std::string_view folded_action) const;
    bool covers_resource(std::string_view resource, const Context& context) const;

    /// How doubt counts: it never allows and always denies.
    bool takes(Answer answer) const { return answer == Answer::yes || (answer == Answer::unknown && !allow); }
};

struct Document {
    std::string id;
    std::vector<Statement> statements;
};

inline constexpr std::size_t policy_bytes_max = 64 * 1024;

/// Reads a whole document. Errors as Policy::parse.
Result<Document> parse_document(std::string_view json);

}  // namespace cairn::policy
