#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::sign {

/// An RSA-2048 key that signs digest files: RSASSA-PKCS1-v1_5 with SHA-256 (CloudTrail user guide, "CloudTrail digest
/// file structure"). Immutable; any thread.
class RsaKey {
public:
    /// Takes some hundred milliseconds of CPU.
    static RsaKey generate();

    /// `der` as private_der() gave it. Error: corrupt.
    static Result<RsaKey> from_private_der(std::string_view der);

    RsaKey(RsaKey&&) noexcept;
    RsaKey& operator=(RsaKey&&) noexcept;
    ~RsaKey();

    /// The private key as PKCS#1 RSAPrivateKey. Secret: to be sealed before it is stored.
    std::string private_der() const;

    /// The public key as PKCS#1 RSAPublicKey: what ListPublicKeys answers.
    std::string public_der() const;

    /// The signature's bytes, 256 of them. The same text gives the same signature.
    std::string sign(std::string_view text) const;

private:
    struct State;
    explicit RsaKey(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Lower-case hex MD5 of a public key's DER: its name in digest files. A name only, no proof.
std::string rsa_fingerprint(std::string_view public_der);

/// Whether `signature` is one of `text` under the PKCS#1 public key. Error: invalid, when the key cannot be read.
Result<bool> rsa_verify(std::string_view public_der, std::string_view text, std::string_view signature);

}  // namespace cairn::sign
