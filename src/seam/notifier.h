#pragma once

#include <string>

#include "base/result.h"

namespace cairn {

/// Publishes to topics (SNS). Any thread; blocks.
class Notifier {
public:
    virtual ~Notifier() = default;

    /// Sends `message` without a subject, as CloudTrail's service principal for the trail `trail_arn`.
    /// Errors: not_found, denied, unavailable; the message begins with the SNS error code ("AuthorizationError") and ":
    /// ", unless there was no answer.
    virtual Result<void> publish(const std::string& topic_arn, const std::string& message,
                                 const std::string& trail_arn) = 0;
};

}  // namespace cairn
