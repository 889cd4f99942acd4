#pragma once

#include "view/trail/contents.h"
#include "view/trail/log_streams.h"
#include "view/trail/open_files.h"
#include "view/trail/spool.h"

namespace cairn::trail {

/// What planning leaves for putting, as far as this process planned it. All of it can be made again from log and meta
/// store. Any thread.
struct UnderWay {
    Spool spool;
    Contents contents;
    OpenFiles open_files;
    LogStreams log_streams;
};

}  // namespace cairn::trail
