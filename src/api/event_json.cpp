#include "api/event_json.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/json.h"

namespace cairn::api {

namespace {

constexpr std::size_t word_bytes = 64, copied_at_once = 16;

/// The bytes of a word that are a quote, a backslash, white space, or (within strings only, if at all) a control
/// character, as bits.
std::uint64_t specials_in(const char* word) {
    std::uint64_t specials = 0;
#if defined(__SSE2__)
    const auto quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    for (std::size_t i = 0; i < word_bytes; i += 16) {
        const auto bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(word + i));
        const auto blank = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes);
        const auto escaped = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(blank, escaped)));
        specials |= std::uint64_t{found} << i;
    }
#else
    for (std::size_t i = 0; i < word_bytes; ++i) {
        const auto c = static_cast<unsigned char>(word[i]);
        specials |= std::uint64_t{c == '"' || c == '\\' || c <= ' '} << i;
    }
#endif
    return specials;
}

/// Writes a record without the white space between its tokens, if `quoted` as the content of a JSON string.
template <bool quoted>
class TokenWriter {
public:
    /// There is room for room_for() the whole record.
    explicit TokenWriter(char* out) : out_(out) {}

    static std::size_t room_for(std::size_t record_bytes) {
        return (quoted ? 2 : 1) * record_bytes + word_bytes + copied_at_once;
    }

    char* write(std::string_view record) {
        std::size_t at = 0;
        for (; record.size() - at > word_bytes + copied_at_once; at += word_bytes)
            write_word(record.data() + at, word_bytes);
        for (; at < record.size(); at += word_bytes) {
            char last[word_bytes + copied_at_once] = {};
            const auto bytes = std::min(word_bytes, record.size() - at);
            std::memcpy(last, record.data() + at, bytes);
            write_word(last, bytes);
        }
        return out_;
    }

private:
    /// The first `bytes` of a word, behind which copied_at_once bytes may be read.
    void write_word(const char* word, std::size_t bytes) {
        auto specials = specials_in(word);
        if (bytes < word_bytes) specials &= (std::uint64_t{1} << bytes) - 1;
        std::size_t done = 0;
        for (; specials != 0; specials &= specials - 1) {
            const auto at = static_cast<std::size_t>(std::countr_zero(specials));
            copy(word + done, at - done);
            if (at > done) escaped_ = false;
            done = at + 1;
            put_special(word[at]);
        }
        copy(word + done, bytes - done);
        if (bytes > done) escaped_ = false;
    }

    void put_special(char c) {
        const bool escaped = std::exchange(escaped_, false);
        if (c == '"' && !escaped) in_string_ = !in_string_;
        if (c == '\\') escaped_ = !escaped;
        const bool token = in_string_ || c == '"' || c == '\\';
        if (quoted && (c == '"' || c == '\\')) *out_++ = '\\';
        *out_ = c;
        out_ += token ? 1 : 0;
    }

    void copy(const char* from, std::size_t bytes) {
        for (std::size_t i = 0; i < bytes; i += copied_at_once) std::memcpy(out_ + i, from + i, copied_at_once);
        out_ += bytes;
    }

    char* out_;
    bool in_string_ = false;
    bool escaped_ = false;  ///< the last byte was a backslash that escapes the next one
};

template <bool quoted>
void append_tokens(std::string& out, std::string_view record) {
    using Writer = TokenWriter<quoted>;
    const auto size = out.size();
    out.resize_and_overwrite(size + Writer::room_for(record.size()), [&](char* data, std::size_t) {
        return static_cast<std::size_t>(Writer(data + size).write(record) - data);
    });
}

void append_name(std::string& out, std::string_view name) {
    if (out.back() != '{') out += ',';
    out += '"';
    out += name;
    out += "\":";
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    append_name(out, name);
    append_json_string(out, value);
}

std::string_view text(ReadOnly read_only) {
    if (read_only == ReadOnly::absent) return {};
    return read_only == ReadOnly::yes ? "true" : "false";
}

void append_resources(std::string& out, const EventView& event, std::string_view type, std::string_view name) {
    out += '[';
    for (const auto& resource : event.resources) {
        if (out.back() != '[') out += ',';
        out += '{';
        append_member(out, type, resource.type);
        append_member(out, name, resource.name);
        out += '}';
    }
    out += ']';
}

enum Field : std::size_t {
    number,
    event_id,
    event_time,
    event_name,
    event_source,
    event_type,
    category,
    region,
    account,
    user,
    user_type,
    arn,
    access_key,
    source_ip,
    user_agent,
    error_code,
    error_message,
    read_only,
    request_id,
    resources,
    record
};

constexpr std::string_view field_names[] = {
    "number",    "eventID",   "eventTime",    "eventName", "eventSource", "eventType", "category",
    "region",    "account",   "user",         "userType",  "arn",         "accessKey", "sourceIP",
    "userAgent", "errorCode", "errorMessage", "readOnly",  "requestID",   "resources", "record",
};

std::string_view field_text(const EventView& event, std::size_t field) {
    switch (field) {
        case event_id: return event.event_id;
        case event_name: return event.event_name;
        case event_source: return event.event_source;
        case event_type: return event.event_type;
        case category: return category_name(event.category);
        case region: return event.region;
        case account: return event.account;
        case user: return event.username;
        case user_type: return event.identity_type;
        case arn: return event.arn;
        case access_key: return event.access_key_id;
        case source_ip: return event.source_ip;
        case user_agent: return event.user_agent;
        case error_code: return event.error_code;
        case error_message: return event.error_message;
        case request_id: return event.request_id;
        default: return {};
    }
}

}  // namespace

void append_compact(std::string& out, std::string_view record) { append_tokens<false>(out, record); }

void append_compact_quoted(std::string& out, std::string_view record) {
    out += '"';
    append_tokens<true>(out, record);
    out += '"';
}

void append_epoch_seconds(std::string& out, Time time) {
    const auto milliseconds = to_milliseconds(time);
    const auto whole = milliseconds / 1000, rest = milliseconds % 1000;
    if (rest == 0)
        out.append(std::to_string(whole)).append(".0");
    else
        fmt::format_to(std::back_inserter(out), "{}", static_cast<double>(milliseconds) / 1000);
}

void append_lookup_event(std::string& out, const EventView& event) {
    out += '{';
    append_member(out, "EventId", event.event_id);
    append_member(out, "EventName", event.event_name);
    append_member(out, "ReadOnly", text(event.read_only));
    append_member(out, "AccessKeyId", event.access_key_id);
    append_name(out, "EventTime");
    append_epoch_seconds(out, event.time);
    append_member(out, "EventSource", event.event_source);
    append_member(out, "Username", event.username);
    append_name(out, "Resources");
    append_resources(out, event, "ResourceType", "ResourceName");
    append_name(out, "CloudTrailEvent");
    append_compact_quoted(out, event.raw);
    out += '}';
}

SummaryFields SummaryFields::standard() {
    SummaryFields fields;
    fields.bits_ = (1u << record) - 1;
    return fields;
}

std::optional<SummaryFields> SummaryFields::of(const std::vector<std::string>& names, std::string* unknown) {
    SummaryFields fields;
    for (const auto& name : names) {
        if (std::ranges::find(field_names, std::string_view(name)) == std::end(field_names)) {
            *unknown = name;
            return std::nullopt;
        }
        fields.add(name);
    }
    return fields;
}

void SummaryFields::add(std::string_view name) {
    const auto* found = std::ranges::find(field_names, name);
    if (found != std::end(field_names)) bits_ |= 1u << (found - std::begin(field_names));
}

void append_summary(std::string& out, const EventView& event, std::uint64_t event_number, const SummaryFields& fields) {
    out += '{';
    for (std::size_t field = 0; field < std::size(field_names); ++field) {
        if (!fields.has(field)) continue;
        const auto name = field_names[field];
        if (field == number) {
            append_name(out, name);
            out += std::to_string(event_number);
        } else if (field == event_time) {
            append_member(out, name, format_time(event.time));
        } else if (field == read_only) {
            if (event.read_only == ReadOnly::absent) continue;
            append_name(out, name);
            out += text(event.read_only);
        } else if (field == resources) {
            append_name(out, name);
            append_resources(out, event, "type", "name");
        } else if (field == record) {
            append_name(out, name);
            append_compact_quoted(out, event.raw);
        } else {
            append_member(out, name, field_text(event, field));
        }
    }
    out += '}';
}

history::Search search_of(Scope scope, match::Query query, std::size_t limit) {
    return {.scope = std::move(scope),
            .categories = {},
            .from = {},
            .to = {},
            .query = std::move(query),
            .oldest_first = false,
            .limit = limit,
            .token = {}};
}

RecordParser& thread_parser() {
    // What is stored was checked with the limits of its day: read it back whatever they are now.
    static thread_local RecordParser parser({.bytes_max = std::size_t{64} << 20, .depth_max = 1024});
    return parser;
}

Result<const EventView*> view_of(std::string& record) {
    record.reserve(record.size() + RecordParser::padding);
    auto view = thread_parser().parse(record);
    if (!view) return fail(Code::corrupt, "stored record: " + view.error().message);
    return *view;
}

}  // namespace cairn::api
