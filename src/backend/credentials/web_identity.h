#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "seam/clock.h"
#include "seam/credentials.h"

namespace cairn {

/// Temporary credentials for a token that somebody else wrote into a file (AWS STS API reference,
/// AssumeRoleWithWebIdentity). One thread at a time.
class WebIdentity {
public:
    struct Options {
        std::string token_file, role_arn, session_name;
        std::string endpoint;  ///< URL of STS
        std::string ca_file;
    };

    /// `clock` outlives it.
    WebIdentity(Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

    /// As CredentialSource::get(). Blocks while it fetches.
    Result<AccessCredentials> get();

private:
    Result<void> fetch();

    const Options options_;
    const Clock& clock_;
    AccessCredentials current_;
    Time fetched_{}, expires_{};  ///< of current_
    Time tried_{};                ///< the last fetch that failed
};

}  // namespace cairn
