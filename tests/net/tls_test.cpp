#include <atomic>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "certificate.h"
#include "client.h"
#include "net/http_client.h"
#include "net/http_server.h"

namespace cairn::net {
namespace {

using std::chrono::milliseconds;

class Tls : public testing::Test {
protected:
    void start(ServerOptions options = {}) {
        options.tls = certificate_.files();
        auto started = HttpServer::start(
            std::move(options),
            [this](Request request, std::unique_ptr<Responder> responder) {
                if (request.target == "/stream") return answer_stream(std::move(responder));
                if (request.target == "/how")
                    return responder->send(
                        {200, {}, std::string(request.tls_version) + ' ' + std::string(request.tls_cipher)});
                responder->send({200, {}, (request.tls ? "tls " : "plain ") + request.body});
            },
            {}, metrics_);
        ASSERT_TRUE(started) << started.error().message;
        server_ = std::move(*started);
    }

    void answer_stream(std::unique_ptr<Responder> responder) {
        const auto stream = responder->stream({200, {}, ""});
        for (int i = 0; i < 100; ++i) stream->write("0123456789");
    }

    std::string endpoint() const { return "https://127.0.0.1:" + std::to_string(server_->port()); }

    Result<Response> post(std::string body) {
        Request request;
        request.method = "POST";
        request.target = "/";
        request.body = std::move(body);
        ClientOptions options;
        options.ca_file = certificate_.files().certificate;
        return send(endpoint(), request, options);
    }

    Certificate certificate_;
    Metrics metrics_;
    std::unique_ptr<HttpServer> server_;
};

/// A TLS connection whose protocol versions and offers the test chooses.
struct TlsClient {
    RawClient raw;
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
    std::unique_ptr<SSL, void (*)(SSL*)> ssl{nullptr, SSL_free};
    bool connected = false;

    TlsClient(std::uint16_t port, int version_max, const std::string& protocols = "") : raw(port) {
        SSL_CTX_set_max_proto_version(context.get(), version_max);
        SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
        SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0");
        ssl.reset(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), raw.socket());
        if (!protocols.empty())
            SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                                static_cast<unsigned>(protocols.size()));
        connected = SSL_connect(ssl.get()) == 1;
    }

    std::string subject() const {
        const std::unique_ptr<X509, void (*)(X509*)> peer(SSL_get1_peer_certificate(ssl.get()), X509_free);
        char text[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(peer.get()), NID_commonName, text, sizeof text);
        return text;
    }

    std::string exchange(std::string_view bytes) {
        SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
        std::string got(4096, '\0');
        const int size = SSL_read(ssl.get(), got.data(), static_cast<int>(got.size()));
        return got.substr(0, static_cast<std::size_t>(std::max(size, 0)));
    }
};

TEST_F(Tls, RequestsOfAllSizes) {
    start();
    for (const std::size_t size : {0u, 1u, 16'000u, 17'000u, 300'000u, 20'000'000u}) {
        const auto answer = post(std::string(size, 'x'));
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body.size(), size + 4);
        EXPECT_TRUE(answer->body.starts_with("tls "));
    }
}

TEST_F(Tls, WhoSpeaksPlainHttpIsToldSo) {
    start();
    for (const auto* request :
         {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"}) {
        RawClient client(server_->port());
        ASSERT_TRUE(client.send(request));
        const auto answer = client.read_until("https://\r\n");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
        EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), "this port speaks TLS only: use https://\r\n");
        EXPECT_NE(answer.find("Content-Length: 41\r\n"), std::string::npos);
    }
    RawClient rubbish(server_->port());
    ASSERT_TRUE(rubbish.send("no protocol at all, but long enough to be a record\r\n"));
    EXPECT_EQ(rubbish.read_until("HTTP/1.1").find("HTTP"), std::string::npos);  // a TLS alert
}

TEST_F(Tls, UnknownCertificatesAreNotTrusted) {
    start();
    Request request;
    request.method = "GET";
    const auto answer = send(endpoint(), request);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::unavailable);
}

TEST_F(Tls, Streams) {
    start();
    Request request;
    request.method = "GET";
    request.target = "/stream";
    ClientOptions options;
    options.ca_file = certificate_.files().certificate;
    std::size_t bytes = 0;
    const auto answer = receive_stream(
        endpoint(), request,
        [&](std::string_view part) {
            bytes += part.size();
            return true;
        },
        options);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(bytes, 1000u);
}

TEST_F(Tls, OldVersionsAreRefused) {
    start();
    EXPECT_FALSE(TlsClient(server_->port(), TLS1_1_VERSION).connected);
    EXPECT_TRUE(TlsClient(server_->port(), TLS1_2_VERSION).connected);
    EXPECT_TRUE(TlsClient(server_->port(), TLS1_3_VERSION).connected);
}

TEST_F(Tls, RequestsKnowHowTheyAreEncrypted) {
    start();
    const auto how = [&](int version_max) {
        TlsClient client(server_->port(), version_max);
        const auto answer = client.exchange("GET /how HTTP/1.1\r\nHost: a\r\n\r\n");
        return answer.substr(answer.find("\r\n\r\n") + 4);
    };
    EXPECT_TRUE(how(TLS1_3_VERSION).starts_with("TLSv1.3 TLS_")) << how(TLS1_3_VERSION);
    EXPECT_TRUE(how(TLS1_2_VERSION).starts_with("TLSv1.2 ECDHE-")) << how(TLS1_2_VERSION);
}

TEST_F(Tls, Alpn) {
    start();
    TlsClient client(server_->port(), TLS1_3_VERSION, "\x02h2\x08http/1.1");
    ASSERT_TRUE(client.connected);
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl.get(), &chosen, &size);
    EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(chosen), size), "http/1.1");
}

TEST_F(Tls, PlainTextOnATlsPort) {
    start();
    RawClient client(server_->port());
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    client.read_all();  // whatever alert it is, the connection ends
    EXPECT_TRUE(post("")) << "the server goes on";
}

TEST_F(Tls, ASlowHandshakeIsCutOff) {
    ServerOptions options;
    options.head_timeout = milliseconds(40);
    start(options);
    RawClient client(server_->port());
    client.send("\x16\x03\x01");
    EXPECT_TRUE(client.closed_by_server());
}

TEST_F(Tls, ReloadServesNewConnections) {
    start();
    TlsClient old(server_->port(), TLS1_3_VERSION);
    EXPECT_EQ(old.subject(), "one");
    certificate_.write("two");
    ASSERT_TRUE(server_->reload_tls());
    EXPECT_EQ(TlsClient(server_->port(), TLS1_3_VERSION).subject(), "two");
    EXPECT_TRUE(old.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("HTTP/1.1 200"));

    std::ofstream(certificate_.files().key) << "rubbish";
    const auto reloaded = server_->reload_tls();
    ASSERT_FALSE(reloaded);
    EXPECT_EQ(reloaded.error().code, Code::invalid);
    EXPECT_NE(reloaded.error().message.find(certificate_.files().key), std::string::npos);
    EXPECT_EQ(TlsClient(server_->port(), TLS1_3_VERSION).subject(), "two");
}

TEST_F(Tls, WrongFilesAreNamed) {
    Certificate other;
    ServerOptions options;
    options.tls = {certificate_.files().certificate, other.files().key};
    const auto ignore = [](Request, std::unique_ptr<Responder>) {};
    auto started = HttpServer::start(options, ignore, {}, metrics_);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Code::invalid);
    options.tls.certificate = "/nowhere/cert.pem";
    started = HttpServer::start(options, ignore, {}, metrics_);
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("/nowhere/cert.pem"), std::string::npos);
}

}  // namespace
}  // namespace cairn::net
