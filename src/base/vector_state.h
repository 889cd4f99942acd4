#pragma once

namespace cairn {

/// Call it after every function of ISA-L 2.30: they leave the upper halves of the vector registers dirty, and all SSE
/// code that runs afterwards on the thread (zstd, simdjson's baseline parts, our own) then takes up to twice as long.
/// Costs about a nanosecond. Does nothing where there are no such registers.
void clear_vector_state();

}  // namespace cairn
