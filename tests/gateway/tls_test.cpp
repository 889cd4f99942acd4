#include <openssl/ssl.h>

#include "fixture.h"
#include "net/certificate.h"
#include "net/http_client.h"

namespace cairn::gateway {
namespace {

class Tls : public Proxy {
protected:
    /// The common name of the certificate that a client gets who asks for `server_name`.
    std::string served_to(const char* server_name) const {
        net::RawClient raw(port());
        const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
        const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), SSL_free);
        SSL_set_fd(ssl.get(), raw.socket());
        if (server_name != nullptr) SSL_set_tlsext_host_name(ssl.get(), server_name);
        if (SSL_connect(ssl.get()) != 1) return "no connection";
        const std::unique_ptr<X509, void (*)(X509*)> peer(SSL_get1_peer_certificate(ssl.get()), X509_free);
        char text[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, text, sizeof text);
        return text;
    }

    Result<net::Response> get(const net::Certificate& certificate) const {
        net::Request request;
        request.method = "GET";
        request.target = "/b/k";
        net::ClientOptions options;
        options.ca_file = certificate.files().certificate;
        return net::send(gateway_->endpoints().at(0), request, options);
    }

    void serve_answers() {
        serve([](Peer& peer) {
            while (!peer.read_head().empty()) peer.send(small_answer);
        });
    }
};

TEST_F(Tls, ClientsAreServedTheCertificateOfTheNameTheyAskFor) {
    net::Certificate first("first", "IP:127.0.0.1,DNS:a.test"), second("second", "DNS:b.test,DNS:*.wild.test");
    serve_answers();
    auto encrypted = listener();
    encrypted.tls = {first.files(), second.files()};
    start({.listeners = {encrypted}});
    EXPECT_EQ(served_to(nullptr), "first");
    EXPECT_EQ(served_to("a.test"), "first");
    EXPECT_EQ(served_to("b.test"), "second");
    EXPECT_EQ(served_to("x.wild.test"), "second");
    EXPECT_EQ(served_to("unknown.test"), "first");

    second.write("renewed");
    EXPECT_EQ(served_to("b.test"), "second");
    ASSERT_TRUE(gateway_->reload(options_));
    EXPECT_EQ(served_to("b.test"), "renewed");
    EXPECT_EQ(served_to("a.test"), "first");
}

TEST_F(Tls, ACallSaysHowItsClientIsConnected) {
    net::Certificate certificate;
    serve_answers();
    auto encrypted = listener();
    encrypted.tls = {certificate.files()};
    start({.listeners = {encrypted}});
    const auto answer = get(certificate);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "ok");
    EXPECT_TRUE(recorder_.call(0).request.tls);
    EXPECT_EQ(recorder_.call(0).request.tls_version, "TLSv1.3");
}

TEST_F(Tls, AnUpstreamsCertificateIsVerified) {
    net::Certificate good, other;
    serve_answers();
    auto encrypted = listener();
    encrypted.tls = {good.files()};
    start({.listeners = {encrypted}});
    // A gateway that speaks TLS is the upstream of another.
    HeldRecorder recorder;
    auto behind = upstream();
    behind.url = gateway_->endpoints().at(0);
    const struct {
        std::string ca_file;
        bool verify;
        int status;
    } cases[] = {{good.files().certificate, true, 200},
                 {other.files().certificate, true, 502},
                 {"", true, 502},
                 {"", false, 200}};
    for (const auto& row : cases) {
        SCOPED_TRACE(row.ca_file);
        behind.ca_file = row.ca_file;
        behind.verify_tls = row.verify;
        auto front = Gateway::start({.listeners = {listener()}, .upstreams = {behind}}, recorder, metrics_);
        ASSERT_TRUE(front) << front.error().message;
        net::Request request;
        request.method = "GET";
        request.target = "/b/k";
        for (int i = 0; i < 3; ++i) {
            const auto answer = net::send((*front)->endpoints().at(0), request);
            ASSERT_TRUE(answer) << answer.error().message;
            EXPECT_EQ(answer->status, row.status);
        }
    }
}

TEST_F(Tls, LargeBodiesPassEncryptedOnBothSides) {
    const std::size_t size = 8u << 20;
    net::Certificate certificate;
    serve([&](Peer& peer) {
        peer.read_head();
        const auto body = peer.read_bytes(size);
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
        peer.read_head();
    });
    auto encrypted = listener();
    encrypted.tls = {certificate.files()};
    start({.listeners = {encrypted}});
    auto behind = upstream();
    behind.url = gateway_->endpoints().at(0);
    behind.ca_file = certificate.files().certificate;
    HeldRecorder recorder;
    auto front = Gateway::start({.listeners = {encrypted}, .upstreams = {behind}}, recorder, metrics_);
    ASSERT_TRUE(front);
    net::Request request;
    request.method = "PUT";
    request.target = "/b/k";
    request.body.assign(size, 'x');
    for (std::size_t i = 0; i < size; i += 1000) request.body[i] = static_cast<char>(i);
    net::ClientOptions options;
    options.ca_file = certificate.files().certificate;
    const auto answer = net::send((*front)->endpoints().at(0), request, options);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, request.body);
}

}  // namespace
}  // namespace cairn::gateway
