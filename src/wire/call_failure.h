#pragma once

#include <string>

#include "wire/call_answer.h"
#include "wire/classify.h"

namespace cairn::wire {

/// What errorCode and errorMessage of a record say.
struct CallFailure {
    std::string code, message;  ///< both empty: the call succeeded

    explicit operator bool() const { return !code.empty(); }
};

/// The error that an answer is, under the name of its shape ("NoSuchEntityException" where the wire says
/// "NoSuchEntity"), each text cut to 1 KB of valid UTF-8. Also a 200 of S3 whose body is an error, and S3's redirects
/// to another endpoint (301, 307, 308); not its 304, which tells a client what it has already. An answer that does not
/// say what is wrong has its status as its code ("502"). No answer at all is ServiceUnavailable.
CallFailure call_failure(const Classified& call, const CallAnswer& answer);

/// requestID as the answer has it, in a header or its body; one of the service's form when it has none.
std::string answered_request_id(const Classified& call, const CallAnswer& answer);

}  // namespace cairn::wire
