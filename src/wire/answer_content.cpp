#include "wire/answer_content.h"

#include <algorithm>

#include "base/gunzip.h"
#include "net/http.h"

namespace cairn::wire {

namespace {

constexpr std::size_t inflated_bytes_max = 16 << 20, ratio_max = 100;

}  // namespace

AnswerContent::AnswerContent(const CallAnswer& answer) {
    if (!answer.whole || answer.body.empty()) return;
    const auto encoding = answer.find("content-encoding");
    if (encoding.empty() || net::equal_names(encoding, "identity")) {
        bytes_ = answer.body;
        return;
    }
    if (!net::equal_names(encoding, "gzip")) return;
    auto inflated = inflate_member(answer.body, std::min(inflated_bytes_max, ratio_max * answer.body.size()));
    if (!inflated || inflated->end != MemberEnd::whole) return;
    inflated_ = std::move(inflated->content);
    bytes_ = inflated_;
}

}  // namespace cairn::wire
