#include "wire/stream_failure.h"

#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "base/bytes.h"
#include "base/json.h"
#include "base/utf8.h"

namespace cairn::wire {

namespace {

constexpr std::size_t prelude_bytes = 12, crc_bytes = 4;
constexpr std::size_t headers_bytes_max = 128 * 1024;  // as AWS limits them
constexpr std::size_t frame_bytes_max = 24u << 20;     // likewise
constexpr std::size_t payload_bytes_max = 16 * 1024;   // of an exception: its message
constexpr std::size_t text_bytes_max = 1024;

std::uint32_t big_endian32(std::string_view bytes) { return std::byteswap(load<std::uint32_t>(bytes.data())); }
std::uint16_t big_endian16(std::string_view bytes) { return std::byteswap(load<std::uint16_t>(bytes.data())); }

/// The size of a header's value of a type; those of strings and bytes begin with two bytes that say it.
std::optional<std::size_t> value_bytes(char type, std::string_view value) {
    switch (type) {
        case 0:
        case 1: return 0;  // true, false
        case 2: return 1;
        case 3: return 2;
        case 4: return 4;
        case 5:
        case 8: return 8;  // a number, a time
        case 6:
        case 7: return value.size() < 2 ? std::nullopt : std::optional<std::size_t>(2 + big_endian16(value));
        case 9: return 16;
        default: return std::nullopt;
    }
}

/// Headers whose values are strings. Empty where they are not headers.
std::map<std::string_view, std::string_view> read_headers(std::string_view bytes) {
    constexpr char string_type = 7;
    std::map<std::string_view, std::string_view> headers;
    while (!bytes.empty()) {
        const std::size_t name_bytes = static_cast<unsigned char>(bytes[0]);
        if (bytes.size() < name_bytes + 2) return {};
        const auto name = bytes.substr(1, name_bytes);
        const char type = bytes[1 + name_bytes];
        bytes.remove_prefix(name_bytes + 2);
        const auto size = value_bytes(type, bytes);
        if (!size || bytes.size() < *size) return {};
        if (type == string_type) headers[name] = bytes.substr(2, *size - 2);
        bytes.remove_prefix(*size);
    }
    return headers;
}

std::string_view find(const std::map<std::string_view, std::string_view>& headers, std::string_view name) {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : found->second;
}

}  // namespace

void StreamFailure::add(std::string_view bytes) {
    while (!bytes.empty() && step_ != Step::ended) {
        switch (step_) {
            case Step::prelude:
                if (collect(bytes, prelude_bytes)) take_prelude();
                break;
            case Step::headers:
                if (collect(bytes, headers_bytes_)) take_headers();
                break;
            case Step::payload:
                if (collect(bytes, static_cast<std::size_t>(left_ - crc_bytes))) take_payload();
                break;
            case Step::rest: {
                const auto passed = std::min<std::uint64_t>(left_, bytes.size());
                bytes.remove_prefix(static_cast<std::size_t>(passed));
                left_ -= passed;
                if (left_ == 0) step_ = Step::prelude;
                break;
            }
            case Step::ended: break;
        }
    }
}

/// True once part_ has `size` bytes.
bool StreamFailure::collect(std::string_view& bytes, std::size_t size) {
    const auto taken = bytes.substr(0, size - part_.size());
    part_.append(taken);
    bytes.remove_prefix(taken.size());
    return part_.size() == size;
}

void StreamFailure::take_prelude() {
    const std::uint64_t total = big_endian32(part_);
    headers_bytes_ = big_endian32(std::string_view(part_).substr(4));
    part_.clear();
    if (total > frame_bytes_max || headers_bytes_ > headers_bytes_max ||
        total < prelude_bytes + headers_bytes_ + crc_bytes) {
        step_ = Step::ended;
        return;
    }
    left_ = total - prelude_bytes - headers_bytes_;
    step_ = headers_bytes_ > 0 ? Step::headers : Step::rest;
}

void StreamFailure::take_headers() {
    const auto headers = read_headers(part_);
    const auto type = find(headers, ":message-type");
    step_ = Step::rest;
    if (type == "exception") {
        failure_.code = valid_utf8(find(headers, ":exception-type"), text_bytes_max);
        if (left_ > crc_bytes && left_ <= payload_bytes_max) step_ = Step::payload;
    } else if (type == "error") {
        failure_ = {valid_utf8(find(headers, ":error-code"), text_bytes_max),
                    valid_utf8(find(headers, ":error-message"), text_bytes_max)};
    }
    part_.clear();
    if (failure_ && step_ == Step::rest) step_ = Step::ended;
}

void StreamFailure::take_payload() {
    if (const auto document = parse_json(part_)) {
        const auto message = document->text("message");
        failure_.message = valid_utf8(message.empty() ? document->text("Message") : message, text_bytes_max);
    }
    part_.clear();
    step_ = Step::ended;
}

}  // namespace cairn::wire
