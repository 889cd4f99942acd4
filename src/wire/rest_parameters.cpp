#include <algorithm>

#include "net/http.h"
#include "wire/parameters.h"
#include "wire/rest_members.h"

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
                case Location::header:
                case Location::header_prefix: put_header(out_, renderer_, member, call_.headers); break;
                default: break;
            }
        if (body_.whole && !body_.bytes.empty()) put_body(out_, renderer_, input_, body_.bytes, xml_);
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
        Json entries = JsonObject{};
        for (const auto& [raw, value] : query_.all()) {
            const auto name = decode_lenient(raw, true);
            if (is_named(name) || net::equal_names(std::string_view(name).substr(0, 6), "X-Amz-")) continue;
            const auto type = map.shape().value().shape();
            if (type.kind() != FactKind::list) {
                entries.set(name, renderer_.scalar(type, decode_lenient(value, true)));
                continue;
            }
            Json items = entries.find(name) ? *entries.find(name) : Json(JsonArray{});
            items.array().push_back(renderer_.scalar(type.element().shape(), decode_lenient(value, true)));
            entries.set(name, std::move(items));
        }
        if (!entries.as_object().empty()) renderer_.put(out_, map, [&] { return std::move(entries); });
    }

    bool is_named(std::string_view name) const {
        const auto members = input_.members();
        return std::ranges::any_of(members.begin(), members.end(), [&](MemberFacts member) {
            return member.location() == Location::query && member.shape().kind() != FactKind::map &&
                   member.wire_name() == name;
        });
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
