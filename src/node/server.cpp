#include "node/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "api/api.h"
#include "base/log.h"
#include "identity/authenticator.h"
#include "net/http_server.h"
#include "node/engine.h"
#include "node/gateway_work.h"
#include "node/local_sink.h"
#include "node/reload.h"

namespace cairn::node {

namespace {

api::Settings api_settings(const Config& config) {
    api::Settings settings;
    settings.lookup_management_only = config.history_lookup == "management";
    settings.lookup_window = config.history_window;
    settings.lookups_per_second = static_cast<double>(config.history_calls_per_second);
    settings.ingest_body_bytes_max = static_cast<std::size_t>(config.body_bytes);
    settings.ingest_text_bytes_max = static_cast<std::size_t>(config.body_bytes);
    return settings;
}

net::ServerOptions server_options(const Config& config, const Endpoint& endpoint) {
    net::ServerOptions options;
    options.host = endpoint.host;
    options.port = endpoint.port;
    options.threads = config.threads > 0 ? static_cast<int>(config.threads)
                                         : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    options.tls = {config.tls_certificate, config.tls_key};
    options.connections_max = static_cast<std::size_t>(config.connections);
    return options;
}

/// Ten thousand connections need as many descriptors; most systems start a process with 1,024.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

class RunningServer final : public Server {
public:
    explicit RunningServer(const Config& config) : config_(config) {}

    ~RunningServer() override { stop(std::chrono::milliseconds(0)); }

    Result<void> open() {
        CAIRN_TRY(check_config(config_));
        CAIRN_TRY(identity::check_fixed(config_.accounts));
        const auto endpoint = parse_endpoint(config_.listen);
        if (!endpoint) return fail(endpoint.error());
        raise_descriptor_limit();

        auto engine = Engine::open(config_, metrics_);
        if (!engine) return fail(std::move(engine).error());
        engine_ = std::move(*engine);
        CAIRN_TRY(make_root_key());

        authenticator_ = std::make_unique<identity::Authenticator>(
            engine_->directory(), engine_->clock(),
            identity::AuthOptions{config_.auth == "trust", config_.account, config_.region});
        api_ = std::make_unique<api::Api>(api_parts(), api_settings(config_));

        engine_->trails().start();
        engine_->sessions().start();
        auto options = server_options(config_, *endpoint);
        options.refusal = [this](const net::Request& head, int status, std::string_view text) {
            return api_->refusal(head, status, text);
        };
        auto http = net::HttpServer::start(
            std::move(options),
            [this](net::Request request, std::unique_ptr<net::Responder> responder) {
                api_->handle(std::move(request), std::move(responder));
            },
            [this](const net::Request& head) { return api_->body_limit(head); }, metrics_);
        if (!http) return fail(std::move(http).error());
        http_ = std::move(*http);
        const auto host = endpoint->host.find(':') == std::string::npos ? endpoint->host : "[" + endpoint->host + "]";
        endpoint_ = fmt::format("{}://{}:{}", config_.tls_certificate.empty() ? "http" : "https", host, http_->port());
        return start_gateway();
    }

    std::string endpoint() const override { return endpoint_; }
    const std::optional<identity::NewKey>& new_key() const override { return new_key_; }
    Result<void> reload(const Config& config) override {
        const auto taken = reloaded_config(config_, config);
        CAIRN_TRY(check_config(taken));
        if (gateway_) CAIRN_TRY(gateway_->reload(taken));
        engine_->set_holds(config.holds);
        return http_->reload_tls();
    }

    void stop(std::chrono::milliseconds grace) override {
        if (gateway_) gateway_->stop(grace);
        gateway_.reset();
        sink_.reset();
        if (api_) api_->end_streams();
        if (http_) http_->stop(grace);
        // The API records its last calls through the engine, so it goes first.
        http_.reset();
        api_.reset();
        engine_.reset();
    }

    std::vector<std::string> gateway_endpoints() const override {
        return gateway_ ? gateway_->endpoints() : std::vector<std::string>();
    }

private:
    Result<void> start_gateway() {
        if (!has_gateway(config_)) return {};
        sink_ = make_local_sink(engine_->ingest(), config_.gateway_name);
        auto started = GatewayWork::start(config_, config_.data, engine_->sessions().book(), *sink_, metrics_);
        if (!started) return fail(std::move(started).error());
        gateway_ = std::move(*started);
        return {};
    }

    /// Only when nobody could call otherwise.
    Result<void> make_root_key() {
        const bool file_has_keys = std::ranges::any_of(config_.accounts, [](const auto& account) {
            return !account.root_keys.empty() ||
                   std::ranges::any_of(account.users, [](const auto& user) { return !user.keys.empty(); });
        });
        if (file_has_keys || config_.auth == "trust") return {};
        auto made = engine_->directory().bootstrap(config_.account);
        if (!made) return fail(std::move(made).error());
        new_key_ = std::move(*made);
        return {};
    }

    api::Parts api_parts() {
        return {[this](const identity::IncomingRequest& request, const std::vector<std::string_view>& services,
                       bool bearer, bool unsigned_payload) {
                    return authenticator_->authenticate(request, services, bearer, unsigned_payload);
                },
                [this](std::shared_ptr<const std::string> buffer, std::vector<std::string_view> texts,
                       ingest::Writer writer, ingest::Ingest::Done done) {
                    engine_->ingest().submit(std::move(buffer), std::move(texts), std::move(writer), std::move(done));
                },
                engine_->history(),
                engine_->log(),
                engine_->find_dictionary(),
                engine_->clock(),
                metrics_,
                engine_->store_id(),
                &engine_->trails().services(),
                &engine_->trails().s3_services(),
                &engine_->sessions().services()};
    }

    const Config config_;
    Metrics metrics_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<identity::Authenticator> authenticator_;
    std::unique_ptr<api::Api> api_;
    std::unique_ptr<net::HttpServer> http_;
    std::unique_ptr<gateway::RecordSink> sink_;
    std::unique_ptr<GatewayWork> gateway_;
    std::optional<identity::NewKey> new_key_;
    std::string endpoint_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const Config& config) {
    auto server = std::make_unique<RunningServer>(config);
    CAIRN_TRY(server->open());
    return server;
}

}  // namespace cairn::node
