#include "wire/call_head.h"

#include <algorithm>

namespace cairn::wire {

namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The character that the escape at `at` means; -1 if it is none.
int escaped(std::string_view raw, std::size_t at) {
    if (raw.size() - at < 3) return -1;
    const int high = digit(raw[at + 1]), low = digit(raw[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

std::string_view trimmed(std::string_view text) {
    const auto first = std::min(text.find_first_not_of(" \t"), text.size());
    return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

}  // namespace

std::string_view find_header(std::span<const HeaderView> headers, std::string_view name) {
    for (const auto& [key, value] : headers)
        if (key.size() == name.size() && net::equal_names(key, name)) return trimmed(value);
    return {};
}

std::string_view CallHead::path() const { return target.substr(0, target.find('?')); }

std::string_view CallHead::query() const {
    const auto mark = target.find('?');
    return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

bool CallHead::has(std::string_view name) const {
    return std::ranges::any_of(headers, [&](const HeaderView& header) { return net::equal_names(header.first, name); });
}

std::vector<HeaderView> header_views(const net::Headers& headers) { return {headers.begin(), headers.end()}; }

Parameters Parameters::of_query(std::string_view text) {
    Parameters parameters;
    if (text.empty()) return parameters;
    parameters.all_.reserve(static_cast<std::size_t>(std::ranges::count(text, '&')) + 1);
    while (!text.empty()) {
        const auto part = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(part.size() + 1, text.size()));
        if (part.empty()) continue;
        const auto equal = std::min(part.find('='), part.size());
        parameters.all_.emplace_back(part.substr(0, equal), part.substr(std::min(equal + 1, part.size())));
    }
    return parameters;
}

Parameters Parameters::of_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
    Parameters parameters;
    parameters.all_.assign(fields.begin(), fields.end());
    parameters.decoded_ = true;
    return parameters;
}

const std::string_view* Parameters::find(std::string_view name) const {
    for (const auto& [key, value] : all_)
        if (same_decoded(key, name)) return &value;
    return nullptr;
}

std::optional<std::string> Parameters::text(std::string_view name) const { return decoded(find(name)); }

std::optional<std::string> Parameters::text_any_case(std::string_view name) const {
    for (const auto& [key, value] : all_)
        if (key.size() == name.size() && net::equal_names(key, name)) return decoded(&value);
    return std::nullopt;
}

std::optional<std::string> Parameters::decoded(const std::string_view* value) const {
    if (!value) return std::nullopt;
    return decoded_ ? std::string(*value) : decode_lenient(*value, true);
}

std::string decode_lenient(std::string_view raw, bool plus_is_blank) {
    std::string out;
    out.reserve(raw.size());
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const int meant = raw[i] == '%' ? escaped(raw, i) : -1;
        if (meant >= 0) {
            out.push_back(static_cast<char>(meant));
            i += 2;
        } else {
            out.push_back(plus_is_blank && raw[i] == '+' ? ' ' : raw[i]);
        }
    }
    return out;
}

bool same_decoded(std::string_view raw, std::string_view plain) {
    if (raw.size() == plain.size()) return raw == plain;
    if (raw.size() < plain.size() || raw.find('%') == std::string_view::npos) return false;
    return decode_lenient(raw, true) == plain;
}

}  // namespace cairn::wire
