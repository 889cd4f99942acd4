#pragma once

#include "base/time.h"

namespace cairn {

/// Where time comes from. Everything that decides by time takes one, so that tests can set it.
class Clock {
public:
    virtual ~Clock() = default;

    /// Wall clock in UTC. May jump either way.
    virtual Time now() const = 0;
};

}  // namespace cairn
