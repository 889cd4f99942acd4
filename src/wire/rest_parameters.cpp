#include <algorithm>

#include "base/bytes.h"
#include "net/http.h"
#include "wire/parameters.h"

namespace cairn::wire {

namespace {

using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string_view take_segment(std::string_view& path) {
    if (path.starts_with('/')) path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

std::size_t segments_of(std::string_view path) {
    while (path.ends_with('/')) path.remove_suffix(1);
    return static_cast<std::size_t>(std::ranges::count(path, '/'));
}

/// What stands in the path where the template has labels, decoded.
Labels labels_of(std::string_view uri, std::string_view path) {
    Labels labels;
    auto pattern = uri.substr(0, uri.find('?'));
    while (pattern.size() > 1) {
        const auto segment = take_segment(pattern);
        if (!segment.starts_with('{')) {
            take_segment(path);
            continue;
        }
        if (!segment.ends_with("+}")) {
            labels.emplace_back(segment.substr(1, segment.size() - 2), decode_lenient(take_segment(path), false));
            continue;
        }
        const auto behind = segments_of(pattern), there = segments_of(path);
        std::string value;
        for (std::size_t i = 0; i + behind < there; ++i)
            value += (i > 0 ? "/" : "") + decode_lenient(take_segment(path), false);
        labels.emplace_back(segment.substr(1, segment.size() - 3), std::move(value));
    }
    return labels;
}

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

class RestReader {
public:
    RestReader(const CallHead& call, const Classified& classified, const RequestBody& body)
        : call_(call),
          body_(body),
          query_(Parameters::of_query(call.query())),
          renderer_(classified.service),
          input_(classified.operation.input()),
          labels_(labels_of(classified.operation.uri(), call.path())),
          xml_(classified.protocol == CallProtocol::rest_xml) {}

    Json read() {
        for (const auto member : input_.members()) switch (member.location()) {
                case Location::uri: label(member); break;
                case Location::query: query(member); break;
                case Location::header: header(member); break;
                case Location::header_prefix: header_prefix(member); break;
                default: break;
            }
        if (body_.whole && !body_.bytes.empty()) read_body();
        return std::move(out_);
    }

private:
    void label(MemberFacts member) {
        for (const auto& [name, value] : labels_)
            if (name == member.wire_name())
                renderer_.put(out_, member, [&] { return renderer_.scalar(member.shape(), value); });
    }

    void query(MemberFacts member) {
        const auto type = member.shape();
        if (type.kind() == FactKind::map) return query_map(member);
        if (!query_.has(member.wire_name())) return;
        renderer_.put(out_, member, [&] {
            if (type.kind() != FactKind::list) return renderer_.scalar(type, *query_.text(member.wire_name()));
            Json items = JsonArray{};
            for (const auto& [name, value] : query_.all())
                if (same_decoded(name, member.wire_name()))
                    items.array().push_back(renderer_.scalar(type.element().shape(), decode_lenient(value, true)));
            return items;
        });
    }

    /// A map takes the parameters that no other member names.
    void query_map(MemberFacts map) {
        renderer_.put(out_, map, [&] {
            Json entries = JsonObject{};
            for (const auto& [raw, value] : query_.all()) {
                const auto name = decode_lenient(raw, true);
                if (is_named(name) || name.starts_with("X-Amz-")) continue;
                const auto type = map.shape().value().shape();
                if (type.kind() != FactKind::list) {
                    entries.set(name, renderer_.scalar(type, decode_lenient(value, true)));
                    continue;
                }
                Json items = entries.find(name) ? *entries.find(name) : Json(JsonArray{});
                items.array().push_back(renderer_.scalar(type.element().shape(), decode_lenient(value, true)));
                entries.set(name, std::move(items));
            }
            return entries;
        });
    }

    bool is_named(std::string_view name) const {
        const auto members = input_.members();
        return std::ranges::any_of(members.begin(), members.end(), [&](MemberFacts member) {
            return member.location() == Location::query && member.shape().kind() != FactKind::map &&
                   member.wire_name() == name;
        });
    }

    void header(MemberFacts member) {
        const auto value = call_.find(member.wire_name());
        if (value.empty()) return;
        const auto type = member.shape();
        renderer_.put(out_, member, [&]() -> Json {
            if (member.json_value()) return from_base64(value).value_or(std::string(value));
            return type.kind() == FactKind::list ? header_items(renderer_, type.element().shape(), value)
                                                 : renderer_.scalar(type, value);
        });
    }

    void header_prefix(MemberFacts member) {
        Json entries = JsonObject{};
        for (const auto& [name, value] : call_.headers)
            if (name.size() > member.wire_name().size() &&
                net::equal_names(name.substr(0, member.wire_name().size()), member.wire_name()))
                entries.set(name.substr(member.wire_name().size()), value);
        if (!entries.as_object().empty()) renderer_.put(out_, member, [&] { return std::move(entries); });
    }

    void read_body() {
        for (const auto member : input_.members())
            if (member.payload()) return payload(member);
        merge(input_);
    }

    void payload(MemberFacts member) {
        if (member.streaming() || member.event_stream() || member.shape().kind() == FactKind::blob) return;
        if (member.shape().kind() == FactKind::string)
            return renderer_.put(out_, member, [&] { return Json(body_.bytes); });
        renderer_.put(out_, member, [&] { return document(member.shape()); });
    }

    /// The body as a whole, in the protocol's form.
    Json document(ShapeFacts shape) const {
        if (xml_) {
            const auto root = parse_xml(body_.bytes);
            return root ? renderer_.xml(shape, *root) : Json();
        }
        const auto parsed = parse_json(body_.bytes);
        return parsed ? renderer_.json(shape, *parsed) : Json();
    }

    /// Members of the input that are in the body and nowhere else.
    void merge(ShapeFacts shape) {
        const auto read = document(shape);
        for (const auto& [name, value] : read.as_object())
            if (!out_.find(name)) out_.set(name, value);
    }

    const CallHead& call_;
    const RequestBody& body_;
    Parameters query_;
    Renderer renderer_;
    ShapeFacts input_;
    Labels labels_;
    bool xml_;
    Json out_ = JsonObject{};
};

}  // namespace

Json rest_parameters(const CallHead& call, const Classified& classified, const RequestBody& body) {
    return RestReader(call, classified, body).read();
}

}  // namespace cairn::wire
