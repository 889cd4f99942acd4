#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log.h"
#include "base/metrics.h"
#include "cli/command.h"
#include "cli/server_process.h"
#include "node/gateway_work.h"
#include "node/reload.h"
#include "node/session_work.h"

namespace cairn::cli {

namespace {

struct GatewayCommand {
    ConfigFlags config;
    std::string listen, forward_listen, upstream, cairn, mode, endpoint_file;
    int grace_seconds = 10;
};

std::map<std::string, std::string> settings_of(const GatewayCommand& options) {
    std::map<std::string, std::string> settings;
    const std::pair<const char*, const std::string*> given[] = {{"gateway.listen", &options.listen},
                                                                {"gateway.forward_listen", &options.forward_listen},
                                                                {"gateway.upstream", &options.upstream},
                                                                {"gateway.cairn", &options.cairn},
                                                                {"gateway.mode", &options.mode}};
    for (const auto& [key, value] : given)
        if (!value->empty()) settings[key] = *value;
    return settings;
}

int run_gateway(const GatewayCommand& options) {
    const auto config = options.config.load(settings_of(options));
    if (!config) return failed(config.error());
    if (!node::has_gateway(*config))
        return failed({Code::invalid,
                       "gateway.listen: say where the gateway listens, with --listen or --forward-listen HOST:PORT"});
    if (auto fine = node::check_config(*config); !fine) return failed(fine.error());
    set_up_log(*config);
    warn_of_unknown_variables();

    const auto signals = block_signals();
    Metrics metrics;
    auto sink = node::make_remote_sink(*config, metrics);
    if (!sink) return failed(sink.error());
    const auto book = node::make_key_book();
    auto work = node::GatewayWork::start(*config, config->gateway_spool, *book, **sink, metrics);
    if (!work) return failed(work.error());
    auto metrics_server = node::serve_metrics(*config, metrics);
    if (!metrics_server) return failed(metrics_server.error());
    std::vector<std::pair<std::string, std::string>> endpoints;
    if (*metrics_server) endpoints.emplace_back("metrics", config->gateway_metrics);
    for (const auto& endpoint : (*work)->endpoints()) {
        log_info("the gateway is listening", {{"endpoint", endpoint}, {"mode", config->gateway_mode}});
        endpoints.emplace_back("gateway", endpoint);
    }
    if (!options.endpoint_file.empty())
        if (auto written = write_endpoints(options.endpoint_file, endpoints); !written) return failed(written.error());

    for (int signal = 0; sigwait(&signals, &signal) == 0 && signal == SIGHUP;) {
        const auto changed = options.config.load(settings_of(options));
        if (!changed) {
            log_error("the configuration stays as it was", {{"reason", changed.error().message}});
            continue;
        }
        const auto taken = node::reloaded_config(*config, *changed);
        auto fine = node::check_config(taken);
        if (fine) fine = (*work)->reload(taken);
        if (fine)
            log_reloaded(*config, *changed);
        else
            log_error("the configuration stays as it was", {{"reason", fine.error().message}});
    }
    log_info("stopping");
    (*work)->stop(std::chrono::seconds(options.grace_seconds));
    log_info("stopped");
    return 0;
}

int show_certificate(const GatewayCommand& options) {
    const auto config = options.config.load(settings_of(options));
    if (!config) return failed(config.error());
    set_up_log(*config);
    const auto file = node::gateway_certificate(*config);
    if (!file) return failed(file.error());
    const auto& listen = config->gateway_forward_listen;
    fmt::print("export AWS_CA_BUNDLE={}\nexport HTTPS_PROXY=http://{}\n", *file,
               listen.empty() ? "127.0.0.1:4612" : listen);
    return 0;
}

}  // namespace

void add_gateway(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand(
        "gateway", "Stand in front of an AWS-like service, forward each call, and record it in a cairn elsewhere");
    const auto options = std::make_shared<GatewayCommand>();
    options->config.add_to(*command);
    command->add_option("--listen", options->listen, "address and port of the gateway")->type_name("HOST:PORT");
    command
        ->add_option("--forward-listen", options->forward_listen,
                     "address and port of a forward proxy in front of AWS itself")
        ->type_name("HOST:PORT");
    command->add_option("--upstream", options->upstream, "the service that calls are forwarded to")->type_name("URL");
    command->add_option("--cairn", options->cairn, "the cairn that keeps the records; its token is gateway.token")
        ->type_name("URL");
    command
        ->add_option("--mode", options->mode,
                     "closed (default): answers wait for their record; observe: they do not; intent: calls wait, too")
        ->type_name("MODE");
    command
        ->add_option("--endpoint-file", options->endpoint_file,
                     "written when the gateway is ready: gateway=URL for each listener, and pid=NUMBER")
        ->type_name("FILE");
    expect_whole_number(
        *command->add_option("--grace", options->grace_seconds, "seconds that running calls get after SIGTERM")
             ->capture_default_str(),
        0);
    command->footer(
        "`cairn serve` with the same [gateway] section keeps the records itself. SIGTERM and SIGINT answer what runs "
        "and "
        "stop; SIGHUP reads the configuration again.");
    auto* const certificate = command->add_subcommand(
        "ca",
        "Print what clients of the forward proxy set, and make the certificate that they are to trust if it is not "
        "there yet");
    certificate->fallthrough();  // `cairn gateway ca --data DIR`, too
    command->callback([&run, options, certificate] {
        if (certificate->parsed())
            run = [options] { return show_certificate(*options); };
        else
            run = [options] { return run_gateway(*options); };
    });
}

}  // namespace cairn::cli
