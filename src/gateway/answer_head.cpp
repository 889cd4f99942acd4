#include "gateway/answer_head.h"

#include <algorithm>
#include <charconv>

#include "gateway/head_lines.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t headers_max = 500;

std::unexpected<Error> refuse(const char* what) { return fail(Code::invalid, what); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Result<void> read_status_line(std::string_view line, AnswerHead& head) {
    if (line.size() < 12 || !line.starts_with("HTTP/1.") || !is_digit(line[7]) || line[8] != ' ' ||
        !std::ranges::all_of(line.substr(9, 3), is_digit) || (line.size() > 12 && line[12] != ' ') || line[9] < '1' ||
        line[9] > '5')
        return refuse("malformed status line");
    head.http_1_0 = line[7] == '0';
    head.keep_alive = !head.http_1_0;
    std::from_chars(line.data() + 9, line.data() + 12, head.status);
    return {};
}

Result<void> read_length(std::string_view value, AnswerHead& head) {
    std::uint64_t length = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), length);
    if (error != std::errc() || stop != value.data() + value.size() || length > INT64_MAX)
        return refuse("malformed Content-Length");
    if (head.length && *head.length != length) return refuse("differing Content-Length");
    head.length = length;
    return {};
}

Result<void> read_coding(std::string_view value, AnswerHead& head) {
    if (head.chunked) return refuse("a coding behind chunked");
    Result<void> fine;
    for_each_item(value, [&](std::string_view item) {
        if (head.chunked) fine = refuse("a coding behind chunked");
        head.chunked = net::equal_names(item, "chunked");
    });
    return fine;
}

}  // namespace

std::string_view AnswerHead::find(std::string_view name) const {
    const auto named = [&](const auto& header) { return net::equal_names(header.first, name); };
    const auto found = std::ranges::find_if(headers, named);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

net::Response AnswerHead::response() const {
    net::Response response;
    response.status = status;
    response.headers = headers;
    response.content_length = length;
    return response;
}

BodyScanner AnswerHead::body(std::string_view method) const {
    using Framing = BodyScanner::Framing;
    if (method == "HEAD" || status < 200 || status == 204 || status == 304) return BodyScanner(Framing::none);
    if (chunked) return BodyScanner(Framing::chunked);
    if (length) return BodyScanner(Framing::sized, *length);
    return BodyScanner(Framing::until_close);
}

Result<AnswerHead> parse_answer_head(std::string_view bytes) {
    AnswerHead head;
    bool first = true, ended = false, coded = false;
    while (!bytes.empty()) {
        const auto line = take_line(bytes);
        if (!line) return refuse("a line that does not end in CRLF");
        if (std::exchange(first, false)) {
            CAIRN_TRY(read_status_line(*line, head));
            continue;
        }
        if (line->empty()) {
            ended = true;
            break;
        }
        const auto field = read_field(*line);
        if (!field) return refuse("malformed header");
        if (head.headers.size() == headers_max) return refuse("too many headers");
        if (net::equal_names(field->name, "content-length")) {
            CAIRN_TRY(read_length(field->value, head));
        } else if (net::equal_names(field->name, "transfer-encoding")) {
            coded = true;
            CAIRN_TRY(read_coding(field->value, head));
        } else if (net::equal_names(field->name, "connection")) {
            if (has_item(field->value, "close")) head.keep_alive = false;
            if (head.http_1_0 && has_item(field->value, "keep-alive")) head.keep_alive = true;
        }
        head.headers.emplace_back(field->name, field->value);
    }
    if (!ended || !bytes.empty()) return refuse("malformed head");
    if (coded && head.length) return refuse("both Content-Length and Transfer-Encoding");
    if (coded && head.http_1_0) return refuse("Transfer-Encoding in HTTP/1.0");
    return head;
}

}  // namespace cairn::gateway
