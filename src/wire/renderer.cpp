#include "wire/renderer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "wire/model.h"

namespace cairn::wire {

namespace {

constexpr int depth_max = 32;
constexpr double seconds_max = 253'402'300'799;  // the end of the year 9999

/// Keys of maps that the models know nothing of: "PASSWORD" of a Glue connection, "client_secret" of an identity
/// provider, "PlatformCredential" of SNS. As models/record_rules.json has it for members.
bool names_secret(std::string_view key) {
    static constexpr std::array<std::string_view, 10> endings{
        "password",   "passphrase", "secret",      "secretkey",    "secretaccesskey",
        "privatekey", "authtoken",  "accesstoken", "refreshtoken", "platformcredential"};
    std::string plain;
    for (const char c : key)
        if (c != '_' && c != '-' && c != '.') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return std::ranges::any_of(endings, [&](std::string_view ending) { return plain.ends_with(ending); });
}

bool is_integer(FactKind kind) { return kind == FactKind::integer || kind == FactKind::long_integer; }
bool is_fraction(FactKind kind) { return kind == FactKind::single || kind == FactKind::number; }

bool is_time(FactKind kind) {
    return kind == FactKind::timestamp || kind == FactKind::timestamp_epoch || kind == FactKind::timestamp_iso8601 ||
           kind == FactKind::timestamp_http;
}

/// The whole of `text` as a number; nothing otherwise.
template <class Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value)
                                                                                     : std::nullopt;
}

}  // namespace

Renderer::Renderer(ServiceFacts service) : placeholder_(service.placeholder()) {
    const auto name = service.name();
    const bool iso = name == "lambda" || name == "apigatewayv2" || name == "ec2";
    const bool old = name == "iam" || name == "rds" || name == "docdb" || name == "neptune";
    times_ = iso ? TimeStyle::iso : old ? TimeStyle::locale : TimeStyle::locale_comma;
    plain_arn_ = name == "secretsmanager";
    sessions_ = name == "ssm";
    plain_names_ = name == "account";
}

Json Renderer::placeholder(MemberFacts member) const {
    if (sessions_ && member.name() == "TokenValue") return "Value hidden due to security reasons.";
    return placeholder_;
}

std::string Renderer::name(std::string_view member) const {
    if (plain_names_) return std::string(member);
    if (plain_arn_ && member == "ARN") return "arn";
    std::string out(member);
    if (!out.empty() && out[0] >= 'A' && out[0] <= 'Z') out[0] = static_cast<char>(out[0] + 32);
    return out;
}

Json Renderer::time(double seconds) const {
    if (!(std::abs(seconds) <= seconds_max)) return seconds;
    const auto utc = fmt::gmtime(static_cast<std::time_t>(std::floor(seconds)));
    switch (times_) {
        case TimeStyle::iso: return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", utc);
        case TimeStyle::locale:
            return fmt::format("{:%b} {}, {:%Y} {}:{:%M:%S %p}", utc, utc.tm_mday, utc, (utc.tm_hour + 11) % 12 + 1,
                               utc);
        case TimeStyle::locale_comma: break;
    }
    return fmt::format("{:%b} {}, {:%Y}, {}:{:%M:%S %p}", utc, utc.tm_mday, utc, (utc.tm_hour + 11) % 12 + 1, utc);
}

Json Renderer::scalar(ShapeFacts shape, std::string_view text) const {
    const auto kind = shape.kind();
    if (is_integer(kind))
        if (const auto value = number<std::int64_t>(text)) return *value;
    if (is_fraction(kind))
        if (const auto value = number<double>(text); value && std::isfinite(*value)) return *value;
    if (kind == FactKind::boolean && (text == "true" || text == "false")) return text == "true";
    if (is_time(kind))
        if (const auto seconds = parse_timestamp(text)) return time(*seconds);
    return text;
}

template <class Make>
void Renderer::put_entry(Json& out, ShapeFacts map, std::string_view key, Make make) const {
    const bool hidden = map.value().shape().kind() == FactKind::string && names_secret(key);
    out.object().emplace_back(key, hidden ? Json(placeholder_) : make());
}

Json Renderer::json(ShapeFacts shape, const Json& document) const { return json(shape, document, 0); }

Json Renderer::json(ShapeFacts shape, const Json& document, int depth) const {
    const auto kind = shape.kind();
    if (depth > depth_max) return nullptr;
    if (kind == FactKind::structure) {
        Json out = JsonObject{};
        if (!document.is_object()) return out;
        for (const auto member : shape.members())
            if (const auto* value = document.find(member.wire_name()))
                put(out, member, [&] { return json(member.shape(), *value, depth + 1); });
        return out;
    }
    if (kind == FactKind::list) {
        Json out = JsonArray{};
        for (const auto& item : document.as_array())
            out.array().push_back(json(shape.element().shape(), item, depth + 1));
        return out;
    }
    if (kind == FactKind::map) {
        Json out = JsonObject{};
        for (const auto& [key, value] : document.as_object())
            put_entry(out, shape, key, [&] { return json(shape.value().shape(), value, depth + 1); });
        return out;
    }
    if (kind == FactKind::document) return document;
    if (is_time(kind) && document.is_number()) return time(document.as_number());
    if (is_time(kind) && document.is_string()) return scalar(shape, document.as_string());
    return document.is_object() || document.is_array() ? Json() : document;
}

Json Renderer::form(ShapeFacts shape, const FormNode& node) const { return form(shape, node, 0); }

Json Renderer::form(ShapeFacts shape, const FormNode& node, int depth) const {
    if (depth > depth_max) return nullptr;
    switch (shape.kind()) {
        case FactKind::structure: return form_structure(shape, node, depth);
        case FactKind::list: return form_list(shape, node, depth);
        case FactKind::map: return form_map(shape, node, depth);
        default: return scalar(shape, node.value);
    }
}

Json Renderer::form_structure(ShapeFacts shape, const FormNode& node, int depth) const {
    Json out = JsonObject{};
    for (const auto member : shape.members()) {
        const auto type = member.shape();
        const auto* child = node.find(member.wire_name());
        if (!child && type.kind() == FactKind::list && type.flat()) child = node.find(type.element().name());
        if (child) put(out, member, [&] { return form(type, *child, depth + 1); });
    }
    return out;
}

Json Renderer::form_list(ShapeFacts shape, const FormNode& node, int depth) const {
    const auto element = shape.element();
    const auto* items = shape.flat() ? &node : node.find(element.wire_name());
    Json out = JsonArray{};
    if (!items) return out;
    for (const auto& [index, item] : items->children) out.array().push_back(form(element.shape(), item, depth + 1));
    return out;
}

Json Renderer::form_map(ShapeFacts shape, const FormNode& node, int depth) const {
    const auto* entries = shape.flat() ? &node : node.find("entry");
    Json out = JsonObject{};
    if (!entries) return out;
    for (const auto& [index, entry] : entries->children) {
        const auto* key = entry.find(shape.key().wire_name());
        const auto* value = entry.find(shape.value().wire_name());
        if (!key) continue;
        put_entry(out, shape, key->value,
                  [&] { return value ? form(shape.value().shape(), *value, depth + 1) : Json(); });
    }
    return out;
}

Json Renderer::xml(ShapeFacts shape, const XmlElement& element) const { return xml(shape, element, 0); }

Json Renderer::xml(ShapeFacts shape, const XmlElement& element, int depth) const {
    if (depth > depth_max) return nullptr;
    const auto kind = shape.kind();
    if (kind == FactKind::structure) return xml_structure(shape, element, depth);
    if (kind == FactKind::list) {
        Json out = JsonArray{};
        for (const auto& item : element.children) out.array().push_back(xml(shape.element().shape(), item, depth + 1));
        return out;
    }
    if (kind == FactKind::map) {
        Json out = JsonObject{};
        for (const auto& entry : element.children) xml_entry(out, shape, entry, depth);
        return out;
    }
    return scalar(shape, element.text);
}

void Renderer::xml_entry(Json& out, ShapeFacts map, const XmlElement& entry, int depth) const {
    const auto* key = entry.find(map.key().wire_name());
    const auto* value = entry.find(map.value().wire_name());
    if (key)
        put_entry(out, map, key->text, [&] { return value ? xml(map.value().shape(), *value, depth + 1) : Json(); });
}

Json Renderer::xml_structure(ShapeFacts shape, const XmlElement& element, int depth) const {
    Json out = JsonObject{};
    for (const auto member : shape.members()) {
        const auto type = member.shape();
        if (member.xml_attribute()) {
            const auto value = element.attribute(member.wire_name());
            if (!value.empty()) put(out, member, [&] { return scalar(type, value); });
            continue;
        }
        const bool flat_list = type.kind() == FactKind::list && type.flat();
        const bool flat_map = type.kind() == FactKind::map && type.flat();
        const auto named = flat_list && !type.element().name().empty() ? type.element().name() : member.wire_name();
        if (!element.find(named)) continue;
        put(out, member, [&] {
            if (!flat_list && !flat_map) return xml(type, *element.find(named), depth + 1);
            Json items = flat_list ? Json(JsonArray{}) : Json(JsonObject{});
            for (const auto& child : element.children) {
                if (child.name != named) continue;
                if (flat_map)
                    xml_entry(items, type, child, depth);
                else
                    items.array().push_back(xml(type.element().shape(), child, depth + 1));
            }
            return items;
        });
    }
    return out;
}

}  // namespace cairn::wire
