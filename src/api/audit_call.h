#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/audit_event.h"
#include "api/context.h"

namespace cairn::api {

/// PutAuditEvents of cloudtrail-data (restJson1). An event whose id is stored already counts as successful: a retry
/// makes no second one, although the time of ingestion stands in the record.
class AuditCall {
public:
    explicit AuditCall(const Context& context) : context_(context) {}
    void handle(CallPointer call);

private:
    /// Ids that are being stored: a second call with the same event waits for the first, so that it finds it stored.
    class Claim;

    struct Entry {
        AuditEntry entry;
        std::string event_id;  ///< of a good entry
        std::optional<AuditProblem> problem;
        bool stored = false;  ///< before this call
    };

    void run(CallPointer call);
    std::expected<Channel, wire::ApiError> check(Call& call, std::vector<Entry>& entries) const;
    Result<bool> is_stored(const std::string& event_id, const Channel& channel) const;
    void store(CallPointer call, const Channel& channel, std::vector<Entry> entries);
    void refuse(CallPointer call, const wire::ApiError& error) const;
    void finish(CallPointer call, const std::vector<Entry>& entries) const;

    const Context& context_;
    std::mutex mutex_;
    std::condition_variable released_;
    std::set<std::string> claimed_;  // guarded by mutex_
};

}  // namespace cairn::api
