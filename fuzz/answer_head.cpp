// The head of an upstream's answer, and bodies in all framings, whole and in two pieces: both ways must agree, and what
// is passed on must be read by the same scanner as the same message.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "gateway/answer_head.h"
#include "gateway/forwarded_head.h"
#include "net/request_head.h"

namespace {

using namespace cairn::gateway;

void must(bool condition) {
    if (!condition) std::abort();
}

void check_head(std::string_view bytes) {
    const auto end = cairn::net::find_head_end(bytes, 0);
    const auto head = parse_answer_head(bytes.substr(0, end));
    if (!head) return;
    must(head->status >= 100 && head->status < 600);
    must(!(head->chunked && head->length));
    const auto forwarded = forwarded_answer_head(bytes.substr(0, end), {.close = true});
    const auto again = parse_answer_head(forwarded);
    must(again.has_value());
    must(again->status == head->status && again->chunked == head->chunked && again->length == head->length);
    must(!again->keep_alive);
    for (const char* method : {"GET", "HEAD"}) must(again->body(method).framing() == head->body(method).framing());
}

std::string pass(BodyScanner& scanner, std::string_view bytes) {
    std::string passed;
    while (!bytes.empty() && !scanner.done() && !scanner.broken()) passed += scanner.next(bytes);
    return passed;
}

void check_body(std::string_view bytes, std::size_t cut, const BodyScanner& fresh) {
    auto whole = fresh, pieces = fresh, again = fresh;
    const auto passed = pass(whole, bytes);
    auto in_pieces = pass(pieces, bytes.substr(0, cut));
    in_pieces += pass(pieces, bytes.substr(cut));
    must(passed == in_pieces && whole.done() == pieces.done() && whole.broken() == pieces.broken());
    must(whole.data_bytes() == pieces.data_bytes() && passed.size() <= bytes.size());
    if (whole.broken()) return;
    must(pass(again, passed) == passed && again.done() == whole.done() && again.data_bytes() == whole.data_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const auto cut = bytes.size() * data[0] / 256;
    check_head(bytes);
    check_body(bytes, cut, BodyScanner(BodyScanner::Framing::chunked));
    check_body(bytes, cut, BodyScanner(BodyScanner::Framing::sized, data[1]));
    check_body(bytes, cut, BodyScanner(BodyScanner::Framing::until_close));
    return 0;
}
