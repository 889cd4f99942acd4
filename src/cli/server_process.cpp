#include "cli/server_process.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pthread.h>
#include <unistd.h>

#include "backend/credentials/chain.h"
#include "base/log.h"
#include "node/reload.h"

namespace cairn::cli {

namespace {

LogLevel level_of(const std::string& name) {
    if (name == "debug") return LogLevel::debug;
    if (name == "warning") return LogLevel::warning;
    return name == "error" ? LogLevel::error : LogLevel::info;
}

}  // namespace

sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    return set;
}

void set_up_log(const node::Config& config) { configure_log(level_of(config.log_level), config.log_format == "json"); }

void warn_of_unknown_variables() {
    std::vector<std::string> names;
    for (const auto& [name, value] : process_environment()) names.push_back(name);
    if (const auto unknown = node::unknown_variables(names); !unknown.empty())
        log_warning("environment variables that name no setting are ignored",
                    {{"variables", fmt::format("{}", fmt::join(unknown, ", "))}, {"known", "see cairn config"}});
}

void log_reloaded(const node::Config& before, const node::Config& now) {
    log_info("the configuration was read again");
    const auto waiting = node::waiting_settings(before, now);
    if (waiting.empty()) return;
    log_warning("some settings wait for the next start", {{"settings", fmt::format("{}", fmt::join(waiting, ", "))}});
}

Result<void> write_endpoints(const std::string& path,
                             const std::vector<std::pair<std::string, std::string>>& endpoints) {
    const auto temporary = path + ".new";
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(temporary.c_str(), "w"), &std::fclose);
    if (!file) return fail(Code::denied, fmt::format("{} cannot be written", temporary));
    for (const auto& [name, endpoint] : endpoints) fmt::print(file.get(), "{}={}\n", name, endpoint);
    fmt::print(file.get(), "pid={}\n", ::getpid());
    file.reset();
    if (std::rename(temporary.c_str(), path.c_str()) != 0)
        return fail(Code::denied, fmt::format("{} cannot be written", path));
    return {};
}

}  // namespace cairn::cli
