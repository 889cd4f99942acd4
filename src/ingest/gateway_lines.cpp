#include "ingest/gateway_lines.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/json.h"
#include "ingest/json_cut.h"

namespace cairn::ingest {

namespace {

/// Gives the members of the object that `line` is to `use`, as they are written. False when it is none.
bool each_member(std::string_view line, const auto& use) {
    auto at = skip_space(line, 0);
    if (at >= line.size() || line[at] != '{') return false;
    at = skip_space(line, at + 1);
    while (at < line.size() && line[at] == '"') {
        const auto name_end = string_end(line, at);
        if (name_end == std::string_view::npos) return false;
        const auto name = line.substr(at + 1, name_end - at - 2);
        at = skip_space(line, name_end);
        if (at >= line.size() || line[at] != ':') return false;
        at = skip_space(line, at + 1);
        const auto end = at < line.size() ? any_value_end(line, at) : std::string_view::npos;
        if (end == std::string_view::npos || end > line.size()) return false;
        use(name, line.substr(at, end - at));
        at = skip_space(line, end);
        if (at < line.size() && line[at] == '}') return skip_space(line, at + 1) >= line.size();
        if (at >= line.size() || line[at] != ',') return false;
        at = skip_space(line, at + 1);
    }
    return false;
}

/// What is wrong with a line; empty when it was taken apart.
std::string read_line(std::string_view line, Slice& slice, Origin& origin) {
    std::string problem;
    const bool whole = each_member(line, [&](std::string_view name, std::string_view value) {
        if (name == "record") {
            slice.text = value;
        } else if (name == "sequence") {
            const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), origin.sequence);
            if (error != std::errc() || end != value.data() + value.size()) problem = "sequence is no number";
        } else if (name == "evidence") {
            if (value.size() > evidence_bytes_max)
                problem = fmt::format("evidence is longer than {} bytes", evidence_bytes_max);
            else if (!value.starts_with('{') || !parse_json(value))
                problem = "evidence is no JSON object";
            else
                origin.evidence = value;
        } else {
            problem = "a member is none of sequence, evidence, record";
        }
    });
    if (!whole) return "this is no JSON object";
    if (problem.empty() && !slice.text.starts_with('{')) return "there is no record";
    return problem;
}

}  // namespace

GatewayLines slice_gateway_lines(std::string_view body, std::size_t slices_max) {
    GatewayLines out;
    out.sliced.container = Container::ndjson;
    std::uint64_t number = 0;
    for (std::size_t begin = 0; begin < body.size();) {
        const auto end = std::min(body.find('\n', begin), body.size());
        const auto line = body.substr(begin, end - begin);
        begin = end + 1;
        ++number;
        if (skip_space(line, 0) >= line.size()) continue;
        if (out.sliced.slices.size() >= slices_max) {
            out.sliced.slices.push_back({{}, number, fmt::format("more than {} records", slices_max)});
            break;
        }
        Slice slice;
        Origin origin;
        slice.line = number;
        slice.problem = read_line(line, slice, origin);
        if (slice.problem.empty())
            out.origins.push_back(std::move(origin));
        else
            slice.text = {};
        out.sliced.slices.push_back(std::move(slice));
    }
    return out;
}

}  // namespace cairn::ingest
