#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/call.h"
#include "policy/condition.h"
#include "policy/pattern.h"

namespace cairn::policy {

/// Whom a statement of a resource policy is about (IAM User Guide, "AWS JSON policy elements: Principal").
struct Principals {
    bool all_but = false;               ///< NotPrincipal
    bool anyone = false;                ///< "*"
    std::vector<std::string> aws;       ///< ARNs, or 12 digits for a whole account
    std::vector<std::string> services;  ///< "cloudtrail.amazonaws.com"
};

/// What one statement says. Everything in it must fit for it to apply.
struct Statement {
    std::string sid;
    bool allow = false;
    bool all_actions_but = false;    ///< NotAction
    std::vector<Glob> actions;       ///< folded
    bool all_resources_but = false;  ///< NotResource
    std::vector<Pattern> resources;
    std::vector<Condition> conditions;
    Principals principals;  ///< of a resource policy

    /// `folded_action` as folded() makes it.
    bool covers_action(std::string_view folded_action) const;
    bool covers_resource(std::string_view resource, const Context& context) const;

    /// How doubt counts: it never allows and always denies.
    bool takes(Answer answer) const { return answer == Answer::yes || (answer == Answer::unknown && !allow); }
};

/// Whether a statement covers action, resource and conditions of a call. `folded_action` as folded() makes it.
bool applies(const Statement& statement, std::string_view folded_action, const Call& call);

struct Document {
    std::string id;
    std::vector<Statement> statements;
};

inline constexpr std::size_t policy_bytes_max = 64 * 1024;

/// Who has the policy: a caller, or a thing, which then says in each statement whom it is about.
enum class DocumentKind { identity, resource };

/// Reads a whole document. Errors as Policy::parse. A resource policy needs no Version.
Result<Document> parse_document(std::string_view json, DocumentKind kind = DocumentKind::identity);

}  // namespace cairn::policy
