// Any bytes: the record parser never crashes, agrees with the strict check, and shows what the text says.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "event/canonical.h"
#include "event/index_row.h"
#include "event/json_check.h"
#include "event/json_scan.h"
#include "event/record.h"

using namespace cairn;

namespace {

void check_accepted(std::string_view text, const EventView& view) {
    const bool in_text =
        view.raw.data() >= text.data() && view.raw.data() + view.raw.size() <= text.data() + text.size();
    CAIRN_CHECK(in_text && view.raw.starts_with('{') && view.raw.ends_with('}'));
    CAIRN_CHECK(!view.event_id.empty());

    std::vector<JsonOddity> oddities;
    CAIRN_CHECK(check_json(view.raw, RecordLimits{}.depth_max, oddities).has_value());
    CAIRN_CHECK(oddities.empty() == !(view.flags & (flag_big_number | flag_lone_surrogate)));

    IndexBatch batch;
    batch.add(view, 1);
    CAIRN_CHECK(batch.rows.size() == 1 && batch.scopes.size() == 1);
    for (const Resource& resource : view.resources) CAIRN_CHECK(!resource.name.empty());
}

/// The canonical text is the record in other clothes, unless it holds a surrogate, which it spells in bytes.
void check_canonical(std::string_view raw, const std::string& event_id, std::uint32_t flags) {
    const auto canonical = canonical_record(raw);
    CAIRN_CHECK(same_record(raw, raw));
    if (flags & flag_lone_surrogate) return;
    std::string padded = canonical + std::string(RecordParser::padding, ' ');
    RecordParser parser({.bytes_max = padded.size()});
    const auto again = parser.parse(std::string_view(padded).substr(0, canonical.size()));
    CAIRN_CHECK(again.has_value());
    // Sorting may bring members of one name closer together, but never changes their order.
    CAIRN_CHECK((*again)->event_id == event_id && (*again)->flags == flags);
    CAIRN_CHECK(canonical_record(canonical) == canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static RecordParser parser;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::string padded = std::string(bytes) + std::string(RecordParser::padding, '\x7f');
    const std::string_view text = std::string_view(padded).substr(0, size);

    if (const auto view = parser.parse(text)) {
        check_accepted(text, **view);
        const std::string event_id((*view)->event_id);
        const auto flags = (*view)->flags;
        check_canonical((*view)->raw, event_id, flags);
        const std::string path[] = {"requestParameters", "*", "0"};
        each_value_at((*view)->raw, path, [](const PathValue&) { return true; });
    } else {
        CAIRN_CHECK(view.error().message.size() < 300);
    }

    // The trusting reader stays within its bounds on anything.
    JsonScan scan(bytes);
    scan.value();
    std::string plain;
    append_unescaped(plain, bytes);
    return 0;
}
