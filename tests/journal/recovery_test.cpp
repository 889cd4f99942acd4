#include "journal/recovery.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace cairn::journal {
namespace {

Evidence evidence_of(unsigned bits) {
    return {(bits & 1) != 0,  (bits & 2) != 0,  (bits & 4) != 0,  (bits & 8) != 0,
            (bits & 16) != 0, (bits & 32) != 0, (bits & 64) != 0, (bits & 128) != 0};
}

TEST(Recovery, EveryCombinationMeetsExactlyOneCase) {
    std::map<std::string, int> met;
    for (unsigned bits = 0; bits < (1u << evidence_bits); ++bits) {
        SCOPED_TRACE(bits);
        ASSERT_EQ(bits_of(evidence_of(bits)), bits);
        int cases = 0;
        for (const auto& one : recovery_cases())
            if ((bits & one.wanted) == one.value) {
                ++cases;
                ++met[one.name];
                EXPECT_EQ(judge(evidence_of(bits)), one.verdict);
            }
        EXPECT_EQ(cases, 1);
    }
    EXPECT_EQ(met.size(), recovery_cases().size()) << "a case is never met";
}

TEST(Recovery, NothingAcknowledgedIsEverCut) {
    for (unsigned bits = 0; bits < (1u << evidence_bits); ++bits) {
        const auto evidence = evidence_of(bits);
        if (!evidence.needed) continue;
        SCOPED_TRACE(bits);
        const auto verdict = judge(evidence);
        EXPECT_NE(verdict, Verdict::torn);
        EXPECT_NE(verdict, Verdict::end);
    }
}

TEST(Recovery, OnlyWholeFramesInTheirPlaceAreKept) {
    for (unsigned bits = 0; bits < (1u << evidence_bits); ++bits) {
        const auto evidence = evidence_of(bits);
        const auto verdict = judge(evidence);
        if (verdict != Verdict::keep && verdict != Verdict::keep_unlinked) continue;
        SCOPED_TRACE(bits);
        EXPECT_TRUE(evidence.header && evidence.version && evidence.generation && evidence.expected && evidence.body);
        EXPECT_EQ(verdict == Verdict::keep, evidence.chain);
    }
}

}  // namespace
}  // namespace cairn::journal
