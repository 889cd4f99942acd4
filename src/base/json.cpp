#include "base/json.h"

#include <bit>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn {

namespace {

namespace bj = boost::json;

Json converted(const bj::value& value) {
    switch (value.kind()) {
        case bj::kind::null: return {};
        case bj::kind::bool_: return value.get_bool();
        case bj::kind::int64: return std::int64_t{value.get_int64()};
        case bj::kind::uint64: return static_cast<double>(value.get_uint64());
        case bj::kind::double_: return value.get_double();
        case bj::kind::string: return std::string_view(value.get_string().data(), value.get_string().size());
        case bj::kind::array: {
            JsonArray array;
            array.reserve(value.get_array().size());
            for (const auto& item : value.get_array()) array.push_back(converted(item));
            return array;
        }
        case bj::kind::object: {
            JsonObject object;
            object.reserve(value.get_object().size());
            for (const auto& member : value.get_object())
                object.emplace_back(std::string(member.key().data(), member.key().size()), converted(member.value()));
            return object;
        }
    }
    return {};
}

void append_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out.append("null");
        return;
    }
    auto text = fmt::format("{}", value);
    // A JSON reader must see again that this was no integer: 1424476529.0 is how the service prints times.
    if (text.find_first_of(".eE") == std::string::npos) text += ".0";
    out += text;
}

void append_json(std::string& out, const Json& json) {
    if (json.is_bool())
        out.append(json.as_bool() ? "true" : "false");
    else if (json.is_integer())
        out.append(std::to_string(json.as_integer()));
    else if (json.is_number())
        append_number(out, json.as_number());
    else if (json.is_string())
        append_json_string(out, json.as_string());
    else if (json.is_array()) {
        out.push_back('[');
        for (const auto& item : json.as_array()) {
            if (&item != json.as_array().data()) out.push_back(',');
            append_json(out, item);
        }
        out.push_back(']');
    } else if (json.is_object()) {
        out.push_back('{');
        bool first = true;
        for (const auto& [name, value] : json.as_object()) {
            if (!std::exchange(first, false)) out.push_back(',');
            append_json_string(out, name);
            out.push_back(':');
            append_json(out, value);
        }
        out.push_back('}');
    } else {
        out.append("null");
    }
}

/// A high bit for bytes that are a quote, a backslash or a control character; the lowest one is right.
std::uint64_t escapes_in(std::uint64_t bytes) {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    const auto below = [](std::uint64_t word, std::uint64_t bound) { return (word - ones * bound) & ~word; };
    const auto equal = [&](char c) { return below(bytes ^ ones * static_cast<unsigned char>(c), 1); };
    return (below(bytes, 0x20) | equal('"') | equal('\\')) & ones * 0x80;
}

/// The first byte from `at` on that needs an escape, or the size.
std::size_t find_escape(std::string_view text, std::size_t at) {
    for (; text.size() - at >= 8; at += 8)
        if (const auto found = escapes_in(load<std::uint64_t>(text.data() + at)))
            return at + static_cast<unsigned>(std::countr_zero(found)) / 8;
    char rest[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    std::memcpy(rest, text.data() + at, text.size() - at);
    const auto found = escapes_in(load<std::uint64_t>(rest));
    return found ? at + static_cast<unsigned>(std::countr_zero(found)) / 8 : text.size();
}

}  // namespace

std::int64_t Json::as_integer() const {
    if (is_integer()) return std::get<std::int64_t>(value_);
    if (const auto* number = std::get_if<double>(&value_); number && std::abs(*number) < 9.2e18)
        return static_cast<std::int64_t>(*number);
    return 0;
}

double Json::as_number() const {
    if (is_integer()) return static_cast<double>(std::get<std::int64_t>(value_));
    return is_number() ? std::get<double>(value_) : 0;
}

const std::string& Json::as_string() const {
    static const std::string empty;
    return is_string() ? std::get<std::string>(value_) : empty;
}

const JsonArray& Json::as_array() const {
    static const JsonArray empty;
    return is_array() ? std::get<JsonArray>(value_) : empty;
}

const JsonObject& Json::as_object() const {
    static const JsonObject empty;
    return is_object() ? std::get<JsonObject>(value_) : empty;
}

JsonArray& Json::array() {
    if (is_null()) value_ = JsonArray();
    CAIRN_CHECK(is_array());
    return std::get<JsonArray>(value_);
}

JsonObject& Json::object() {
    if (is_null()) value_ = JsonObject();
    CAIRN_CHECK(is_object());
    return std::get<JsonObject>(value_);
}

const Json* Json::find(std::string_view name) const {
    for (const auto& [key, value] : as_object())
        if (key == name) return value.is_null() ? nullptr : &value;
    return nullptr;
}

std::string_view Json::text(std::string_view name) const {
    const auto* member = find(name);
    return member ? std::string_view(member->as_string()) : std::string_view();
}

Json& Json::set(std::string_view name, Json value) {
    for (auto& [key, old] : object())
        if (key == name) return old = std::move(value);
    return object().emplace_back(std::string(name), std::move(value)).second;
}

Result<Json> parse_json(std::string_view text) {
    bj::error_code error;
    bj::parse_options options;
    options.max_depth = 64;
    bj::stream_parser parser({}, options);
    const auto read = parser.write_some(text.data(), text.size(), error);
    if (!error && !parser.done()) parser.finish(error);
    if (!error && parser.done()) {
        const auto rest = text.substr(read);
        if (rest.find_first_not_of(" \t\r\n") == std::string_view::npos) return converted(parser.release());
        return fail(Code::invalid, fmt::format("text after the JSON document at byte {}", read));
    }
    return fail(Code::invalid, fmt::format("not valid JSON at byte {}: {}", read, error.message()));
}

std::string to_text(const Json& json) {
    std::string out;
    append_json(out, json);
    return out;
}

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    for (std::size_t at = 0;;) {
        const auto escape = find_escape(text, at);
        out.append(text, at, escape - at);
        if (escape == text.size()) break;
        at = escape + 1;
        switch (const char c = text[escape]) {
            case '"': out.append("\\\""); break;
            case '\\': out.append("\\\\"); break;
            case '\n': out.append("\\n"); break;
            case '\r': out.append("\\r"); break;
            case '\t': out.append("\\t"); break;
            default: out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        }
    }
    out.push_back('"');
}

}  // namespace cairn
