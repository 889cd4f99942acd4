#pragma once

#include <memory>

#include "cli/import.h"
#include "cli/remote.h"

namespace cairn::cli {

/// Posts records to a running node's /ingest?inlet=import, compressed. `options` as Remote::connect takes them.
Result<std::unique_ptr<ImportSink>> remote_sink(const RemoteOptions& options);

/// Writes to an engine in this process. Whoever may open the data directory may write every account.
std::unique_ptr<ImportSink> local_sink(ingest::Ingest& ingest);

}  // namespace cairn::cli
