#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace cairn::gateway {

/// A record on its way to where it is kept.
struct GatewayRecord {
    std::string text;            ///< one line of JSON
    std::string evidence;        ///< what is known of the call beside it, JSON: kept in the event's envelope
    std::uint64_t sequence = 0;  ///< the order in which the gateway made its records
};

/// Where records become durable: the node that the gateway is part of, or one elsewhere. Any thread; does not block.
class RecordSink {
public:
    virtual ~RecordSink() = default;

    /// `done` is called once, from any thread: without a value when `record` is durable (or was before: a record may be
    /// given again). An error says why it is not; it may be given again later, but for `invalid`: it
    /// will never be taken.
    using Done = std::move_only_function<void(Result<void>)>;
    virtual void submit(GatewayRecord record, Done done) = 0;
};

}  // namespace cairn::gateway
