#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace cairn {

/// How an event came in.
enum class Inlet : std::uint8_t { live = 0, import = 1, replay = 2, derived = 3 };

/// What cairn knows of an event beside its record (DESIGN.md principle 6). Format: docs/format/envelope.md.
struct Envelope {
    Time ingest_time{};
    Inlet inlet = Inlet::live;
    std::string writer;          ///< principal ARN or token id that wrote it, or "cairn" for the node's own events
    std::string gateway;         ///< name of the recording gateway; empty when there was none
    std::uint64_t sequence = 0;  ///< the gateway's sequence number; 0 when there was none
    std::string evidence;        ///< identity evidence of a gateway, opaque here
    bool conflict = false;       ///< another record with the same identity was stored before (principle 5)

    friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// Versioned bytes; a reader skips what a newer version appended.
std::string encode_envelope(const Envelope& envelope);
/// Error: corrupt, when the bytes end early or the version is newer than the reader may skip.
Result<Envelope> decode_envelope(std::string_view bytes);

}  // namespace cairn
