#include "net/chunked.h"

#include <algorithm>

namespace cairn::net {

namespace {

constexpr std::size_t overhead_max = 8 * 1024;
constexpr int digits_max = 15;  // 60 bits, no overflow to think about

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

}  // namespace

ChunkedReader::State ChunkedReader::feed(std::string_view& bytes, std::string& body) {
    while (!bytes.empty() && step_ < Step::done) {
        if (step_ == Step::data) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
            body.append(bytes.substr(0, size));
            bytes.remove_prefix(size);
            left_ -= size;
            if (left_ == 0) step_ = Step::data_end;
        } else {
            step(bytes.front());
            bytes.remove_prefix(1);
        }
    }
    switch (step_) {
        case Step::done: return State::done;
        case Step::broken: return State::broken;
        case Step::too_large: return State::too_large;
        default: return State::more;
    }
}

void ChunkedReader::step(char c) {
    switch (step_) {
        case Step::size: return size_digit(c);
        case Step::extension:
            if (c == '\r')
                step_ = Step::size_end;
            else if (!is_text(c) || ++overhead_ > overhead_max)
                step_ = Step::broken;
            return;
        case Step::size_end:
            if (c == '\n') return size_line_ends();
            step_ = Step::broken;
            return;
        case Step::data_end: step_ = c == '\r' ? Step::data_line_end : Step::broken; return;
        case Step::data_line_end: step_ = c == '\n' ? Step::size : Step::broken; return;
        case Step::trailer: return trailer(c);
        case Step::trailer_end:
            if (c != '\n')
                step_ = Step::broken;
            else
                step_ = trailer_line_empty_ ? Step::done : Step::trailer;
            trailer_line_empty_ = true;
            return;
        default: return;
    }
}

void ChunkedReader::size_digit(char c) {
    const int value = hex_value(c);
    if (value >= 0 && digits_ < digits_max) {
        left_ = left_ * 16 + static_cast<unsigned>(value);
        ++digits_;
    } else if (digits_ > 0 && c == '\r') {
        step_ = Step::size_end;
    } else if (digits_ > 0 && c == ';') {
        step_ = Step::extension;
    } else {
        step_ = Step::broken;
    }
}

void ChunkedReader::size_line_ends() {
    digits_ = 0;
    overhead_ = 0;
    taken_ += left_;
    if (taken_ > body_bytes_max_)
        step_ = Step::too_large;
    else
        step_ = left_ == 0 ? Step::trailer : Step::data;
}

void ChunkedReader::trailer(char c) {
    if (c == '\r') {
        step_ = Step::trailer_end;
    } else if (!is_text(c) || ++overhead_ > overhead_max) {
        step_ = Step::broken;
    } else {
        trailer_line_empty_ = false;
    }
}

}  // namespace cairn::net
