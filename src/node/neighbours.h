#pragma once

#include <atomic>
#include <memory>

#include "node/config.h"
#include "seam/clock.h"
#include "seam/credentials.h"
#include "seam/key_service.h"
#include "seam/log_sink.h"
#include "seam/notifier.h"

namespace cairn::node {

/// The services elsewhere that `[sns]`, `[logs]` and `[kms]` of the configuration name. Any thread.
class Neighbours {
public:
    /// `clock` outlives it.
    Neighbours(const Config& config, const Clock& clock);

    /// Null: the configuration names none.
    Notifier* topics() const { return topics_.get(); }
    LogSink* log_groups() const { return log_groups_.get(); }
    KeyService* keys() const { return keys_.get(); }

    /// Calls under way fail within a second or so, as all later ones do. Does not block.
    void give_up() { given_up_ = true; }

private:
    std::atomic<bool> given_up_{false};
    std::unique_ptr<CredentialSource> sns_credentials_, logs_credentials_, kms_credentials_;
    std::unique_ptr<Notifier> topics_;
    std::unique_ptr<LogSink> log_groups_;
    std::unique_ptr<KeyService> keys_;
};

}  // namespace cairn::node
