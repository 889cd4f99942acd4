#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "policy/call.h"

namespace cairn::policy {

struct Document;

/// Who calls, as a resource policy sees it.
struct Caller {
    std::string service;  ///< "cloudtrail.amazonaws.com"; empty for everybody else
    std::string account;  ///< of the principal
    std::string arn;      ///< of the principal; of a session that of its role is in `role_arn`
    std::string role_arn;
    std::span<const std::string_view> service_accounts = {};  ///< of a service: that policies once named instead of it
};

/// The policy of a thing (a bucket): statements with principals (IAM User Guide, "Identity-based policies and
/// resource-based policies"). Cheap to copy; pure.
class ResourcePolicy {
public:
    /// Error: invalid, naming the statement and member.
    static Result<ResourcePolicy> parse(std::string_view json);

    /// An explicit deny wins, else any allow, else no.
    Decision evaluate(const Caller& caller, const Call& call) const;

    /// Somebody without credentials could be allowed something.
    bool is_public() const;

private:
    explicit ResourcePolicy(std::shared_ptr<const Document> document) : document_(std::move(document)) {}
    std::shared_ptr<const Document> document_;
};

}  // namespace cairn::policy
