#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/tls.h"

struct ssl_st;  // OpenSSL's SSL

namespace cairn::net {

/// Bytes to and from one socket, plain or encrypted. Never blocks: what cannot be done now says what to wait for.
class Transport {
public:
    enum class Outcome {
        done,        ///< `size` bytes went over
        wait_read,   ///< try again when the socket is readable
        wait_write,  ///< try again when it is writable
        end,         ///< the other side has finished
        broken,
    };
    struct Moved {
        Outcome outcome;
        std::size_t size = 0;
    };

    /// `socket` is non-blocking and stays the caller's. Without `tls` plain.
    Transport(int socket, const TlsContext& tls);

    /// The client's side: asks for `server_name`, and takes no certificate but that name's (or address's) if it is to
    /// `verify`.
    Transport(int socket, const TlsContext& tls, const std::string& server_name, bool verify);

    bool encrypted() const { return ssl_ != nullptr; }

    /// Of TLS after the handshake: "TLSv1.3" and "TLS_AES_128_GCM_SHA256", static text. Empty when plain.
    std::string_view tls_version() const;
    std::string_view tls_cipher() const;

    /// The name that the client of a TLS connection asked for, or empty.
    std::string server_name() const;

    /// For TLS, until done, before anything else. A client that speaks plain HTTP instead is told so, and `broken`.
    Outcome handshake();

    /// True when the handshake ended with that answer.
    bool told_to_encrypt() const { return told_to_encrypt_; }
    Moved read(char* to, std::size_t size_max);

    /// Sends of `first`, and then of `second`, what goes.
    Moved write(std::string_view first, std::string_view second = {});

    /// Takes bytes off the socket as they came, decrypted or not, to be thrown away.
    Moved discard(char* to, std::size_t size_max);

    /// Has something arrived that was not read yet?
    bool has_unread() const;

    /// Says that nothing more will be written.
    void finish();

private:
    struct Free {
        void operator()(ssl_st* ssl) const;
    };

    void encrypt(const TlsContext& tls);
    Outcome after(int result);

    int socket_;
    bool told_to_encrypt_ = false;
    std::unique_ptr<ssl_st, Free> ssl_;
};

}  // namespace cairn::net
