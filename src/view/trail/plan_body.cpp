#include "view/trail/plan_body.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace cairn::trail {

namespace {

constexpr std::uint8_t encoding_version = 3, version_without_window = 2, version_without_logs = 1;

void append_optional(std::string& out, const std::optional<std::string>& text) {
    append<std::uint8_t>(out, text.has_value());
    append_text(out, text.value_or(""));
}

std::optional<std::string> read_optional(ByteReader& reader) {
    const bool there = reader.integer<std::uint8_t>() != 0;
    std::string text(reader.text());
    return there ? std::optional(std::move(text)) : std::nullopt;
}

Time read_time(ByteReader& reader) { return from_milliseconds(reader.integer<std::int64_t>()); }

}  // namespace

std::string encode(const PlannedDelivery& planned) {
    std::string out;
    append<std::uint8_t>(out, encoding_version);
    append<std::uint8_t>(out, static_cast<std::uint8_t>(planned.kind));
    append<std::uint8_t>(out, static_cast<std::uint8_t>(planned.tree));
    for (const auto* text : {&planned.trail_id, &planned.trail_arn, &planned.account, &planned.region, &planned.bucket,
                             &planned.key, &planned.hash, &planned.digest, &planned.signature})
        append_text(out, *text);
    append_optional(out, planned.key_arn);
    append_optional(out, planned.topic_arn);
    for (const auto time : {planned.planned, planned.oldest, planned.newest})
        append<std::int64_t>(out, to_milliseconds(time));
    append_text(out, planned.log_group_arn);
    append_text(out, planned.log_stream);
    append<std::uint8_t>(out, planned.window.has_value());
    append<std::int64_t>(out, to_milliseconds(planned.window.value_or(Time{})));
    return out;
}

Result<PlannedDelivery> decode_delivery(std::string_view body) {
    ByteReader reader(body);
    PlannedDelivery planned;
    const auto version = reader.integer<std::uint8_t>();
    const auto kind = reader.integer<std::uint8_t>(), tree = reader.integer<std::uint8_t>();
    for (auto* text : {&planned.trail_id, &planned.trail_arn, &planned.account, &planned.region, &planned.bucket,
                       &planned.key, &planned.hash, &planned.digest, &planned.signature})
        *text = reader.text();
    planned.key_arn = read_optional(reader);
    planned.topic_arn = read_optional(reader);
    planned.planned = read_time(reader);
    planned.oldest = read_time(reader);
    planned.newest = read_time(reader);
    const bool known = version >= version_without_logs && version <= encoding_version;
    if (version > version_without_logs) {
        planned.log_group_arn = reader.text();
        planned.log_stream = reader.text();
    }
    if (version > version_without_window) {
        const bool there = reader.integer<std::uint8_t>() != 0;
        const auto window = read_time(reader);
        if (there) planned.window = window;
    }
    if (!known || kind > 3 || tree >= tree_count || !reader.ok() || !reader.rest().empty())
        return fail(Code::corrupt, "a planned delivery is damaged");
    planned.kind = static_cast<PlannedDelivery::Kind>(kind);
    planned.tree = static_cast<Tree>(tree);
    return planned;
}

}  // namespace cairn::trail
