#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "wire/credential.h"

namespace cairn::gateway {

/// How sure it is that a caller is who the record says.
enum class Confidence {
    claimed,    ///< the server does not verify signatures, or gave no answer
    confirmed,  ///< it does, and has answered
    foreign,    ///< a server of one of AWS's customers answered: nothing that it says is learned from
    refused,    ///< the server did not accept the signature
};

struct Caller {
    Json user_identity;   ///< of the record
    std::string account;  ///< recipientAccountId
};

/// A call that went through, as far as others may learn from it who is behind a key.
struct LearnedCall {
    std::string_view upstream, event_source, event_name;
    std::string_view key_id;  ///< of who made it; empty: anonymous
    const Json* user_identity = nullptr;
    const Json* request_parameters = nullptr;  ///< as the record shows them; may be null JSON
    const Json* answer = nullptr;              ///< wire::answered_members(): nothing of it is secret
    Time at{};
};

/// Says who is behind a call. Members may be called from any thread and do not block.
class Callers {
public:
    virtual ~Callers() = default;

    /// `refused`: the upstream did not accept the signature, so the call is nobody's.
    virtual Caller caller(std::string_view upstream, const wire::Credential& credential, Confidence confidence,
                          Time at) const = 0;

    /// Told of every call that succeeded and whose answer tells something (OperationFacts::learns()), before the answer
    /// goes to the client: the next call may already use what it gave.
    virtual void learn(const LearnedCall& call) = 0;
};

}  // namespace cairn::gateway
