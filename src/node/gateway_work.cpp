#include "node/gateway_work.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "backend/posix/posix_disk.h"
#include "event/record.h"
#include "gateway/certificate_authority.h"
#include "gateway/intent_journal.h"
#include "gateway/recording.h"
#include "gateway/remote_sink.h"
#include "gateway/setting_aside.h"
#include "gateway/spool.h"
#include "node/gateway_callers.h"
#include "node/mortal_disk.h"
#include "node/store.h"
#include "wire/host_name.h"

namespace cairn::node {

namespace {

/// A spool with its disk and what stands behind it.
class SpooledSink final : public gateway::RecordSink {
public:
    static Result<std::unique_ptr<gateway::RecordSink>> open(const Config& config,
                                                             std::unique_ptr<gateway::RecordSink> onward,
                                                             Metrics& metrics) {
        auto sink = std::make_unique<SpooledSink>();
        auto disk = open_disk(config.gateway_spool);
        if (!disk) return fail(std::move(disk).error());
        sink->disk_ = std::move(*disk);
        auto lock = lock_data_folder(config.gateway_spool);
        if (!lock) return fail(std::move(lock).error());
        sink->lock_ = std::move(*lock);
        sink->remote_ = std::move(onward);
        sink->onward_ = std::make_unique<gateway::SettingAside>(*sink->remote_, sink->disk_.get(), metrics);
        gateway::SpoolOptions options;
        options.bytes_max = static_cast<std::uint64_t>(config.gateway_spool_bytes);
        auto spool = gateway::Spool::open(options, *sink->disk_, *sink->onward_, metrics);
        if (!spool) return fail(std::move(spool).error());
        sink->spool_ = std::move(*spool);
        return sink;
    }

    void submit(gateway::GatewayRecord record, Done done) override {
        spool_->submit(std::move(record), std::move(done));
    }

private:
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<FolderLock> lock_;
    std::unique_ptr<gateway::RecordSink> remote_;
    std::unique_ptr<gateway::SettingAside> onward_;
    std::unique_ptr<gateway::Spool> spool_;  // last: it ends first
};

/// All upstreams that records may name.
std::vector<const gateway::UpstreamOptions*> upstreams_of(const gateway::GatewayOptions& options) {
    std::vector<const gateway::UpstreamOptions*> all;
    for (const auto& upstream : options.upstreams) all.push_back(&upstream);
    if (std::ranges::any_of(options.listeners, &gateway::ListenerOptions::forward))
        all.push_back(&options.forward.upstream);
    return all;
}

gateway::RecordMakerOptions records_of(const Config& config, const gateway::GatewayOptions& options) {
    gateway::RecordMakerOptions records;
    records.record_failed_authentication = config.gateway_record_failed_authentication;
    records.hidden = gateway::HiddenMembers::parse(config.gateway_hidden).value_or(gateway::HiddenMembers());
    for (const auto* upstream : upstreams_of(options))
        records.homes[upstream->name] = {.account = upstream->account,
                                         .region = upstream->region,
                                         .profile = upstream->calls.profile,
                                         .record_admin_paths = upstream->record_admin_paths};
    return records;
}

std::map<std::string, gateway::UpstreamKeys, std::less<>> keys_of(const gateway::GatewayOptions& options) {
    std::map<std::string, gateway::UpstreamKeys, std::less<>> keys;
    for (const auto* upstream : upstreams_of(options))
        keys[upstream->name] = {.account = upstream->account, .profile = upstream->calls.profile};
    return keys;
}

std::unexpected<Error> no_place_for_intents() {
    return fail(Code::invalid, "gateway.mode: `intent` needs a folder for intents, name it with gateway.spool");
}

class RunningGatewayWork final : public GatewayWork {
public:
    RunningGatewayWork(std::unique_ptr<gateway::KnownCallers> callers, gateway::RecordSink& sink, Metrics& metrics)
        : callers_(std::move(callers)), sink_(sink), metrics_(metrics) {}

    ~RunningGatewayWork() override { stop(std::chrono::milliseconds(0)); }

    Result<void> open_journal(const std::string& folder) {
        auto disk = open_disk(folder);
        if (!disk) return fail(std::move(disk).error());
        disk_ = std::move(*disk);
        auto journal = gateway::IntentJournal::open({}, *disk_, metrics_);
        if (!journal) return fail(std::move(journal).error());
        journal_ = std::move(*journal);
        return {};
    }

    Result<void> open(const Config& config, gateway::GatewayOptions options) {
        gateway::RecordingOptions recording;
        records_ = recording.records = records_of(config, options);
        keys_ = keys_of(options);
        kept_ = std::make_unique<gateway::SettingAside>(sink_, disk_.get(), metrics_);
        recording_ =
            std::make_unique<gateway::Recording>(std::move(recording), *callers_, *kept_, metrics_, journal_.get());
        auto started = gateway::Gateway::start(std::move(options), *recording_, metrics_);
        if (!started) return fail(std::move(started).error());
        gateway_ = std::move(*started);
        return {};
    }

    std::vector<std::string> endpoints() const override { return gateway_->endpoints(); }

    Result<void> reload(const Config& config) override {
        auto options = gateway_options(config);
        if (!options) return fail(std::move(options).error());
        if (options->mode == gateway::Mode::intent && !recording_->intends()) return no_place_for_intents();
        // First what is said of new upstreams: their calls may come at once. Of others once it is sure that they
        // change.
        auto records = records_of(config, *options);
        auto keys = keys_of(*options);
        auto more_records = records_;
        more_records.homes.insert(records.homes.begin(), records.homes.end());
        recording_->change(std::move(more_records));
        auto more_keys = keys_;
        more_keys.insert(keys.begin(), keys.end());
        callers_->change(std::move(more_keys));
        CAIRN_TRY(gateway_->reload(std::move(*options)));
        records_ = std::move(records);
        keys_ = std::move(keys);
        recording_->change(records_);
        callers_->change(keys_);
        return {};
    }

    void stop(std::chrono::milliseconds grace) override {
        if (gateway_) gateway_->stop(grace);
        recording_.reset();  // records of the last calls come first
        gateway_.reset();
    }

private:
    const std::unique_ptr<gateway::KnownCallers> callers_;
    gateway::RecordSink& sink_;
    Metrics& metrics_;
    gateway::RecordMakerOptions records_;  // as they are now
    std::map<std::string, gateway::UpstreamKeys, std::less<>> keys_;
    std::unique_ptr<Disk> disk_;
    std::unique_ptr<gateway::IntentJournal> journal_;  // null: there is none
    std::unique_ptr<gateway::SettingAside> kept_;
    std::unique_ptr<gateway::Recording> recording_;
    std::unique_ptr<gateway::Gateway> gateway_;
};

/// What gateway.upstream and its neighbours say.
gateway::UpstreamOptions plain_upstream(const Config& config) {
    gateway::UpstreamOptions upstream;
    upstream.name = "default";
    upstream.url = config.gateway_upstream;
    upstream.ca_file = config.gateway_ca_file;
    upstream.account = config.account;
    upstream.region = config.region;
    upstream.forward_client_ip = config.gateway_forward_client_ip;
    upstream.calls.profile = wire::profile_of(config.gateway_profile).value_or(wire::UpstreamProfile::generic);
    upstream.calls.endpoint_names = config.gateway_endpoint_names;
    upstream.calls.default_service = config.gateway_default_service;
    upstream.record_admin_paths = config.gateway_admin_paths == "record";
    return upstream;
}

/// What gateway.listen and its neighbours say: everything goes to gateway.upstream.
Result<gateway::ListenerOptions> plain_listener(const Config& config) {
    const auto endpoint = parse_endpoint(config.gateway_listen);
    if (!endpoint) return fail(Code::invalid, "gateway.listen: " + endpoint.error().message);
    gateway::ListenerOptions listener;
    listener.host = endpoint->host;
    listener.port = endpoint->port;
    if (!config.gateway_tls_certificate.empty())
        listener.tls.push_back({config.gateway_tls_certificate, config.gateway_tls_key});
    listener.proxy_protocol = config.gateway_proxy_protocol;
    listener.routes.push_back({.host = {}, .sni = {}, .scope_service = {}, .upstream = "default"});
    return listener;
}

/// What gateway.forward_listen and its neighbours say.
Result<gateway::ListenerOptions> forward_listener(const Config& config) {
    const auto endpoint = parse_endpoint(config.gateway_forward_listen);
    if (!endpoint) return fail(Code::invalid, "gateway.forward_listen: " + endpoint.error().message);
    gateway::ListenerOptions listener;
    listener.host = endpoint->host;
    listener.port = endpoint->port;
    listener.proxy_protocol = config.gateway_proxy_protocol;
    listener.forward = true;
    return listener;
}

/// Beside what else is kept on this machine.
std::string ca_folder(const Config& config) {
    if (!config.gateway_ca_folder.empty()) return config.gateway_ca_folder;
    const std::filesystem::path spool = config.gateway_spool;
    return (spool.empty() ? config.data / std::filesystem::path("gateway-ca") : spool / "../gateway-ca")
        .lexically_normal();
}

gateway::ForwardOptions forward_options(const Config& config) {
    gateway::ForwardOptions forward;
    forward.ca_folder = ca_folder(config);
    forward.intercept = config.gateway_intercept;
    forward.connect_to = config.gateway_connect_to;
    forward.tunnel_others = config.gateway_other_hosts == "tunnel";
    forward.tunnel_local = config.gateway_tunnel_local;
    forward.tunnels_max = static_cast<std::size_t>(config.gateway_tunnels);
    forward.tunnel_idle_timeout = config.gateway_tunnel_idle;
    forward.upstream.ca_file = config.gateway_ca_file;
    forward.upstream.account = config.account;
    forward.upstream.region = config.region;
    return forward;
}

}  // namespace

bool has_gateway(const Config& config) {
    return !config.gateway_listen.empty() || !config.gateway_listeners.empty() ||
           !config.gateway_forward_listen.empty();
}

Result<std::string> gateway_certificate(const Config& config) {
    const SystemClock clock;
    const auto authority = gateway::CertificateAuthority::open(ca_folder(config), config.gateway_intercept, clock);
    if (!authority) return fail(authority.error());
    return (*authority)->certificate_file();
}

Result<gateway::GatewayOptions> gateway_options(const Config& config) {
    gateway::GatewayOptions options;
    using gateway::Mode;
    for (const auto mode : {Mode::observe, Mode::closed, Mode::intent})
        if (config.gateway_mode == gateway::name_of(mode)) options.mode = mode;
    options.intent_reads = config.gateway_intent_reads;
    options.trusted_proxies = config.gateway_trusted_proxies;
    options.threads = config.threads > 0 ? static_cast<int>(config.threads)
                                         : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    options.connections_max = static_cast<std::size_t>(config.connections);
    options.upstreams = config.gateway_upstreams;
    options.listeners = config.gateway_listeners;
    if (!config.gateway_upstream.empty()) options.upstreams.push_back(plain_upstream(config));
    if (!config.gateway_listen.empty()) {
        if (config.gateway_upstream.empty())
            return fail(Code::invalid, "gateway.upstream: a gateway needs the URL of what it stands in front of");
        auto listener = plain_listener(config);
        if (!listener) return fail(std::move(listener).error());
        options.listeners.push_back(std::move(*listener));
    }
    if (!config.gateway_forward_listen.empty()) {
        auto listener = forward_listener(config);
        if (!listener) return fail(std::move(listener).error());
        options.listeners.push_back(std::move(*listener));
    }
    options.forward = forward_options(config);
    for (auto& upstream : options.upstreams) {
        if (upstream.account.empty()) upstream.account = config.account;
        if (upstream.region.empty()) upstream.region = config.region;
        for (auto& name : upstream.calls.endpoint_names) name = wire::plain_host(name);
    }
    return options;
}

Result<std::unique_ptr<gateway::RecordSink>> make_remote_sink(const Config& config, Metrics& metrics) {
    if (config.gateway_cairn.empty())
        return fail(Code::invalid,
                    "gateway.cairn: where do records go? Name the endpoint of a cairn, with gateway.token; or run the "
                    "gateway inside `cairn serve`");
    auto remote = std::make_unique<gateway::RemoteSink>(gateway::RemoteSinkOptions{
        config.gateway_cairn, config.gateway_token, config.gateway_ca_file, config.gateway_name});
    if (config.gateway_spool.empty()) return remote;
    return SpooledSink::open(config, std::move(remote), metrics);
}

Result<std::unique_ptr<net::HttpServer>> serve_metrics(const Config& config, Metrics& metrics) {
    if (config.gateway_metrics.empty()) return std::unique_ptr<net::HttpServer>();
    const auto endpoint = parse_endpoint(config.gateway_metrics);
    if (!endpoint) return fail(Code::invalid, "gateway.metrics: " + endpoint.error().message);
    net::ServerOptions options;
    options.host = endpoint->host;
    options.port = endpoint->port;
    options.threads = 1;
    return net::HttpServer::start(
        std::move(options),
        [&metrics](net::Request request, std::unique_ptr<net::Responder> responder) {
            const net::Headers plain{{"Content-Type", "text/plain; version=0.0.4"}};
            if (request.path() == "/metrics") return responder->send({200, plain, metrics.render()});
            if (request.path() == "/healthz") return responder->send({200, plain, "ok\n"});
            responder->send({404, plain, "there are /metrics and /healthz\n"});
        },
        {}, metrics);
}

Result<std::unique_ptr<GatewayWork>> GatewayWork::start(const Config& config, const std::string& folder,
                                                        gateway::KeyBook& book, gateway::RecordSink& sink,
                                                        Metrics& metrics) {
    auto options = gateway_options(config);
    if (!options) return fail(std::move(options).error());
    if (folder.empty() && options->mode == gateway::Mode::intent) return no_place_for_intents();
    auto callers = make_callers(config, keys_of(*options), book);
    if (!callers) return fail(std::move(callers).error());
    auto work = std::make_unique<RunningGatewayWork>(std::move(*callers), sink, metrics);
    if (!folder.empty()) CAIRN_TRY(work->open_journal(folder));
    CAIRN_TRY(work->open(config, std::move(*options)));
    return work;
}

}  // namespace cairn::node
