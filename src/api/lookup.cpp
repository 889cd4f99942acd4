#include "api/lookup.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "api/event_json.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/utf8.h"

namespace cairn::api {

namespace {

using wire::ApiError;

std::unexpected<ApiError> error(const char* code, std::string message) {
    return std::unexpected(ApiError{code, std::move(message)});
}

constexpr std::uint8_t token_version = 1;
constexpr std::uint64_t token_seed = 0x6c6f6f6b7570;  // "lookup"

struct Key {
    std::string_view name;
    std::string_view field;  ///< of the search grammar
    bool insight;            ///< allowed with EventCategory insight
};

constexpr Key keys[] = {
    {"EventId", "eventID", true},         {"EventName", "eventName", true},        {"ReadOnly", "readOnly", false},
    {"Username", "user", false},          {"ResourceType", "resourceType", false}, {"ResourceName", "resource", false},
    {"EventSource", "eventSource", true}, {"AccessKeyId", "accessKey", false},
};

const Key* find_key(std::string_view name) {
    const auto* key = std::ranges::find(keys, name, &Key::name);
    return key == std::end(keys) ? nullptr : key;
}

// Characters, of which `_`, space, `,` and the new line count twice.
std::size_t weight(std::string_view value) {
    std::size_t sum = 0;
    for (const char c : value) {
        if ((c & 0xc0) == 0x80) continue;
        sum += c == '_' || c == ' ' || c == ',' || c == '\n' ? 2 : 1;
    }
    return sum;
}

std::expected<void, ApiError> read_attribute(const Json& attribute, Lookup& lookup) {
    constexpr auto code = "InvalidLookupAttributesException";
    const auto* key = attribute.find("AttributeKey");
    const auto* value = attribute.find("AttributeValue");
    if (!key || !value) return error(code, "A lookup attribute has an AttributeKey and an AttributeValue.");
    lookup.attribute_key = key->as_string();
    lookup.attribute_value = value->as_string();
    if (!find_key(lookup.attribute_key))
        return error(code, fmt::format("Unknown AttributeKey '{}'. Valid keys: EventId, EventName, ReadOnly, Username, "
                                       "ResourceType, ResourceName, EventSource, AccessKeyId.",
                                       valid_utf8(lookup.attribute_key, 100)));
    if (lookup.attribute_value.empty()) return error(code, "The AttributeValue is empty.");
    if (weight(lookup.attribute_value) > 2000)
        return error(code,
                     "The AttributeValue is too long: up to 2000 characters, of which '_', ' ', ',' and the new line "
                     "count twice.");
    if (lookup.attribute_key != "ReadOnly") return {};
    std::ranges::transform(lookup.attribute_value, lookup.attribute_value.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    if (lookup.attribute_value != "true" && lookup.attribute_value != "false")
        return error(code, "The AttributeValue of ReadOnly is true or false.");
    return {};
}

std::expected<void, ApiError> read_range(const Json& input, Lookup& lookup) {
    const auto start = read_time(input, "StartTime");
    if (!start) return std::unexpected(start.error());
    const auto end = read_time(input, "EndTime");
    if (!end) return std::unexpected(end.error());
    lookup.start = *start;
    lookup.end = *end;
    if (lookup.start && lookup.end && *lookup.start > *lookup.end)
        return error("InvalidTimeRangeException", "StartTime is after EndTime.");
    return {};
}

std::uint64_t binding(const Lookup& lookup, std::string_view account, std::string_view region) {
    std::string text;
    for (const auto part :
         {account, region, std::string_view(lookup.attribute_key), std::string_view(lookup.attribute_value)})
        append_text(text, part);
    for (const auto& time : {lookup.start, lookup.end}) {
        append<std::uint8_t>(text, time.has_value());
        append<std::int64_t>(text, time ? to_milliseconds(*time) : 0);
    }
    append<std::uint8_t>(text, lookup.insight);
    return hash64(text, token_seed);
}

/// Makes the list of events of an answer.
class LookupReader final : public history::PageReader {
public:
    explicit LookupReader(std::size_t limit) { body.reserve((limit + 1) * event_bytes_usual); }
    void begin() override { body = "{\"Events\":["; }
    void take(std::uint64_t, const EventView& event) override {
        if (body.back() != '[') body += ',';
        append_lookup_event(body, event);
    }

    std::string body;

private:
    static constexpr std::size_t event_bytes_usual = 2304;
};

}  // namespace

// Times before year 1 or after 9999 are no times of a log.
std::expected<std::optional<Time>, ApiError> read_time(const Json& input, std::string_view name) {
    const auto* value = input.find(name);
    if (!value) return std::nullopt;
    const auto seconds = value->as_number();
    if (!std::isfinite(seconds) || seconds < -62135596800.0 || seconds > 253402300799.0)
        return error("InvalidTimeRangeException", fmt::format("{} is out of range.", name));
    return from_milliseconds(std::llround(seconds * 1000));
}

std::expected<Lookup, ApiError> read_lookup(const Json& input) {
    Lookup lookup;
    if (const auto* attributes = input.find("LookupAttributes")) {
        const auto& list = attributes->as_array();
        if (list.size() > 1)
            return error("InvalidLookupAttributesException",
                         fmt::format("{} lookup attributes are given, one is the most.", list.size()));
        if (list.size() == 1)
            if (auto read = read_attribute(list[0], lookup); !read) return std::unexpected(read.error());
    }
    if (const auto* category = input.find("EventCategory")) {
        if (category->as_string() != "insight")
            return error("InvalidEventCategoryException",
                         "The EventCategory is invalid. The one valid value is insight.");
        lookup.insight = true;
        if (!lookup.attribute_key.empty() && !find_key(lookup.attribute_key)->insight)
            return error(
                "InvalidLookupAttributesException",
                fmt::format("Insights events can not be looked up by {}: use EventId, EventName or EventSource.",
                            lookup.attribute_key));
    }
    if (auto read = read_range(input, lookup); !read) return std::unexpected(read.error());
    if (const auto* limit = input.find("MaxResults")) {
        if (limit->as_integer() < 1 || limit->as_integer() > 50)
            return error("InvalidMaxResultsException",
                         fmt::format("MaxResults is {}: it must be between 1 and 50.", limit->as_integer()));
        lookup.limit = static_cast<std::size_t>(limit->as_integer());
    }
    if (const auto* token = input.find("NextToken")) {
        lookup.token = token->as_string();
        if (lookup.token.empty()) return error("InvalidNextTokenException", "The NextToken is empty.");
    }
    return lookup;
}

std::string encode_lookup_token(const LookupToken& token, const Lookup& lookup, std::string_view account,
                                std::string_view region) {
    std::string bytes;
    append<std::uint8_t>(bytes, token_version);
    append<std::uint64_t>(bytes, binding(lookup, account, region));
    append<std::uint8_t>(bytes, token.window_start.has_value());
    if (token.window_start) append<std::int64_t>(bytes, to_milliseconds(*token.window_start));
    append_text(bytes, token.history);
    append<std::uint32_t>(bytes, crc32c(bytes));
    return to_base64(bytes);
}

std::optional<LookupToken> decode_lookup_token(std::string_view text, const Lookup& lookup, std::string_view account,
                                               std::string_view region) {
    const auto bytes = from_base64(text);
    if (!bytes || bytes->size() < sizeof(std::uint32_t)) return std::nullopt;
    const auto signed_part = std::string_view(*bytes).substr(0, bytes->size() - sizeof(std::uint32_t));
    if (load<std::uint32_t>(signed_part.data() + signed_part.size()) != crc32c(signed_part)) return std::nullopt;

    ByteReader reader(signed_part);
    if (reader.integer<std::uint8_t>() != token_version) return std::nullopt;
    if (reader.integer<std::uint64_t>() != binding(lookup, account, region)) return std::nullopt;
    LookupToken token;
    if (reader.integer<std::uint8_t>()) token.window_start = from_milliseconds(reader.integer<std::int64_t>());
    token.history = reader.text();
    if (!reader.ok() || !reader.rest().empty() || token.history.empty()) return std::nullopt;
    return token;
}

std::expected<std::string, ApiError> lookup_events(const Parts& parts, const Settings& settings, const Lookup& lookup,
                                                   std::string_view account, std::string_view region) {
    LookupToken token;
    if (!lookup.token.empty()) {
        auto decoded = decode_lookup_token(lookup.token, lookup, account, region);
        if (!decoded)
            return error("InvalidNextTokenException",
                         "The NextToken is invalid, or was given for other parameters, another account or Region.");
        token = std::move(*decoded);
    } else if (settings.lookup_window) {
        token.window_start = parts.clock.now() - *settings.lookup_window;
    }

    std::string query;
    if (!lookup.attribute_key.empty())
        query = fmt::format("{} = {}", find_key(lookup.attribute_key)->field, match::quoted(lookup.attribute_value));
    auto compiled = match::Query::parse(query);
    if (!compiled)
        return std::unexpected(inner_error({Code::internal, compiled.error().message}, "LookupEvents query"));

    history::Search search{.scope = Scope::of(account, region),
                           .categories = {Category::management},
                           .from = lookup.start,
                           .to = lookup.end,
                           .query = std::move(*compiled),
                           .oldest_first = false,
                           .limit = lookup.limit,
                           .token = token.history};
    if (lookup.insight)
        search.categories = {Category::insight};
    else if (!settings.lookup_management_only)
        search.categories.push_back(Category::data);
    if (token.window_start && (!search.from || *search.from < *token.window_start)) search.from = token.window_start;

    LookupReader reader(lookup.limit);
    auto page = parts.history.read_page(search, reader);
    if (!page && page.error().code == Code::invalid && !lookup.token.empty())
        return error("InvalidNextTokenException", "The NextToken is invalid.");
    if (!page) return std::unexpected(inner_error(page.error(), "LookupEvents"));

    auto body = std::move(reader.body);
    body += ']';
    if (!page->token.empty()) {
        token.history = std::move(page->token);
        body += ",\"NextToken\":";
        append_json_string(body, encode_lookup_token(token, lookup, account, region));
    }
    body += '}';
    return body;
}

ApiError inner_error(const Error& error, std::string_view doing) {
    log_warning("call failed", {{"doing", doing}, {"code", code_name(error.code)}, {"error", error.message}});
    if (error.code == Code::exhausted || error.code == Code::unavailable)
        return {"ServiceUnavailable", "The service can not answer now: " + error.message + ". Try again later."};
    return {"InternalFailure", "The request failed because of an internal error; the log of the server says more."};
}

}  // namespace cairn::api
