#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "event/scope.h"
#include "policy/call.h"

namespace cairn::policy {

/// The IAM policy language (IAM User Guide, "Grammar of the IAM JSON policy language"), as far as cairn's own actions
/// need it: Effect, Action and NotAction, Resource and NotResource with wildcards, Condition. Pure.

struct Document;

/// One parsed policy document. Cheap to copy.
class Policy {
public:
    /// Error: invalid, naming the statement and member. Unknown condition operators, unknown members and a missing
    /// Version are errors too: a policy that is not understood must not allow anything.
    static Result<Policy> parse(std::string_view json);

    const Document& document() const { return *document_; }

private:
    explicit Policy(std::shared_ptr<const Document> document) : document_(std::move(document)) {}
    std::shared_ptr<const Document> document_;
};

/// An explicit deny wins, else any allow, else no.
Decision evaluate(const std::vector<Policy>& policies, const Call& call);

/// Whether a condition or a variable of these policies asks for the key `name`.
bool asks_for(const std::vector<Policy>& policies, std::string_view name);

/// Which accounts and regions `call` may touch: evaluates with cairn:account and cairn:region left open. Conditions on
/// these two keys become clauses; all other conditions are evaluated with the context given.
Scope compile_scope(const std::vector<Policy>& policies, const Call& call);

}  // namespace cairn::policy
