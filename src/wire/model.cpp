#include "wire/model.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "wire/pattern.h"

namespace cairn::wire {

namespace {

// A reference to a shape is its name, or an object around it that says more.
std::string_view reference(const Json& json) { return json.is_string() ? json.as_string() : json.text("shape"); }

std::optional<Kind> kind_named(std::string_view name) {
    static constexpr std::pair<std::string_view, Kind> kinds[] = {
        {"structure", Kind::structure}, {"list", Kind::list},       {"map", Kind::map},
        {"string", Kind::string},       {"boolean", Kind::boolean}, {"integer", Kind::integer},
        {"long", Kind::long_integer},   {"float", Kind::number},    {"double", Kind::number},
        {"timestamp", Kind::timestamp}, {"blob", Kind::blob},       {"character", Kind::string},
    };
    for (const auto& [known, kind] : kinds)
        if (known == name) return kind;
    return std::nullopt;
}

TimestampFormat timestamp_format(std::string_view name) {
    if (name == "iso8601") return TimestampFormat::iso8601;
    if (name == "rfc822") return TimestampFormat::http_date;
    return TimestampFormat::epoch_seconds;
}

std::optional<Protocol> protocol_named(std::string_view name) {
    if (name == "json") return Protocol::json;
    if (name == "rest-json") return Protocol::rest_json;
    if (name == "query") return Protocol::query;
    return std::nullopt;
}

Member::Location location_named(std::string_view name) {
    if (name == "querystring") return Member::Location::query_string;
    if (name == "header" || name == "headers") return Member::Location::header;
    if (name == "uri") return Member::Location::path;
    return Member::Location::body;
}

std::optional<double> number(const Json& json, std::string_view name) {
    const auto* value = json.find(name);
    if (!value || !value->is_number()) return std::nullopt;
    return value->as_number();
}

}  // namespace

/// Builds a Model from its document.
class ModelReader {
public:
    explicit ModelReader(const Json& document) : document_(document) {}

    Result<Model> read() {
        const auto protocol = protocol_named(document_.text("protocol"));
        if (!protocol) return fail(Code::invalid, fmt::format("model: protocol {}", document_.text("protocol")));
        model_.protocol_ = *protocol;
        model_.service_ = document_.text("serviceId");
        model_.signing_name_ = document_.text("signingName");
        model_.api_version_ = document_.text("apiVersion");
        model_.target_prefix_ = document_.text("targetPrefix");
        model_.xml_namespace_ = document_.text("xmlNamespace");
        CAIRN_TRY(read_shapes());
        CAIRN_TRY(read_operations());
        return std::move(model_);
    }

private:
    Result<void> read_shapes() {
        const auto* shapes = document_.find("shapes");
        if (!shapes) return fail(Code::invalid, "model: no shapes");
        for (const auto& [name, json] : shapes->as_object())
            model_.ids_.emplace(name, static_cast<ShapeId>(model_.ids_.size()));
        model_.shapes_.resize(model_.ids_.size());
        for (const auto& [name, json] : shapes->as_object()) {
            auto shape = read_shape(name, json);
            if (!shape) return fail(std::move(shape).error());
            model_.shapes_[model_.ids_.find(name)->second] = std::move(*shape);
        }
        return {};
    }

    Result<Shape> read_shape(const std::string& name, const Json& json) {
        const auto kind = kind_named(json.text("type"));
        if (!kind) return fail(Code::invalid, fmt::format("model: shape {} of type {}", name, json.text("type")));
        Shape shape;
        shape.name = name;
        shape.kind = *kind;
        shape.min = number(json, "min");
        shape.max = number(json, "max");
        shape.timestamp = timestamp_format(json.text("timestampFormat"));
        if (const auto* flattened = json.find("flattened")) shape.flattened = flattened->as_bool();
        if (const auto* values = json.find("enum"))
            for (const auto& value : values->as_array()) shape.values.push_back(value.as_string());
        shape.pattern = json.text("pattern");
        if (!shape.pattern.empty()) {
            auto compiled = compile_pattern(shape.pattern);
            if (!compiled) return fail(std::move(compiled).error());
            shape.compiled = std::move(*compiled);
        }
        CAIRN_TRY(read_members(shape, json));
        return shape;
    }

    Result<void> read_members(Shape& shape, const Json& json) {
        if (shape.kind == Kind::structure) {
            const auto* members = json.find("members");
            if (!members) return {};
            for (const auto& [name, member] : members->as_object()) CAIRN_TRY(add_member(shape, name, member));
            return mark_required(shape, json);
        }
        if (shape.kind == Kind::list) return add_member_of(shape, json, "member");
        if (shape.kind != Kind::map) return {};
        CAIRN_TRY(add_member_of(shape, json, "key"));
        return add_member_of(shape, json, "value");
    }

    Result<void> mark_required(Shape& shape, const Json& json) {
        const auto* required = json.find("required");
        if (!required) return {};
        for (const auto& name : required->as_array())
            for (auto& member : shape.members)
                if (member.name == name.as_string()) member.required = true;
        return {};
    }

    Result<void> add_member_of(Shape& shape, const Json& json, const std::string& name) {
        const auto* member = json.find(name);
        if (!member) return fail(Code::invalid, fmt::format("model: shape {} has no {}", shape.name, name));
        return add_member(shape, name, *member);
    }

    Result<void> add_member(Shape& shape, const std::string& name, const Json& json) {
        const auto id = model_.ids_.find(reference(json));
        if (id == model_.ids_.end())
            return fail(Code::invalid, fmt::format("model: member {} of {} has no shape", name, shape.name));
        Member member{.name = name, .wire_name = std::string(json.text("locationName")), .shape = id->second};
        if (member.wire_name.empty()) member.wire_name = name;
        member.location = location_named(json.text("location"));
        shape.members.push_back(std::move(member));
        return {};
    }

    Result<void> read_operations() {
        const auto* operations = document_.find("operations");
        if (!operations) return fail(Code::invalid, "model: no operations");
        for (const auto& [name, json] : operations->as_object()) {
            Operation operation;
            operation.name = name;
            if (const auto* http = json.find("http"); http && http->as_array().size() == 3) {
                operation.method = http->as_array()[0].as_string();
                operation.path = http->as_array()[1].as_string();
                operation.status = static_cast<int>(http->as_array()[2].as_integer());
            }
            CAIRN_TRY(read_reference(json, "input", operation.input));
            CAIRN_TRY(read_reference(json, "output", operation.output));
            if (const auto* output = json.find("output")) operation.result_wrapper = output->text("resultWrapper");
            if (const auto* errors = json.find("errors"))
                for (const auto& error : errors->as_array()) operation.errors.push_back(error.as_string());
            model_.operations_.emplace(name, std::move(operation));
        }
        return {};
    }

    Result<void> read_reference(const Json& json, std::string_view name, std::optional<ShapeId>& into) {
        const auto* member = json.find(name);
        if (!member) return {};
        into = model_.shape_id(reference(*member));
        if (!into) return fail(Code::invalid, fmt::format("model: no shape {}", reference(*member)));
        return {};
    }

    const Json& document_;
    Model model_;
};

Result<Model> Model::parse(std::string_view text) {
    const auto document = parse_json(text);
    if (!document) return fail(document.error());
    return ModelReader(*document).read();
}

const Operation* Model::find(std::string_view operation) const {
    const auto found = operations_.find(operation);
    return found == operations_.end() ? nullptr : &found->second;
}

std::optional<ShapeId> Model::shape_id(std::string_view name) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
}

const Model& model_of(std::string_view name) {
    const auto parsed = [](std::string_view of) {
        auto model = Model::parse(embedded_model(of));
        CAIRN_CHECK(model.has_value());
        return std::move(*model);
    };
    static const Model trail = parsed("cloudtrail"), data = parsed("cloudtrail-data"), token = parsed("sts");
    if (name == "cloudtrail") return trail;
    if (name == "cloudtrail-data") return data;
    CAIRN_CHECK(name == "sts");
    return token;
}

}  // namespace cairn::wire
