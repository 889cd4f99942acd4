// The head of a request and a chunked body, whole and in two pieces: both ways must agree.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/chunked.h"
#include "net/request_head.h"

namespace {

using namespace cairn::net;

void must(bool condition) {
    if (!condition) std::abort();
}

void check_head(std::string_view bytes, std::size_t cut) {
    const auto end = find_head_end(bytes, 0);
    must(end == find_head_end(bytes, std::min(cut, end - 1)));  // what was searched before did not hold the whole end
    must(end == std::string_view::npos || end <= bytes.size());
    may_begin_request(bytes);
    Request request;
    const auto framing = parse_head(bytes.substr(0, end), request);
    if (!framing) return must(framing.error().status >= 400 && framing.error().status < 600);
    must(end != std::string_view::npos && may_begin_request(bytes.substr(0, end)));
    must(!request.method.empty() && (request.target.front() == '/' || request.target == "*"));
    must(!framing->chunked || framing->content_length == 0);
    for (const auto& [name, value] : request.headers) {
        must(!name.empty() && name.find_first_of(std::string_view(" \t\r\n:\0", 6)) == std::string::npos);
        must(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    }
    for (const auto& [name, value] : parse_query(request.query())) must(name.size() + value.size() <= bytes.size());
    percent_decode(request.path());
}

void check_chunked(std::string_view bytes, std::size_t cut) {
    constexpr std::size_t body_bytes_max = 4096;
    ChunkedReader whole(body_bytes_max), pieces(body_bytes_max);
    std::string whole_body, pieces_body;
    auto rest = bytes;
    const auto state = whole.feed(rest, whole_body);
    auto first = bytes.substr(0, cut), second = bytes.substr(cut);
    auto state_of_pieces = pieces.feed(first, pieces_body);
    if (state_of_pieces == ChunkedReader::State::more) state_of_pieces = pieces.feed(second, pieces_body);
    must(state == state_of_pieces && whole_body == pieces_body && whole_body.size() <= body_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const auto cut = bytes.size() * data[0] / 256;
    check_head(bytes, cut);
    check_chunked(bytes, cut);
    return 0;
}
