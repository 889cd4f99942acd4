#include "backend/aws/log_groups.h"

#include <fmt/format.h>

namespace cairn::aws {

namespace {

/// NAME of "arn:aws:logs:REGION:ACCOUNT:log-group:NAME:*".
std::string group_name(std::string_view arn) {
    constexpr std::string_view kind = ":log-group:";
    const auto begin = arn.find(kind);
    const auto name = begin == std::string_view::npos ? std::string_view() : arn.substr(begin + kind.size());
    return std::string(name.substr(0, name.find(':')));
}

}  // namespace

Result<void> LogGroups::create_stream(const LogStream& stream) {
    const auto made =
        client_.json_call(stream.group_arn, "Logs_20140328.CreateLogStream",
                          JsonObject{{"logGroupName", group_name(stream.group_arn)}, {"logStreamName", stream.name}});
    const bool there = !made && made.error().message.starts_with("ResourceAlreadyExistsException: ");
    return made || there ? Result<void>() : fail(made.error());
}

Result<void> LogGroups::put(const LogStream& stream, Time at, const std::vector<std::string_view>& messages) {
    JsonArray events;
    events.reserve(messages.size());
    for (const auto message : messages)
        events.push_back(JsonObject{{"timestamp", to_milliseconds(at)}, {"message", message}});
    const auto answer = client_.json_call(stream.group_arn, "Logs_20140328.PutLogEvents",
                                          JsonObject{{"logGroupName", group_name(stream.group_arn)},
                                                     {"logStreamName", stream.name},
                                                     {"logEvents", std::move(events)}});
    if (!answer) return fail(answer.error());
    if (const auto* rejected = answer->find("rejectedLogEventsInfo"))
        return fail(Code::unavailable,
                    fmt::format("RejectedLogEvents: {} of {}: {}", stream.name, format_time(at), to_text(*rejected)));
    return {};
}

}  // namespace cairn::aws
