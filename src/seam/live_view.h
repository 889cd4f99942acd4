#pragma once

#include <cstdint>

#include "event/index_row.h"

namespace cairn {

/// A view that learns of events the moment they are durable, before their writer is answered, so that a lookup sent
/// after the acknowledgement contains them. It still pulls from the log what it missed while it was not running.
class LiveView {
public:
    virtual ~LiveView() = default;

    /// Events of `batch` are durable and readable. Called in number order by one thread; must not block for long.
    virtual void publish(const IndexBatch& batch) = 0;
};

}  // namespace cairn
