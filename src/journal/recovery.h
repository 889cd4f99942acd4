#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace cairn::journal {

/// What is known of one place of a journal file where the frame with the next sequence should begin.
struct Evidence {
    bool header = false;      ///< a frame header with a right CRC is there
    bool version = false;     ///< of a version this cairn reads
    bool generation = false;  ///< of the file's own generation
    bool expected = false;    ///< with the next sequence and event number
    bool body = false;        ///< whole, with a right CRC
    bool chain = false;       ///< linked to the frame before (true when that one is not known)
    bool traces = false;      ///< here or later in the file bytes of the file's own generation are left
    bool needed = false;      ///< it is proven that this frame was durable once
};
inline constexpr std::size_t evidence_bits = 8;

enum class Verdict : std::uint8_t {
    keep,           ///< a whole frame
    keep_unlinked,  ///< a whole frame that does not continue the chain: kept, reported
    refuse,         ///< written by a newer version
    end,            ///< nothing more was written to this file
    torn,           ///< the last commit did not get whole to disk: cut here, nothing of it was acknowledged
    damaged,        ///< an acknowledged frame is not readable: step over it, report its events
    impossible,     ///< the evidence contradicts itself
};

/// One case: each bit of `wanted` must be as in `value`, in the order of Evidence.
struct RecoveryCase {
    const char* name;
    std::uint8_t wanted;
    std::uint8_t value;
    Verdict verdict;
};

/// All cases. Every combination of evidence meets exactly one.
std::span<const RecoveryCase> recovery_cases();

std::uint8_t bits_of(const Evidence& evidence);

/// The verdict of the one case that `evidence` meets.
Verdict judge(const Evidence& evidence);

}  // namespace cairn::journal
