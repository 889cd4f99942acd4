#include <cmath>
#include <cstdint>

#include "wire/answer_parts.h"
#include "wire/json_values.h"
#include "wire/model.h"
#include "wire/renderer.h"

namespace cairn::wire {

namespace {

constexpr int depth_max = 32;

MemberFacts find_wire(ShapeFacts shape, std::string_view name) {
    for (const auto member : shape.members())
        if (member.wire_name() == name) return member;
    return {};
}

bool is_time(FactKind kind) {
    return kind == FactKind::timestamp || kind == FactKind::timestamp_epoch || kind == FactKind::timestamp_iso8601 ||
           kind == FactKind::timestamp_http;
}

class Ec2Answer {
public:
    explicit Ec2Answer(ServiceFacts service) : placeholder_(service.placeholder()), renderer_(service) {}

    /// Of the API until 2014. Times are milliseconds; sizes of volumes are text.
    Json legacy(ShapeFacts shape, const XmlElement& element, int depth) const {
        if (depth > depth_max) return nullptr;
        Json out = JsonObject{};
        for (const auto& child : element.children) {
            if (depth == 0 && child.name == "requestId") out.set("requestId", child.text);
            if (depth == 0 && child.name == "return") out.set("_return", untyped_value(child.text));
            put(out, shape, child, [&](ShapeFacts type) -> Json {
                if (depth == 0 && (child.name == "size" || child.name == "volumeSize")) return child.text;
                if (type.kind() == FactKind::list) return items(type.element().shape(), child, depth + 1);
                return legacy_value(type, child, depth + 1);
            });
        }
        return out;
    }

    /// Of later calls. Values have no types here.
    Json wrapped(ShapeFacts shape, const XmlElement& element, int depth) const {
        if (depth > depth_max) return nullptr;
        if (element.children.empty()) return shape.kind() == FactKind::list ? Json("") : untyped_value(element.text);
        if (shape.kind() == FactKind::list) {
            JsonArray items;
            for (const auto& item : element.children)
                items.push_back(wrapped(shape.element().shape(), item, depth + 1));
            return JsonObject{{"item", items.size() == 1 ? std::move(items.front()) : Json(std::move(items))}};
        }
        Json out = JsonObject{};
        put_wrapped(out, shape, element, depth);
        return out;
    }

    void put_wrapped(Json& out, ShapeFacts shape, const XmlElement& element, int depth) const {
        for (const auto& child : element.children) {
            if (depth == 0 && child.name == "requestId") out.set("requestId", child.text);
            if (depth == 0 && child.name == "return") out.set("return", untyped_value(child.text));
            put(out, shape, child, [&](ShapeFacts type) { return wrapped(type, child, depth + 1); });
        }
    }

private:
    /// The member that `child` is, if the shape has one that may be shown and that was not put before.
    template <class Make>
    void put(Json& out, ShapeFacts shape, const XmlElement& child, Make make) const {
        if (out.find(child.name) || child.name == "return") return;
        const auto member = find_wire(shape, child.name);
        if (!member || member.omitted()) return;
        out.object().emplace_back(child.name, member.hidden() ? Json(placeholder_) : make(member.shape()));
    }

    Json items(ShapeFacts element, const XmlElement& list, int depth) const {
        if (list.children.empty()) return JsonObject{};
        JsonArray out;
        for (const auto& item : list.children) out.push_back(legacy_value(element, item, depth));
        return JsonObject{{list.name == "privateIpAddressesSet" ? "item" : "items", std::move(out)}};
    }

    Json legacy_value(ShapeFacts type, const XmlElement& element, int depth) const {
        if (type.kind() == FactKind::structure) return legacy(type, element, depth);
        if (is_time(type.kind()))
            if (const auto seconds = parse_timestamp(element.text); seconds && std::abs(*seconds) < seconds_max)
                return static_cast<std::int64_t>(std::llround(*seconds * 1000));
        return renderer_.scalar(type, element.text);
    }

    static constexpr double seconds_max = 1e12;

    std::string placeholder_;
    Renderer renderer_;
};

}  // namespace

Json ec2_members(OperationFacts operation, const XmlElement& root) {
    const Ec2Answer answer(operation.service());
    if (operation.legacy_rendering()) return answer.legacy(operation.output(), root, 0);
    Json members = JsonObject{};
    if (const auto space = root.attribute("xmlns"); !space.empty()) members.set("xmlns", space);
    answer.put_wrapped(members, operation.output(), root, 0);
    return JsonObject{{std::string(operation.name()) + "Response", std::move(members)}};
}

}  // namespace cairn::wire
