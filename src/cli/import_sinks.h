#pragma once

#include <memory>

#include "cli/import.h"
#include "cli/remote.h"

namespace cairn::cli {

/// Names the store behind a running node: the same text for the same data directory, another for every other; empty
/// when the node does not say. Errors: those of Remote; denied, when the caller may not write.
Result<std::string> remote_store(const RemoteOptions& options);

/// Posts records to a running node's /ingest?inlet=import, compressed. `options` as Remote::connect takes them.
Result<std::unique_ptr<ImportSink>> remote_sink(const RemoteOptions& options);

/// Writes to an engine in this process. Whoever may open the data directory may write every account.
std::unique_ptr<ImportSink> local_sink(ingest::Ingest& ingest);

}  // namespace cairn::cli
