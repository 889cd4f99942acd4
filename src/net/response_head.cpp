#include "net/response_head.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace cairn::net {

namespace {

bool is_servers_own(std::string_view name) {
    static constexpr std::array own{"Content-Length", "Date", "Connection", "Transfer-Encoding"};
    return std::ranges::any_of(own, [&](const char* other) { return equal_names(name, other); });
}

void append_clean(std::string& out, std::string_view text) {
    const auto begin = out.size();
    out.append(text);
    std::ranges::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
        [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

void append_number(std::string& out, std::size_t number) {
    const fmt::format_int text(number);
    out.append(text.data(), text.size());
}

}  // namespace

bool status_has_body(int status) { return status >= 200 && status != 204 && status != 304; }

void append_response_head(std::string& out, const Response& response, const HeadFacts& facts) {
    out.append("HTTP/1.1 ");
    append_number(out, static_cast<std::size_t>(response.status));
    out.append(" ").append(reason_phrase(response.status)).append("\r\nDate: ").append(facts.date).append("\r\n");
    if (facts.chunked) {
        out.append("Transfer-Encoding: chunked\r\n");
    } else if (!facts.endless && status_has_body(response.status)) {
        out.append("Content-Length: ");
        append_number(out, response.content_length.value_or(response.body.size()));
        out.append("\r\n");
    }
    if (facts.close)
        out.append("Connection: close\r\n");
    else if (facts.http_1_0)
        out.append("Connection: keep-alive\r\n");
    for (const auto& [name, value] : response.headers) {
        if (is_servers_own(name)) continue;
        append_clean(out, name);
        out.append(": ");
        append_clean(out, value);
        out.append("\r\n");
    }
    out.append("\r\n");
}

}  // namespace cairn::net
