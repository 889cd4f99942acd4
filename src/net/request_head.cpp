#include "net/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace cairn::net {

namespace {

constexpr std::size_t headers_max = 256, method_bytes_max = 32;

using Table = std::array<bool, 256>;

/// RFC 9110 section 5.6.2.
constexpr Table token_characters = [] {
    Table table{};
    for (char c = 'a'; c <= 'z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (char c = '0'; c <= '9'; ++c) table[static_cast<unsigned char>(c)] = true;
    for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

/// Blank, tab, visible characters and bytes above 127.
constexpr Table value_characters = [] {
    Table table{};
    for (int c = 0x20; c < 256; ++c) table[c] = c != 0x7f;
    table['\t'] = true;
    return table;
}();

/// As RFC 3986 has it, and beyond it the bytes that clients send unencoded.
constexpr Table target_characters = [] {
    Table table{};
    for (int c = 0x21; c < 256; ++c) table[c] = c != 0x7f && c != '#';
    return table;
}();

constexpr Table host_characters = [] {
    Table table = token_characters;
    for (const char c : std::string_view(":[]();=")) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool all_in(const Table& table, std::string_view text) {
    return std::ranges::all_of(text, [&](char c) { return table[static_cast<unsigned char>(c)]; });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::unexpected<HeadProblem> refuse(int status, const char* text) { return std::unexpected(HeadProblem{status, text}); }

/// Takes a line off the front, without its CRLF. Empty when it ends otherwise or holds a CR.
std::optional<std::string_view> take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r') return std::nullopt;
    const auto line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    return line;
}

/// Reads "HTTP/1.1"; gives the minor version.
std::expected<int, HeadProblem> read_version(std::string_view text) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() != 8 || !text.starts_with("HTTP/") || !digit(text[5]) || text[6] != '.' || !digit(text[7]))
        return refuse(400, "malformed HTTP version");
    if (text[5] != '1') return refuse(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    return text[7] - '0';
}

/// Splits "http://host/path" (RFC 9112 section 3.2.2). The host goes to `authority`.
bool read_absolute(std::string_view text, std::string_view& authority, std::string& target) {
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return false;
    const auto scheme = text.substr(0, scheme_end);
    if (!equal_names(scheme, "http") && !equal_names(scheme, "https")) return false;
    text.remove_prefix(scheme_end + 3);
    authority = text.substr(0, text.find_first_of("/?"));
    if (authority.empty() || !all_in(host_characters, authority)) return false;
    text.remove_prefix(authority.size());
    target = text.starts_with('/') ? std::string(text) : "/" + std::string(text);
    return true;
}

struct RequestLine {
    int minor_version = 1;
    std::string_view authority;  // of an absolute target
};

std::expected<RequestLine, HeadProblem> read_request_line(std::string_view line, Request& request) {
    const auto method_end = line.find(' '), target_end = line.rfind(' ');
    if (method_end == std::string_view::npos || method_end == target_end) return refuse(400, "malformed request line");
    const auto method = line.substr(0, method_end), target = line.substr(method_end + 1, target_end - method_end - 1);
    if (method.empty() || method.size() > method_bytes_max || !all_in(token_characters, method))
        return refuse(400, "malformed method");
    const auto version = read_version(line.substr(target_end + 1));
    if (!version) return std::unexpected(version.error());
    if (target.empty() || !all_in(target_characters, target)) return refuse(400, "malformed request target");
    if (method == "CONNECT") return refuse(501, "CONNECT is not served here");

    request.method = method;
    RequestLine read{*version, {}};
    if (target.front() == '/' || (target == "*" && method == "OPTIONS"))
        request.target = target;
    else if (!read_absolute(target, read.authority, request.target))
        return refuse(400, "malformed request target");
    return read;
}

std::expected<void, HeadProblem> read_headers(std::string_view rest, Headers& headers) {
    headers.clear();
    for (;;) {
        const auto line = take_line(rest);
        if (!line) return refuse(400, "lines of a head end in CRLF");
        if (line->empty()) break;
        if (headers.size() == headers_max) return refuse(431, "too many header fields");
        const auto colon = line->find(':');
        if (colon == std::string_view::npos || colon == 0 || !all_in(token_characters, line->substr(0, colon)))
            return refuse(400, "malformed header name");
        const auto value = trimmed(line->substr(colon + 1));
        if (!all_in(value_characters, value)) return refuse(400, "malformed header value");
        headers.emplace_back(line->substr(0, colon), value);
    }
    if (!rest.empty()) return refuse(400, "malformed head");
    return {};
}

/// What of the headers decides about framing and connection, gathered in one pass.
struct Gathered {
    int hosts = 0, codings = 0, lengths = 0;
    bool lengths_differ = false, wants_close = false, wants_keep_alive = false, other_expectation = false;
    bool expects_continue = false;
    std::string* host = nullptr;
    std::string_view length, coding;
};

void read_connection(std::string_view value, Gathered& found) {
    while (!value.empty()) {
        const auto item = value.substr(0, value.find(','));
        value.remove_prefix(std::min(item.size() + 1, value.size()));
        if (equal_names(trimmed(item), "close")) found.wants_close = true;
        if (equal_names(trimmed(item), "keep-alive")) found.wants_keep_alive = true;
    }
}

Gathered gather(Headers& headers) {
    Gathered found;
    for (auto& [name, value] : headers) {
        switch (name.size()) {  // most headers differ by length already
            case 4:
                if (!equal_names(name, "host")) break;
                ++found.hosts;
                found.host = &value;
                break;
            case 6:
                if (!equal_names(name, "expect")) break;
                (equal_names(value, "100-continue") ? found.expects_continue : found.other_expectation) = true;
                break;
            case 10:
                if (equal_names(name, "connection")) read_connection(value, found);
                break;
            case 14:
                if (!equal_names(name, "content-length")) break;
                found.lengths_differ |= found.lengths++ > 0 && found.length != value;
                found.length = value;
                break;
            case 17:
                if (!equal_names(name, "transfer-encoding")) break;
                ++found.codings;
                found.coding = value;
                break;
            default: break;
        }
    }
    return found;
}

std::expected<std::uint64_t, HeadProblem> read_length(const Gathered& found) {
    if (found.lengths == 0) return 0;
    if (found.lengths_differ) return refuse(400, "Content-Length given twice");
    std::uint64_t length = 0;
    const auto* const end = found.length.data() + found.length.size();
    const auto [stop, error] = std::from_chars(found.length.data(), end, length);
    if (error != std::errc() || stop != end || length > INT64_MAX) return refuse(400, "malformed Content-Length");
    return length;
}

std::expected<Framing, HeadProblem> read_framing(const Gathered& found, int minor_version) {
    Framing framing;
    framing.http_1_0 = minor_version == 0;
    framing.keep_alive = !found.wants_close && (!framing.http_1_0 || found.wants_keep_alive);
    if (found.codings > 0) {
        if (found.lengths > 0) return refuse(400, "both Content-Length and Transfer-Encoding");
        if (framing.http_1_0) return refuse(400, "Transfer-Encoding in HTTP/1.0");
        if (found.codings > 1) return refuse(400, "Transfer-Encoding given twice");
        if (!equal_names(found.coding, "chunked")) return refuse(501, "the only transfer coding known here is chunked");
        framing.chunked = true;
    }
    const auto length = read_length(found);
    if (!length) return std::unexpected(length.error());
    framing.content_length = *length;
    if (found.other_expectation) return refuse(417, "the only expectation known here is 100-continue");
    framing.expects_continue = found.expects_continue && !framing.http_1_0;
    return framing;
}

std::expected<void, HeadProblem> settle_host(const RequestLine& line, Gathered& found, Headers& headers) {
    if (found.hosts > 1) return refuse(400, "Host given twice");
    if (found.hosts == 0 && line.minor_version > 0) return refuse(400, "no Host");
    if (found.host != nullptr && !all_in(host_characters, *found.host)) return refuse(400, "malformed Host");
    if (line.authority.empty()) return {};
    if (found.host != nullptr)
        *found.host = line.authority;
    else
        headers.emplace_back("Host", line.authority);
    return {};
}

}  // namespace

std::size_t find_head_end(std::string_view bytes, std::size_t from) {
    from -= std::min<std::size_t>(from, 2);
    for (auto at = bytes.find('\n', from); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
        const auto rest = bytes.substr(at + 1);
        if (rest.starts_with("\r\n")) return at + 3;
        if (rest.starts_with('\n')) return at + 2;
    }
    return std::string_view::npos;
}

bool may_begin_request(std::string_view bytes) {
    const auto method = bytes.substr(0, method_bytes_max + 1);
    const auto end =
        std::ranges::find_if(method, [](char c) { return !token_characters[static_cast<unsigned char>(c)]; });
    if (end == method.end()) return method.size() <= method_bytes_max;
    return end != method.begin() && *end == ' ';
}

std::expected<Framing, HeadProblem> parse_head(std::string_view head, Request& request) {
    const auto first = take_line(head);
    if (!first) return refuse(400, "lines of a head end in CRLF");
    const auto line = read_request_line(*first, request);
    if (!line) return std::unexpected(line.error());
    if (const auto ok = read_headers(head, request.headers); !ok) return std::unexpected(ok.error());
    auto found = gather(request.headers);
    const auto framing = read_framing(found, line->minor_version);
    if (!framing) return framing;
    if (const auto ok = settle_host(*line, found, request.headers); !ok) return std::unexpected(ok.error());
    return framing;
}

}  // namespace cairn::net
