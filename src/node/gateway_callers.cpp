#include "node/gateway_callers.h"

#include <utility>

namespace cairn::node {

Result<std::unique_ptr<gateway::KnownCallers>> make_callers(
    const Config& config, std::map<std::string, gateway::UpstreamKeys, std::less<>> upstreams, gateway::KeyBook& book) {
    std::unique_ptr<gateway::IdentityFile> file;
    if (!config.gateway_identity_file.empty()) {
        auto opened = gateway::IdentityFile::open(config.gateway_identity_file);
        if (!opened) return fail(std::move(opened).error());
        file = std::move(*opened);
    }
    return std::make_unique<gateway::KnownCallers>(std::move(upstreams), &book, std::move(file));
}

}  // namespace cairn::node
