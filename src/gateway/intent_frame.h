#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/uuid.h"
#include "gateway/record_sink.h"

namespace cairn::gateway {

/// The bytes of a file of intents: docs/format/intents.md.
inline constexpr std::size_t intent_header_bytes = 16, intent_frame_header_bytes = 24;
inline constexpr std::uint32_t intent_records_bytes_max = 64u << 20;  ///< of the records of one frame

std::string intent_header();

/// Error: corrupt: no file of intents, or of a newer version.
Result<void> check_intent_header(std::string_view bytes);

/// What stands for a call from now on; without records the call is settled.
struct IntentFrame {
    Uuid id;
    std::string_view records;  ///< as read_intent_records() takes them
};

/// Appends a frame. No records: the call is settled.
void append_intent_frame(std::string& out, const Uuid& id, std::span<const GatewayRecord> records);

/// Takes a frame off the front of what a file has behind its header. Empty at the end, at a frame that is cut, and at
/// one that is damaged.
std::optional<IntentFrame> take_intent_frame(std::string_view& bytes);

/// The records of a frame.
std::vector<GatewayRecord> read_intent_records(std::string_view records);

}  // namespace cairn::gateway
