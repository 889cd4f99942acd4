#pragma once

#include <string>
#include <utility>
#include <vector>

namespace cairn::policy {

/// Values of condition keys in one request: "aws:SourceIp", "aws:PrincipalArn", "cairn:account", "cairn:region", ...
/// Names compare without case.
using Context = std::vector<std::pair<std::string, std::string>>;

struct Call {
    std::string action;    ///< "cloudtrail:LookupEvents", "cairn:Ingest"
    std::string resource;  ///< ARN, or "*"
    Context context;
};

enum class Decision { allowed, denied_explicitly, denied_implicitly };

}  // namespace cairn::policy
