#include "wire/body_form.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace cairn::wire {

namespace {

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc() && end == text.data() + text.size() && !text.empty();
    return whole ? std::optional(value) : std::nullopt;
}

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

}  // namespace

BodyForm read_body_form(const CallHead& call) {
    BodyForm form;
    const auto hash = call.find("x-amz-content-sha256");
    const auto encoding = call.find("content-encoding");
    form.hash_signed = is_sha256_hex(hash);
    if (hash.starts_with("STREAMING-")) {
        form.trailer = hash.ends_with("-TRAILER");
        form.ecdsa = hash.find("-ECDSA-") != std::string_view::npos;
        const bool is_unsigned = hash.starts_with("STREAMING-UNSIGNED-");
        form.framing = is_unsigned ? BodyForm::Framing::aws_chunked_unsigned : BodyForm::Framing::aws_chunked_signed;
    } else if (encoding.find("aws-chunked") != std::string_view::npos) {
        form.framing = BodyForm::Framing::aws_chunked_unsigned;
    }
    form.gzip = encoding.find("gzip") != std::string_view::npos;
    const bool framed = form.framing != BodyForm::Framing::plain;
    form.decoded_length = number(call.find(framed ? "x-amz-decoded-content-length" : "content-length"));
    return form;
}

}  // namespace cairn::wire
