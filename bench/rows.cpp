// What the peers index: the searchable fields of each record as cairn derives them, one JSON array a line, in the order
// of the file:
//   bench_rows RECORDS.ndjson EVENTS
//   [milliseconds since 1970, account, region, EventId, EventName, EventSource, Username, AccessKeyId, ReadOnly,
//   [[ResourceType, ResourceName], ...]]
// So every peer stores and finds exactly what cairn does, and none of them pays for reading JSON.

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "base/json.h"
#include "event/record.h"

namespace {

using namespace cairn;

std::string_view read_only_text(ReadOnly value) {
    return value == ReadOnly::yes ? "true" : value == ReadOnly::no ? "false" : "";
}

void append_row(std::string& out, const EventView& event) {
    out += fmt::format("[{}", to_milliseconds(event.time));
    for (const auto field : {event.account, event.region, event.event_id, event.event_name, event.event_source,
                             event.username, event.access_key_id, read_only_text(event.read_only)}) {
        out += ',';
        append_json_string(out, field);
    }
    out += ",[";
    for (const auto& resource : event.resources) {
        out += &resource == event.resources.data() ? "[" : ",[";
        append_json_string(out, resource.type);
        out += ',';
        append_json_string(out, resource.name);
        out += ']';
    }
    out += "]]\n";
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        fmt::print(stderr, "usage: bench_rows RECORDS.ndjson EVENTS\n");
        return 2;
    }
    const auto events = std::strtoull(argv[2], nullptr, 10);
    std::ifstream lines(argv[1]);
    RecordParser parser;
    std::string line, out;
    for (std::uint64_t number = 0; number < events && std::getline(lines, line); ++number) {
        line.reserve(line.size() + RecordParser::padding);
        const auto event = parser.parse(line);
        if (!event) {
            fmt::print(stderr, "{}:{}: {}\n", argv[1], number + 1, event.error().message);
            return 1;
        }
        out.clear();
        append_row(out, **event);
        std::fwrite(out.data(), 1, out.size(), stdout);
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}
