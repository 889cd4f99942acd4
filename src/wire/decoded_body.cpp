#include "wire/decoded_body.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/gunzip.h"

namespace cairn::wire {

namespace {

constexpr std::size_t inflated_bytes_max = 16u << 20, inflated_ratio_max = 100;

/// HEX[;chunk-signature=...]\r\n DATA \r\n, until a chunk of no bytes; the trailer behind that is left out.
std::optional<std::string> unchunked(std::string_view sent) {
    std::string out;
    out.reserve(sent.size());
    while (true) {
        const auto line = sent.find("\r\n");
        if (line == std::string_view::npos) return std::nullopt;
        const auto head = sent.substr(0, line);
        const auto digits = head.substr(0, head.find(';'));
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
        if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
        if (size == 0) return out;
        sent.remove_prefix(line + 2);
        if (sent.size() < 2 || size > sent.size() - 2 || sent.substr(size, 2) != "\r\n") return std::nullopt;
        out.append(sent, 0, size);
        sent.remove_prefix(size + 2);
    }
}

std::optional<std::string> inflated(std::string_view bytes) {
    auto member = inflate_member(bytes, std::min(inflated_bytes_max, inflated_ratio_max * bytes.size()));
    if (!member || member->end != MemberEnd::whole) return std::nullopt;
    return std::move(member->content);
}

}  // namespace

std::optional<std::string> decoded_body(const BodyForm& form, std::string_view sent) {
    if (form.framing == BodyForm::Framing::plain) return form.gzip ? inflated(sent) : std::string(sent);
    auto body = unchunked(sent);
    return body && form.gzip ? inflated(*body) : std::move(body);
}

}  // namespace cairn::wire
