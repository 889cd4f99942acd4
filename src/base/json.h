#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace cairn {

class Json;
using JsonArray = std::vector<Json>;
/// Members in the order they were written. Small objects only: find() is a linear search.
using JsonObject = std::vector<std::pair<std::string, Json>>;

/// A JSON document as a value, for API bodies, policies and stored settings. Audit records never pass through here:
/// their bytes are kept (event/record.h).
class Json {
public:
    Json() = default;
    // NOLINTBEGIN(google-explicit-constructor): documents are written as they read, {{"Name", name}, {"Count", 3}}
    Json(std::nullptr_t) {}
    Json(bool value) : value_(value) {}
    Json(int value) : value_(std::int64_t{value}) {}
    Json(std::int64_t value) : value_(value) {}
    Json(std::uint64_t value) : value_(static_cast<std::int64_t>(value)) {}
    Json(double value) : value_(value) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(JsonArray value) : value_(std::move(value)) {}
    Json(JsonObject value) : value_(std::move(value)) {}
    // NOLINTEND(google-explicit-constructor)

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    bool is_bool() const { return std::holds_alternative<bool>(value_); }
    bool is_integer() const { return std::holds_alternative<std::int64_t>(value_); }
    bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
    bool is_string() const { return std::holds_alternative<std::string>(value_); }
    bool is_array() const { return std::holds_alternative<JsonArray>(value_); }
    bool is_object() const { return std::holds_alternative<JsonObject>(value_); }

    /// The value when the kind fits, else a default: check first where it matters.
    bool as_bool() const { return is_bool() && std::get<bool>(value_); }
    std::int64_t as_integer() const;
    double as_number() const;
    const std::string& as_string() const;
    const JsonArray& as_array() const;
    const JsonObject& as_object() const;
    JsonArray& array();    ///< becomes an array if it was null
    JsonObject& object();  ///< becomes an object if it was null

    /// The member `name` of an object, or null when this is no object, has no such member, or it is null.
    const Json* find(std::string_view name) const;

    /// The string member `name`, or empty.
    std::string_view text(std::string_view name) const;

    /// Sets or replaces member `name`; this must be null or an object.
    Json& set(std::string_view name, Json value);

    friend bool operator==(const Json&, const Json&) = default;

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, JsonArray, JsonObject> value_;
};

/// Parses one document of RFC 8259, at most 64 levels deep, nothing after it. Integers beyond 64 bits become doubles.
/// Of a repeated member the last one stays. Error: invalid, with what and where.
Result<Json> parse_json(std::string_view text);

/// Compact text. Strings are written as UTF-8 with the escapes JSON requires.
std::string to_text(const Json& json);

/// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace cairn
