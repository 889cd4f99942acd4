#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/log.h"
#include "cli/command.h"
#include "cli/server_process.h"
#include "node/server.h"

namespace cairn::cli {

namespace {

struct ServeOptions {
    ConfigFlags config;
    std::string listen, endpoint_file;
    int grace_seconds = 10;
};

void show_new_key(const node::Server& server) {
    const auto& created = server.new_key();
    if (!created) return;
    fmt::print(
        "This is the root key of account {}. It is shown once; cairn keeps it encrypted.\n\n"
        "    export AWS_ENDPOINT_URL={}\n    export AWS_ACCESS_KEY_ID={}\n    export AWS_SECRET_ACCESS_KEY={}\n\n"
        "    aws cloudtrail lookup-events --endpoint-url {} --max-items 5\n\n",
        created->key.account, server.endpoint(), created->key.id, created->secret, server.endpoint());
    std::fflush(stdout);
}

int serve(const ServeOptions& options) {
    std::map<std::string, std::string> more;
    if (!options.listen.empty()) more["listen"] = options.listen;
    const auto config = options.config.load(more);
    if (!config) return failed(config.error());
    set_up_log(*config);
    warn_of_unknown_variables();

    const auto signals = block_signals();
    auto server = node::Server::start(*config);
    if (!server) return failed(server.error());
    show_new_key(**server);
    log_info("cairn is listening", {{"endpoint", (*server)->endpoint()}, {"data", config->data}});
    std::vector<std::pair<std::string, std::string>> endpoints{{"endpoint", (*server)->endpoint()}};
    for (const auto& endpoint : (*server)->gateway_endpoints()) {
        log_info("the gateway is listening", {{"endpoint", endpoint}, {"mode", config->gateway_mode}});
        endpoints.emplace_back("gateway", endpoint);
    }
    if (!options.endpoint_file.empty())
        if (auto written = write_endpoints(options.endpoint_file, endpoints); !written) return failed(written.error());

    for (int signal = 0; sigwait(&signals, &signal) == 0 && signal == SIGHUP;) {
        const auto changed = options.config.load(more);
        if (!changed) {
            log_error("the configuration stays as it was", {{"reason", changed.error().message}});
            continue;
        }
        if (const auto reloaded = (*server)->reload(*changed); reloaded)
            log_reloaded(*config, *changed);
        else
            log_error("the configuration stays as it was", {{"reason", reloaded.error().message}});
    }
    log_info("stopping");
    (*server)->stop(std::chrono::seconds(options.grace_seconds));
    server->reset();
    log_info("stopped");
    return 0;
}

}  // namespace

void add_serve(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand("serve", "Run a node: record, keep, look up");
    const auto options = std::make_shared<ServeOptions>();
    options->config.add_to(*command);
    command->add_option("--listen", options->listen, "address and port, default 127.0.0.1:4610")
        ->type_name("HOST:PORT");
    command
        ->add_option(
            "--endpoint-file", options->endpoint_file,
            "written when the node is ready: endpoint=URL, gateway=URL for each listener of a gateway, and pid=NUMBER")
        ->type_name("FILE");
    expect_whole_number(
        *command->add_option("--grace", options->grace_seconds, "seconds that running requests get after SIGTERM")
             ->capture_default_str(),
        0);
    command->footer(
        "SIGTERM and SIGINT answer what runs and stop; SIGHUP reads the configuration again: the gateway, certificates "
        "and legal holds.");
    command->callback([&run, options] { run = [options] { return serve(*options); }; });
}

}  // namespace cairn::cli
