#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::sign {

/// Encrypts small secrets (access keys) under the node's master key: AES-256-GCM, random nonce, versioned bytes.
/// `context` (the key's id) is authenticated, so that one sealed secret cannot stand in for another.
class SecretBox {
public:
    /// `master_key` is 32 bytes.
    explicit SecretBox(std::string master_key);

    std::string seal(std::string_view secret, std::string_view context) const;

    /// Error: corrupt, when the bytes, the context or the master key are not those of seal().
    Result<std::string> open(std::string_view sealed, std::string_view context) const;

private:
    std::string master_key_;
};

}  // namespace cairn::sign
