#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "event/record.h"
#include "match/selector_match.h"
#include "match/selector_rules.h"

using namespace cairn;
using namespace cairn::match;

namespace {

void require(bool fact) {
    if (!fact) std::abort();
}

/// A list of selectors selects what any one of them does, and is the same after being written and read.
template <class Selector, class Read>
void check(const std::vector<Selector>& selectors, std::vector<Selector> EventSelectors::* kind, Read&& read,
           const EventView& event) {
    if (!validate(selectors)) return;
    const auto again = read(to_json(selectors));
    require(again && *again == selectors);
    EventSelectors all;
    all.*kind = selectors;
    const bool any = std::ranges::any_of(selectors, [&](const Selector& selector) {
        EventSelectors one;
        one.*kind = {selector};
        return CompiledSelectors(one).selects(event);
    });
    require(CompiledSelectors(all).selects(event) == any);
}

}  // namespace

// The first part, up to a zero byte, is a list of selectors as the API takes it, the rest a record.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto zero = std::min(text.find('\0'), size);
    const auto list = parse_json(text.substr(0, zero));
    if (!list) return 0;
    std::string record(text.substr(std::min(zero + 1, size)));
    const auto length = record.size();
    record.append(RecordParser::padding, ' ');
    RecordParser parser;
    const auto event = parser.parse(std::string_view(record).substr(0, length));
    const EventView none;
    const auto& view = event ? **event : none;
    if (const auto basic = read_basic_selectors(*list))
        check(*basic, &EventSelectors::basic, read_basic_selectors, view);
    if (const auto advanced = read_advanced_selectors(*list))
        check(*advanced, &EventSelectors::advanced, read_advanced_selectors, view);
    if (const auto insights = read_insight_selectors(*list); insights && validate(*insights)) {
        const auto again = read_insight_selectors(to_json(*insights));
        require(again && *again == *insights);
    }
    return 0;
}
