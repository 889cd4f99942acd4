#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace cairn::gateway {

/// Where records become durable: the node that the gateway is part of, or one elsewhere. Any thread; does not block.
class RecordSink {
public:
    virtual ~RecordSink() = default;

    /// `done` is called once, from any thread: without a value when `record` is durable (or was before: a record may be
    /// given again). An error says why it is not; it may be given again later.
    using Done = std::move_only_function<void(Result<void>)>;
    virtual void submit(std::string record, std::uint64_t sequence, Done done) = 0;
};

}  // namespace cairn::gateway
