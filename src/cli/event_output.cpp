#include "cli/event_output.h"

#include <fmt/format.h>

#include "cli/terminal.h"

namespace cairn::cli {

namespace {

std::string service_of(const Json& event) {
    const auto source = event.text("eventSource");
    return printable(source.substr(0, source.find(".amazonaws.com")));
}

std::string who(const Json& event) {
    for (const auto* member : {"user", "arn", "userType"})
        if (const auto text = event.text(member); !text.empty()) return printable(text);
    return "-";
}

std::string first_resource(const Json& event) {
    const auto* resources = event.find("resources");
    if (!resources || resources->as_array().empty()) return "";
    return printable(resources->as_array().front().text("name"));
}

std::string or_dash(std::string_view text) { return text.empty() ? "-" : printable(text); }

std::string outcome(const Json& event) {
    const auto error = event.text("errorCode");
    return error.empty() ? "ok" : printable(error);
}

}  // namespace

std::string event_table(const std::vector<Json>& events, std::size_t width, bool colours) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& event : events)
        rows.push_back({printable(event.text("eventTime")), who(event), printable(event.text("eventName")),
                        service_of(event), printable(event.text("region")), printable(event.text("sourceIP")),
                        outcome(event), first_resource(event)});
    constexpr std::size_t time = 0, user = 1, event = 2, result = 6;
    const auto colour_of = [&](std::size_t row, std::size_t column) {
        if (column == result) return events[row].text("errorCode").empty() ? Colour::green : Colour::red;
        return column == time    ? Colour::dim
               : column == user  ? Colour::cyan
               : column == event ? Colour::bold
                                 : Colour::plain;
    };
    return render_table({"TIME", "USER", "EVENT", "SERVICE", "REGION", "SOURCE", "RESULT", "RESOURCE"}, rows, width,
                        colours, colour_of);
}

std::string event_line(const Json& event, bool colours) {
    const auto error = event.text("errorCode");
    return fmt::format("{} {} {} {} {} {} {}", coloured(printable(event.text("eventTime")), Colour::dim, colours),
                       or_dash(event.text("region")), coloured(who(event), Colour::cyan, colours), service_of(event),
                       coloured(printable(event.text("eventName")), Colour::bold, colours),
                       or_dash(event.text("sourceIP")),
                       coloured(outcome(event), error.empty() ? Colour::green : Colour::red, colours));
}

}  // namespace cairn::cli
