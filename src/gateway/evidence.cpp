#include "gateway/evidence.h"

#include <charconv>

#include "base/uuid.h"
#include "wire/record_text.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t answer_bytes_max = 100'000;
constexpr unsigned attempts_max = 1'000;

std::string_view name_of(Confidence confidence) {
    switch (confidence) {
        case Confidence::claimed: return "claimed";
        case Confidence::confirmed: return "confirmed";
        case Confidence::foreign: return "foreign";
        case Confidence::refused: return "refused";
    }
    return "claimed";
}

/// N of "attempt=N; max=M"; 0 if it is none.
unsigned attempt_of(std::string_view text) {
    constexpr std::string_view name = "attempt=";
    const auto at = text.find(name);
    if (at == std::string_view::npos) return 0;
    text.remove_prefix(at + name.size());
    unsigned attempt = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), attempt);
    return error == std::errc() && attempt <= attempts_max ? attempt : 0;
}

}  // namespace

std::string evidence_text(const Evidence& evidence) {
    std::string out;
    out.reserve(160);
    wire::ObjectText members(out);
    members.text("upstream", evidence.upstream).text("confidence", name_of(evidence.confidence));
    if (evidence.outcome_unknown) members.text("outcome", "unknown");
    // A client may write anything there: only what SDKs write is kept.
    if (const auto id = evidence.head.find("amz-sdk-invocation-id"); parse_uuid(id)) members.text("invocationId", id);
    if (const auto attempt = attempt_of(evidence.head.find("amz-sdk-request")); attempt > 0)
        members.number("attempt", attempt);
    if (evidence.answer && !evidence.answer->is_null()) {
        const auto answer = to_text(*evidence.answer);
        members.raw("answer", answer.size() <= answer_bytes_max ? std::string_view(answer) : wire::omitted_content);
    }
    members.end();
    return out;
}

}  // namespace cairn::gateway
