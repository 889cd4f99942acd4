#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "api/context.h"
#include "base/json.h"
#include "wire/errors.h"
#include "wire/model.h"

namespace cairn::api {

/// Lets so many calls a second through, for each account and region; a token bucket of one second.
class Throttle {
public:
    explicit Throttle(double calls_per_second) : rate_(calls_per_second) {}

    /// True when the call may go on. Always, when the rate is 0.
    bool admit(const std::string& account, const std::string& region, Time now);

private:
    struct Bucket {
        double tokens;
        Time filled;
    };
    const double rate_;
    std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, Bucket> buckets_;  // guarded by mutex_
};

/// The control plane of CloudTrail: awsJson1.1 on `POST /`, the operation in X-Amz-Target. Checks in this order:
/// authentication, target, JSON, throttling, authorization, parameters.
class ControlPlane {
public:
    explicit ControlPlane(const Context& context);
    void handle(CallPointer call);

private:
    using Answer = std::expected<std::string, wire::ApiError>;

    /// An operation that is there: its input has the types of the model, its constraints are the operation's to check.
    /// Empty otherwise.
    using Run = std::function<Answer(const Call&, const Json& input)>;
    Run find_run(const wire::Operation& operation) const;
    Answer look_up(const Call& call, const Json& input) const;

    void refuse(CallPointer call, const wire::ApiError& error);
    void finish(CallPointer call, const std::string& operation, const Json* input, Answer result);

    const Context& context_;
    Throttle lookups_;
    Histogram& lookup_seconds_;
};

/// STS as far as `aws sts get-caller-identity` needs it: awsQuery, GetCallerIdentity.
class TokenService {
public:
    explicit TokenService(const Context& context) : context_(context) {}
    void handle(CallPointer call);

private:
    const Context& context_;
};

}  // namespace cairn::api
