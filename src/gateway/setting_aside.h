#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/metrics.h"
#include "gateway/record_sink.h"
#include "seam/disk.h"

namespace cairn::gateway {

struct SettingAsideOptions {
    std::string folder = "refused";       ///< of the file records.ndjson
    std::uint64_t bytes_max = 64u << 20;  ///< of it; above it nothing is set aside
};

/// A sink before another one. What that will never take (an error of `invalid`: the token may not write for this
/// account, say) is set aside on the gateway's own disk, durably, as a line that POST /ingest?gateway=NAME takes,
/// logged and counted: so one record that nobody wants holds up no other. Any thread; blocks for a sync when it sets
/// aside.
class SettingAside final : public RecordSink {
public:
    /// `sink`, `disk` and `metrics` outlive it. `disk` null: there is no place, and errors of `invalid` pass.
    SettingAside(RecordSink& sink, Disk* disk, Metrics& metrics, SettingAsideOptions options = {});

    void submit(GatewayRecord record, Done done) override;

private:
    Result<void> keep(const GatewayRecord& record);

    RecordSink& sink_;
    Disk* const disk_;
    const SettingAsideOptions options_;
    Counter& refused_;
    std::mutex mutex_;
    std::unique_ptr<File> file_;  // guarded by mutex_, as below; null: not opened yet
    std::uint64_t end_ = 0;
};

/// The line in which a gateway tells a cairn of a record: docs/api.md, "POST /ingest".
void append_gateway_line(std::string& out, const GatewayRecord& record);

}  // namespace cairn::gateway
