#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/client.h"

namespace cairn::gateway {

/// TLS over a connected socket, as a client that trusts one file only.
class TlsClient {
public:
    /// `server_name` is asked for unless it is empty; the certificate is to be that of `host`.
    TlsClient(net::RawClient& raw, const std::string& ca_file, const std::string& host, const std::string& server_name)
        : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
        SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        static constexpr unsigned char offered[] = "\x02h2\x08http/1.1";
        SSL_CTX_set_alpn_protos(context_.get(), offered, sizeof offered - 1);
        ssl_.reset(SSL_new(context_.get()));
        SSL_set_fd(ssl_.get(), raw.socket());
        if (!server_name.empty()) SSL_set_tlsext_host_name(ssl_.get(), server_name.c_str());
        SSL_set1_host(ssl_.get(), host.c_str());
        connected_ = SSL_connect(ssl_.get()) == 1;
    }

    bool connected() const { return connected_; }
    long verify_result() const { return SSL_get_verify_result(ssl_.get()); }

    std::string protocol() const {
        const unsigned char* text = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_.get(), &text, &size);
        return std::string(reinterpret_cast<const char*>(text), size);
    }

    /// Sends all, and reads until `end` or the connection's.
    std::string ask(std::string_view bytes, std::string_view end) {
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
        std::string got;
        char buffer[16 * 1024];
        while (got.find(end) == std::string::npos) {
            const int count = SSL_read(ssl_.get(), buffer, sizeof buffer);
            if (count <= 0) break;
            got.append(buffer, static_cast<std::size_t>(count));
        }
        return got;
    }

private:
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
    std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
    bool connected_ = false;
};

}  // namespace cairn::gateway
