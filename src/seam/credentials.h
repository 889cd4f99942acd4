#pragma once

#include <string>

#include "base/result.h"

namespace cairn {

/// What calls to another AWS-like service are signed with.
struct AccessCredentials {
    std::string access_key_id, secret_key;
    std::string session_token;  ///< empty: a long-term key
};

/// Where they come from: configuration, environment, a profile file, a web identity. Any thread.
class CredentialSource {
public:
    virtual ~CredentialSource() = default;

    /// Valid for at least a few minutes from now; remembered in between. May block while new ones are fetched.
    /// Errors: not_found    nothing is configured; the message names every place that was looked at
    ///         invalid      what is configured cannot be used
    ///         unavailable  the service that gives them did not answer
    ///         denied       it refused
    virtual Result<AccessCredentials> get() = 0;
};

}  // namespace cairn
