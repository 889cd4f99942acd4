#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "gateway/callers.h"
#include "gateway/hidden_members.h"
#include "gateway/key_aliases.h"
#include "gateway/record_sink.h"
#include "gateway/recorder.h"
#include "gateway/table_keys.h"
#include "wire/call_record.h"

namespace cairn::gateway {

/// What records take from an upstream.
struct Home {
    std::string account, region;  ///< of calls that name none
    wire::UpstreamProfile profile = wire::UpstreamProfile::generic;
    bool record_admin_paths = true;
};

struct RecordMakerOptions {
    std::map<std::string, Home, std::less<>> homes = {};  ///< by name of upstream
    bool record_failed_authentication = true;             ///< of other services than S3; S3's are always recorded
    HiddenMembers hidden = {};
};

/// Makes records of calls, and tells who wants to learn from them. Any thread; does not block.
class RecordMaker {
public:
    /// `callers` and `metrics` outlive it.
    RecordMaker(RecordMakerOptions options, Callers& callers, Metrics& metrics);

    /// The record of a call, and what S3 records beside it; nothing of a call that is not to be recorded. Calls without
    /// a record are counted, and others are learned from, but once.
    std::vector<GatewayRecord> make(const Call& call);

    /// Calls are recorded so from here on. Upstreams that are no longer named keep what was said of them: calls to them
    /// may be under way.
    void change(RecordMakerOptions options);

private:
    std::shared_ptr<const RecordMakerOptions> options() const;
    bool is_left_out(const Call& call, const RecordMakerOptions& options, const Home& home, bool refused);

    mutable std::mutex mutex_;
    std::shared_ptr<const RecordMakerOptions> options_;  // guarded by mutex_
    Callers& callers_;
    TableKeys tables_;
    KeyAliases aliases_;
    Counter &health_checks_, &admin_calls_, &failed_authentications_;
};

/// How sure it is that a call is by whom it claims: a server that verifies signatures has confirmed it by any answer
/// but an authentication error. Of AWS only by that of a service's own endpoint.
Confidence confidence_of(const Call& call, const wire::CallFailure& failure, wire::UpstreamProfile profile);

}  // namespace cairn::gateway
