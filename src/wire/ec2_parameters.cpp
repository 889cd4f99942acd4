#include "wire/parameters.h"

namespace cairn::wire {

namespace {

constexpr int depth_max = 32;

std::string with_first(std::string_view name, bool upper) {
    std::string out(name);
    const char low = upper ? 'a' : 'A', high = upper ? 'z' : 'Z';
    if (!out.empty() && out[0] >= low && out[0] <= high) out[0] = static_cast<char>(out[0] + (upper ? -32 : 32));
    return out;
}

/// What a member is called in a request.
std::string query_name(MemberFacts member) {
    if (!member.query_name().empty()) return std::string(member.query_name());
    return with_first(member.wire_name(), true);
}

class Ec2Renderer {
public:
    explicit Ec2Renderer(OperationFacts operation)
        : operation_(operation), service_(operation.service()), renderer_(service_) {}

    /// Which lists are shown although they were not given.
    using ShowsEmpty = bool (*)(OperationFacts, std::string_view list);

    /// The records of the API until 2014: a list becomes {"xSet": {"items": [...]}}.
    Json legacy(ShapeFacts shape, const FormNode& node, int depth, ShowsEmpty shows_empty = nullptr) const {
        if (depth > depth_max) return nullptr;
        if (shape.kind() != FactKind::structure) return renderer_.scalar(shape, node.value);
        Json out = JsonObject{};
        for (const auto member : shape.members()) {
            const auto named = query_name(member);
            const auto* child = node.find(named);
            const auto type = member.shape();
            const bool empty = !child && shows_empty && type.kind() == FactKind::list && shows_empty(operation_, named);
            if ((!child && !empty) || member.omitted()) continue;
            const auto set = type.kind() == FactKind::list ? service_.item_set(named) : ServiceFacts::ItemSet{};
            const auto shown = is_plain_list(named, depth) ? "tags"
                               : set.set.empty()           ? with_first(named, false)
                                                           : std::string(set.set);
            if (empty)
                out.set(shown, JsonObject{});
            else if (member.hidden())
                out.set(shown, service_.placeholder());
            else if (type.kind() == FactKind::list)
                out.set(shown, item_set(type.element().shape(), set.element, named, *child, depth));
            else
                out.set(shown, legacy(type, *child, depth + 1));
        }
        return out;
    }

    /// The records of later calls: the request's own names, a list as one or several {"tag": N, "content": value}.
    Json wrapped(ShapeFacts shape, const FormNode& node, int depth) const {
        if (depth > depth_max) return nullptr;
        if (shape.kind() != FactKind::structure) return renderer_.scalar(shape, node.value);
        Json out = JsonObject{};
        for (const auto member : shape.members()) {
            const auto named = query_name(member);
            const auto* child = node.find(named);
            if (!child || member.omitted()) continue;
            const auto type = member.shape();
            if (member.hidden())
                out.set(named, service_.placeholder());
            else if (type.kind() == FactKind::list)
                out.set(named, tagged(type.element().shape(), *child, depth));
            else
                out.set(named, wrapped(type, *child, depth + 1));
        }
        return out;
    }

private:
    /// The tags of a tag specification.
    static bool is_plain_list(std::string_view list, int depth) { return list == "Tag" && depth > 0; }

    Json item_set(ShapeFacts element, std::string_view item_name, const std::string& list, const FormNode& node,
                  int depth) const {
        if (node.children.empty()) return JsonObject{};
        Json items = JsonArray{};
        const auto scalar_name = item_name.empty() ? with_first(list, false) : std::string(item_name);
        for (const auto& [index, item] : node.children) {
            auto value = legacy(element, item, depth + 1, list == "IpPermissions" ? every_list : nullptr);
            const bool structure = element.kind() == FactKind::structure;
            items.array().push_back(structure ? std::move(value) : Json(JsonObject{{scalar_name, std::move(value)}}));
        }
        if (is_plain_list(list, depth)) return items;
        return JsonObject{{"items", std::move(items)}};
    }

    Json tagged(ShapeFacts element, const FormNode& node, int depth) const {
        Json items = JsonArray{};
        for (const auto& [index, item] : node.children) {
            const auto tag = static_cast<std::int64_t>(items.as_array().size() + 1);
            auto value = wrapped(element, item, depth + 1);
            if (value.is_object())
                value.set("tag", tag);
            else
                value = JsonObject{{"tag", tag}, {"content", std::move(value)}};
            items.array().push_back(std::move(value));
        }
        if (items.as_array().size() == 1) return items.as_array().front();
        return items;
    }

    static bool every_list(OperationFacts, std::string_view) { return true; }

    OperationFacts operation_;
    ServiceFacts service_;
    Renderer renderer_;
};

/// What real records show as {} when it was not given: the sets of everything that describes, and some of others.
bool shows_empty_set(OperationFacts operation, std::string_view list) {
    const auto name = operation.name();
    if (name == "DescribeRegions" || name == "DescribeAvailabilityZones") return list != "Filter";
    if (name.starts_with("Describe")) return true;
    if (name.starts_with("Authorize") || name.starts_with("Revoke")) return list == "IpPermissions";
    if (name == "RunInstances") return list == "BlockDeviceMapping";
    return name == "CreateNetworkInterface" && (list == "SecurityGroupId" || list == "PrivateIpAddresses");
}

/// RunInstances tells about its instances in the item of a set.
void move_into_instances(Json& out) {
    JsonObject item, rest;
    for (auto& [name, value] : out.object()) {
        const bool inside = name == "imageId" || name == "minCount" || name == "maxCount" || name == "keyName";
        (inside ? item : rest).emplace_back(name, std::move(value));
    }
    rest.emplace_back("instancesSet", JsonObject{{"items", JsonArray{Json(std::move(item))}}});
    out = std::move(rest);
}

}  // namespace

Json ec2_parameters(OperationFacts operation, const FormNode& form) {
    const Ec2Renderer renderer(operation);
    if (operation.legacy_rendering()) {
        auto out = renderer.legacy(operation.input(), form, 0, shows_empty_set);
        if (operation.name() == "RunInstances") move_into_instances(out);
        return out;
    }
    auto members = renderer.wrapped(operation.input(), form, 0);
    if (!members.is_object() || members.as_object().empty()) members = "";
    return JsonObject{{std::string(operation.name()) + "Request", std::move(members)}};
}

}  // namespace cairn::wire
