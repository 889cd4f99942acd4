#include "net/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "base/check.h"

namespace cairn::net {

namespace {

constexpr std::string_view encrypt_answer =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 41\r\nConnection: close\r\n\r\n"
    "this port speaks TLS only: use https://\r\n";

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int bio_write(BIO* bio, const char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(socket_of(bio), bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* bytes, int size) {
    BIO_clear_retry_flags(bio);
    const auto got = ::recv(socket_of(bio), bytes, static_cast<std::size_t>(size), 0);
    if (got < 0 && would_block()) BIO_set_retry_read(bio);
    if (got == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return static_cast<int>(got);
}

long bio_control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_FLUSH) return 1;
    if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return 0;
}

/// OpenSSL's own socket BIO raises SIGPIPE when the peer has gone; this one does not.
BIO* make_bio(int socket) {
    static BIO_METHOD* const method = [] {
        auto* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
        BIO_meth_set_write(made, bio_write);
        BIO_meth_set_read(made, bio_read);
        BIO_meth_set_ctrl(made, bio_control);
        return made;
    }();
    BIO* const bio = BIO_new(method);
    CAIRN_CHECK(bio != nullptr);
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));
    BIO_set_init(bio, 1);
    return bio;
}

}  // namespace

void Transport::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Transport::Transport(int socket, const TlsContext& tls) : socket_(socket) {
    if (!tls) return;
    encrypt(tls);
    SSL_set_accept_state(ssl_.get());
}

Transport::Transport(int socket, const TlsContext& tls, const std::string& server_name, bool verify) : socket_(socket) {
    if (!tls) return;
    encrypt(tls);
    SSL_set_connect_state(ssl_.get());
    unsigned char address[sizeof(in6_addr)];
    const bool is_address = ::inet_pton(AF_INET, server_name.c_str(), address) == 1 ||
                            ::inet_pton(AF_INET6, server_name.c_str(), address) == 1;
    if (!is_address) SSL_set_tlsext_host_name(ssl_.get(), server_name.c_str());
    if (!verify) return;
    auto* const parameters = SSL_get0_param(ssl_.get());
    CAIRN_CHECK((is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, server_name.c_str())
                            : X509_VERIFY_PARAM_set1_host(parameters, server_name.c_str(), 0)) == 1);
}

void Transport::encrypt(const TlsContext& tls) {
    ssl_.reset(SSL_new(tls.get()));
    CAIRN_CHECK(ssl_ != nullptr);
    BIO* const bio = make_bio(socket_);
    SSL_set_bio(ssl_.get(), bio, bio);
}

std::string Transport::server_name() const {
    const char* const name = ssl_ ? SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name) : nullptr;
    return name != nullptr ? name : "";
}

Transport::Outcome Transport::after(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: return Outcome::wait_read;
        case SSL_ERROR_WANT_WRITE: return Outcome::wait_write;
        case SSL_ERROR_ZERO_RETURN: return Outcome::end;
        default: return Outcome::broken;
    }
}

Transport::Outcome Transport::handshake() {
    if (!ssl_) return Outcome::done;
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return Outcome::done;
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST) {
        ::send(socket_, encrypt_answer.data(), encrypt_answer.size(), MSG_NOSIGNAL);
        told_to_encrypt_ = true;
    }
    return after(result);
}

std::string_view Transport::tls_version() const { return ssl_ ? SSL_get_version(ssl_.get()) : std::string_view(); }

std::string_view Transport::tls_cipher() const {
    const auto* const cipher = ssl_ ? SSL_get_current_cipher(ssl_.get()) : nullptr;
    return cipher != nullptr ? SSL_CIPHER_get_name(cipher) : std::string_view();
}

Transport::Moved Transport::read(char* to, std::size_t size_max) {
    if (ssl_) {
        ERR_clear_error();
        std::size_t got = 0;
        const int result = SSL_read_ex(ssl_.get(), to, size_max, &got);
        return result == 1 ? Moved{Outcome::done, got} : Moved{after(result)};
    }
    return discard(to, size_max);
}

Transport::Moved Transport::discard(char* to, std::size_t size_max) {
    const auto got = ::recv(socket_, to, size_max, 0);
    if (got > 0) return {Outcome::done, static_cast<std::size_t>(got)};
    if (got == 0) return {Outcome::end};
    return {would_block() ? Outcome::wait_read : Outcome::broken};
}

Transport::Moved Transport::write(std::string_view first, std::string_view second) {
    if (ssl_) {
        const auto bytes = first.empty() ? second : first;
        ERR_clear_error();
        std::size_t sent = 0;
        const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &sent);
        return result == 1 ? Moved{Outcome::done, sent} : Moved{after(result)};
    }
    iovec parts[2] = {{const_cast<char*>(first.data()), first.size()},
                      {const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = first.empty() ? parts + 1 : parts;
    message.msg_iovlen = first.empty() || second.empty() ? 1 : 2;
    const auto sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
    if (sent >= 0) return {Outcome::done, static_cast<std::size_t>(sent)};
    return {would_block() ? Outcome::wait_write : Outcome::broken};
}

bool Transport::has_unread() const {
    char byte;
    return ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0 || (ssl_ && SSL_has_pending(ssl_.get()) == 1);
}

void Transport::finish() {
    if (ssl_ && SSL_is_init_finished(ssl_.get())) {
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
    }
    ::shutdown(socket_, SHUT_WR);
}

}  // namespace cairn::net
