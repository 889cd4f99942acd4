#include "gateway/forwarded_head.h"

#include <algorithm>
#include <array>
#include <vector>

#include "gateway/head_lines.h"
#include "net/http.h"

namespace cairn::gateway {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool begins(std::string_view name, std::string_view prefix) {
    return name.size() >= prefix.size() && net::equal_names(name.substr(0, prefix.size()), prefix);
}

/// What a connection header may not take away.
bool is_end_to_end(std::string_view name) {
    static constexpr std::array names{"host", "authorization", "transfer-encoding", "trailer", "expect", "date"};
    return begins(name, "content-") || begins(name, "x-amz") ||
           std::ranges::any_of(names, [&](const char* other) { return net::equal_names(name, other); });
}

/// A header of one hop, whatever Connection says. Told by its first letter in most cases.
bool is_of_one_hop(std::string_view name, bool upgrade) {
    switch (lower(name.front())) {
        case 'c': return !upgrade && net::equal_names(name, "connection");
        case 'k': return net::equal_names(name, "keep-alive");
        case 'p': return begins(name, "proxy-");
        case 't': return net::equal_names(name, "te");
        case 'u': return !upgrade && net::equal_names(name, "upgrade");
        default: return false;
    }
}

/// The names that Connection lists, of those that may be taken away.
std::vector<std::string_view> listed(std::string_view head) {
    std::vector<std::string_view> names;
    take_line(head);
    while (const auto line = take_line(head)) {
        const auto field = read_field(*line);
        if (!field || !net::equal_names(field->name, "connection")) continue;
        for_each_item(field->value, [&](std::string_view item) {
            if (!is_end_to_end(item)) names.push_back(item);
        });
    }
    return names;
}

/// Copies the first line and each header that `stays`; without the empty line.
template <class Stays>
std::string copy_head(std::string_view head, std::size_t spare, Stays&& stays) {
    std::string out;
    out.reserve(head.size() + spare);
    const char* begin = head.data();
    take_line(head);
    for (const char* at = head.data(); const auto line = take_line(head); at = head.data()) {
        const auto field = line->empty() ? std::nullopt : read_field(*line);
        if (field && stays(field->name)) continue;
        out.append(begin, at);  // all that stays since the last one that did not
        begin = head.data();
        if (!field) break;
    }
    return out;
}

}  // namespace

std::string forwarded_request_head(std::string_view head, const RequestChanges& changes) {
    const auto names = listed(head);
    auto out = copy_head(head, changes.forwarded_for.size() + 32, [&](std::string_view name) {
        if (is_of_one_hop(name, changes.upgrade)) return false;
        if (changes.drop_forwarded_for && net::equal_names(name, "x-forwarded-for")) return false;
        return changes.upgrade ||
               std::ranges::none_of(names, [&](std::string_view other) { return net::equal_names(name, other); });
    });
    if (!changes.forwarded_for.empty()) out.append("X-Forwarded-For: ").append(changes.forwarded_for).append("\r\n");
    return out.append("\r\n");
}

std::string forwarded_answer_head(std::string_view head, const AnswerChanges& changes) {
    const auto names = listed(head);
    auto out = copy_head(head, 32, [&](std::string_view name) {
        if (is_of_one_hop(name, changes.upgrade)) return false;
        if (changes.unframe && (net::equal_names(name, "transfer-encoding") || net::equal_names(name, "trailer")))
            return false;
        return changes.upgrade ||
               std::ranges::none_of(names, [&](std::string_view other) { return net::equal_names(name, other); });
    });
    if (changes.close) out.append("Connection: close\r\n");
    return out.append("\r\n");
}

}  // namespace cairn::gateway
