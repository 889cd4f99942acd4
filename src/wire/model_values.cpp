#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/moment.h"
#include "wire/model.h"

namespace cairn::wire {

namespace {

using Read = std::expected<Json, std::string>;

std::string_view kind_of(const Json& json) {
    if (json.is_bool()) return json.as_bool() ? "TRUE_VALUE" : "FALSE_VALUE";
    if (json.is_integer()) return "NUMBER_VALUE";
    if (json.is_number()) return "DECIMAL_VALUE";
    if (json.is_string()) return "STRING_VALUE";
    if (json.is_array()) return "START_ARRAY";
    return json.is_object() ? "START_OBJECT" : "NULL_VALUE";
}

std::string_view type_name(Kind kind) {
    switch (kind) {
        case Kind::structure: return "a Structure";
        case Kind::list: return "a List";
        case Kind::map: return "a Map";
        case Kind::string: return "a String";
        case Kind::boolean: return "a Boolean";
        case Kind::integer: return "an Integer";
        case Kind::long_integer: return "a Long";
        case Kind::number: return "a Double";
        case Kind::timestamp: return "a Timestamp";
        case Kind::blob: return "a Blob";
    }
    return "a value";
}

/// Walks a document and a shape together; `path_` is where it is, for the message of an error.
class Reader {
public:
    explicit Reader(const Model& model) : model_(model) {}

    Read read(ShapeId id, const Json& json) {
        const auto& shape = model_.shape(id);
        switch (shape.kind) {
            case Kind::structure: return structure(shape, json);
            case Kind::list: return list(shape, json);
            case Kind::map: return map(shape, json);
            case Kind::string: return json.is_string() ? Read(json) : wrong(shape, json);
            case Kind::boolean: return json.is_bool() ? Read(json) : wrong(shape, json);
            case Kind::integer:
            case Kind::long_integer: return integer(shape, json);
            case Kind::number: return decimal(shape, json);
            case Kind::timestamp: return timestamp(shape, json);
            case Kind::blob: return blob(shape, json);
        }
        return wrong(shape, json);
    }

private:
    Read wrong(const Shape& shape, const Json& json) const {
        return std::unexpected(fmt::format("{} can not be converted to {}{}", kind_of(json), type_name(shape.kind),
                                           path_.empty() ? "" : " at '" + path_ + "'"));
    }

    Read step(std::string_view name, ShapeId id, const Json& json) {
        const auto before = path_.size();
        if (before) path_ += '.';
        path_ += name;
        auto read_value = read(id, json);
        path_.resize(before);
        return read_value;
    }

    Read structure(const Shape& shape, const Json& json) {
        if (!json.is_object()) return wrong(shape, json);
        JsonObject out;
        for (const auto& member : shape.members) {
            const auto* value = json.find(member.wire_name);
            if (!value) continue;
            auto read_value = step(member.wire_name, member.shape, *value);
            if (!read_value) return read_value;
            out.emplace_back(member.name, std::move(*read_value));
        }
        return Json(std::move(out));
    }

    Read list(const Shape& shape, const Json& json) {
        if (!json.is_array()) return wrong(shape, json);
        JsonArray out;
        for (const auto& item : json.as_array()) {
            auto read_item = step(std::to_string(out.size() + 1), shape.members[0].shape, item);
            if (!read_item) return read_item;
            out.push_back(std::move(*read_item));
        }
        return Json(std::move(out));
    }

    Read map(const Shape& shape, const Json& json) {
        if (!json.is_object()) return wrong(shape, json);
        JsonObject out;
        for (const auto& [key, value] : json.as_object()) {
            auto read_value = step(key, shape.members[1].shape, value);
            if (!read_value) return read_value;
            out.emplace_back(key, std::move(*read_value));
        }
        return Json(std::move(out));
    }

    Read integer(const Shape& shape, const Json& json) const {
        const auto value = json.as_number();
        if (!json.is_number() || std::trunc(value) != value) return wrong(shape, json);
        const auto bound = shape.kind == Kind::integer ? 0x1p31 : 0x1p63;
        if (value >= bound || value < -bound) return wrong(shape, json);
        return Json(json.as_integer());
    }

    Read decimal(const Shape& shape, const Json& json) const {
        const auto& text = json.as_string();
        const bool named = text == "NaN" || text == "Infinity" || text == "-Infinity";
        return json.is_number() || named ? Read(json) : wrong(shape, json);
    }

    Read timestamp(const Shape& shape, const Json& json) const {
        if (json.is_number()) return Json(json.as_number());
        const auto seconds = json.is_string() ? parse_timestamp(json.as_string()) : std::nullopt;
        return seconds ? Read(Json(*seconds)) : wrong(shape, json);
    }

    Read blob(const Shape& shape, const Json& json) const {
        auto bytes = json.is_string() ? from_base64(json.as_string()) : std::nullopt;
        return bytes ? Read(Json(std::move(*bytes))) : wrong(shape, json);
    }

    const Model& model_;
    std::string path_;
};

Json written_timestamp(TimestampFormat format, double seconds) {
    const auto time = from_milliseconds(static_cast<std::int64_t>(std::llround(seconds * 1000)));
    if (format == TimestampFormat::iso8601) return format_time(time);
    if (format == TimestampFormat::http_date) return format_http_date(time);
    return Json(seconds);
}

}  // namespace

std::optional<double> parse_timestamp(std::string_view text) {
    const auto seconds = [](Time time) { return static_cast<double>(to_milliseconds(time)) / 1000; };
    if (const auto time = parse_iso8601(text)) return seconds(*time);
    double number = 0;
    const auto* end = text.data() + text.size();
    if (const auto [at, error] = std::from_chars(text.data(), end, number);
        error == std::errc() && at == end && std::isfinite(number))
        return number;

    // "Sun, 02 Jan 2000 20:34:56 GMT" (RFC 9110 section 5.6.7), with or without a fraction.
    static constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    if (text.size() < 29 || text.substr(3, 2) != ", " || !text.ends_with(" GMT")) return std::nullopt;
    const auto month = months.find(text.substr(8, 3));
    if (month == std::string_view::npos || month % 3) return std::nullopt;
    const auto time = parse_time(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2),
                                             text.substr(17, text.size() - 17 - 4)));
    return time ? std::optional(seconds(*time)) : std::nullopt;
}

std::expected<Json, std::string> Model::read(ShapeId shape, const Json& document) const {
    return Reader(*this).read(shape, document);
}

Json Model::write(ShapeId id, const Json& output) const {
    const auto& shape = shapes_[id];
    switch (shape.kind) {
        case Kind::structure: {
            JsonObject out;
            for (const auto& member : shape.members)
                if (const auto* value = output.find(member.name))
                    out.emplace_back(member.wire_name, write(member.shape, *value));
            return out;
        }
        case Kind::list: {
            JsonArray out;
            out.reserve(output.as_array().size());
            for (const auto& item : output.as_array()) out.push_back(write(shape.members[0].shape, item));
            return out;
        }
        case Kind::map: {
            JsonObject out;
            for (const auto& [key, value] : output.as_object())
                if (!value.is_null()) out.emplace_back(key, write(shape.members[1].shape, value));
            return out;
        }
        case Kind::timestamp: return written_timestamp(shape.timestamp, output.as_number());
        case Kind::blob: return to_base64(output.as_string());
        default: return output;
    }
}

}  // namespace cairn::wire
