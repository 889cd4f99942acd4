#pragma once

#include <memory>
#include <string>

#include "gateway/record_sink.h"
#include "ingest/ingest.h"

namespace cairn::node {

/// Records of a gateway into this node. What comes while earlier records are on their way to the disk goes in together:
/// a busy gateway pays for one submission where it would for dozens, an idle one waits for nothing. `ingest` outlives
/// the sink and all that was given to it. As every sink, it may be ended once all that was given to it is answered.
std::unique_ptr<gateway::RecordSink> make_local_sink(ingest::Ingest& ingest, std::string gateway);

}  // namespace cairn::node
