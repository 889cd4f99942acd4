#include "wire/rest_members.h"

#include <algorithm>

#include "base/bytes.h"
#include "net/http.h"

namespace cairn::wire {

namespace {

/// The items of a list header; commas inside quotes do not part them.
Json header_items(const Renderer& renderer, ShapeFacts element, std::string_view text) {
    Json items = JsonArray{};
    while (!text.empty()) {
        bool quoted = false;
        std::size_t end = 0;
        for (; end < text.size() && (quoted || text[end] != ','); ++end)
            if (text[end] == '"') quoted = !quoted;
        auto item = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        while (item.starts_with(' ')) item.remove_prefix(1);
        while (item.ends_with(' ')) item.remove_suffix(1);
        if (item.size() > 1 && item.starts_with('"') && item.ends_with('"')) item = item.substr(1, item.size() - 2);
        items.array().push_back(renderer.scalar(element, item));
    }
    return items;
}

Json header_value(const Renderer& renderer, MemberFacts member, std::string_view value) {
    if (member.json_value()) return from_base64(value).value_or(std::string(value));
    const auto type = member.shape();
    return type.kind() == FactKind::list ? header_items(renderer, type.element().shape(), value)
                                         : renderer.scalar(type, value);
}

Json headers_with(std::string_view prefix, std::span<const HeaderView> headers) {
    Json entries = JsonObject{};
    for (const auto& [name, value] : headers)
        if (name.size() > prefix.size() && net::equal_names(name.substr(0, prefix.size()), prefix))
            entries.set(name.substr(prefix.size()), value);
    return entries;
}

/// The body as a whole, in the protocol's form.
Json document(const Renderer& renderer, ShapeFacts shape, std::string_view body, bool xml) {
    if (xml) {
        const auto root = parse_xml(body);
        return root ? renderer.xml(shape, *root) : Json();
    }
    const auto parsed = parse_json(body);
    return parsed ? renderer.json(shape, *parsed) : Json();
}

void put_payload(Json& out, const Renderer& renderer, MemberFacts member, std::string_view body, bool xml) {
    const auto kind = member.shape().kind();
    if (member.streaming() || member.event_stream() || kind == FactKind::blob) return;
    renderer.put(out, member,
                 [&] { return kind == FactKind::string ? Json(body) : document(renderer, member.shape(), body, xml); });
}

}  // namespace

void put_header(Json& out, const Renderer& renderer, MemberFacts member, std::span<const HeaderView> headers) {
    if (member.location() == Location::header_prefix) {
        auto entries = headers_with(member.wire_name(), headers);
        if (!entries.as_object().empty()) renderer.put(out, member, [&] { return std::move(entries); });
    } else if (const auto value = find_header(headers, member.wire_name()); !value.empty()) {
        renderer.put(out, member, [&] { return header_value(renderer, member, value); });
    }
}

void put_body(Json& out, const Renderer& renderer, ShapeFacts shape, std::string_view body, bool xml) {
    for (const auto member : shape.members())
        if (member.payload()) return put_payload(out, renderer, member, body, xml);
    const auto read = document(renderer, shape, body, xml);
    for (const auto& [name, value] : read.as_object())
        if (!out.find(name)) out.set(name, value);
}

}  // namespace cairn::wire
