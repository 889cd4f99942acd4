#include "journal/recovery.h"

#include <algorithm>

#include "base/check.h"

namespace cairn::journal {

namespace {

/// Reads "1 1 0 * ..." in the order of Evidence.
consteval RecoveryCase row(const char* name, const char* pattern, Verdict verdict) {
    RecoveryCase made{name, 0, 0, verdict};
    int bit = 0;
    for (const char* at = pattern; *at != '\0'; ++at) {
        if (*at == ' ') continue;
        if (*at != '*') made.wanted |= static_cast<std::uint8_t>(1 << bit);
        if (*at == '1') made.value |= static_cast<std::uint8_t>(1 << bit);
        ++bit;
    }
    if (bit != evidence_bits) throw "a row has one mark per bit";
    return made;
}

//                        header version generation expected body chain traces needed
constexpr RecoveryCase cases[] = {
    row("whole frame", "1 1 1 1 1 1 1 *", Verdict::keep),
    row("whole, not linked", "1 1 1 1 1 0 1 *", Verdict::keep_unlinked),
    row("newer version", "1 0 * * * * * *", Verdict::refuse),
    row("body lost", "1 1 1 1 0 * 1 1", Verdict::damaged),
    row("body torn", "1 1 1 1 0 * 1 0", Verdict::torn),
    row("frame lost before", "1 1 1 0 * * 1 1", Verdict::damaged),
    row("frame torn before", "1 1 1 0 * * 1 0", Verdict::torn),
    row("own header without trace", "1 1 1 * * * 0 *", Verdict::impossible),
    row("stale, frame lost", "1 1 0 * * * * 1", Verdict::damaged),
    row("stale, frame torn", "1 1 0 * * * 1 0", Verdict::torn),
    row("stale", "1 1 0 * * * 0 0", Verdict::end),
    row("header lost", "0 * * * * * * 1", Verdict::damaged),
    row("header torn", "0 * * * * * 1 0", Verdict::torn),
    row("never written", "0 * * * * * 0 0", Verdict::end),
};

}  // namespace

std::span<const RecoveryCase> recovery_cases() { return cases; }

std::uint8_t bits_of(const Evidence& evidence) {
    const bool bits[evidence_bits] = {evidence.header, evidence.version, evidence.generation, evidence.expected,
                                      evidence.body,   evidence.chain,   evidence.traces,     evidence.needed};
    std::uint8_t value = 0;
    for (std::size_t bit = 0; bit < evidence_bits; ++bit)
        if (bits[bit]) value |= static_cast<std::uint8_t>(1 << bit);
    return value;
}

Verdict judge(const Evidence& evidence) {
    const auto bits = bits_of(evidence);
    const auto found =
        std::ranges::find_if(cases, [&](const RecoveryCase& one) { return (bits & one.wanted) == one.value; });
    CAIRN_CHECK(found != std::end(cases));
    return found->verdict;
}

}  // namespace cairn::journal
