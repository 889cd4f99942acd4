#include "gateway/body_scanner.h"

#include <algorithm>

namespace cairn::gateway {

namespace {

constexpr std::size_t overhead_max = 16 * 1024;
constexpr int digits_max = 15;  // 60 bits, no overflow to think about

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

}  // namespace

bool BodyScanner::done() const {
    switch (framing_) {
        case Framing::none: return true;
        case Framing::sized: return left_ == 0;
        case Framing::chunked: return step_ == Step::done;
        case Framing::until_close: return false;
    }
    return false;
}

void BodyScanner::take_data(std::string_view data) {
    data_bytes_ += data.size();
    if (copy_ != nullptr) copy_->add(data);
    if (watch_ != nullptr) watch_->add(data);
}

std::string_view BodyScanner::next_data(std::string_view& bytes) {
    const auto size = framing_ == Framing::until_close
                          ? bytes.size()
                          : static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    const auto data = bytes.substr(0, size);
    bytes.remove_prefix(size);
    if (framing_ != Framing::until_close) left_ -= size;
    take_data(data);
    return data;
}

std::string_view BodyScanner::next(std::string_view& bytes) {
    if (framing_ == Framing::none) return {};
    if (framing_ != Framing::chunked) return next_data(bytes);

    const char* const begin = bytes.data();
    std::size_t passed = 0;  // of one piece, from `begin`
    while (!bytes.empty() && step_ < Step::done) {
        if (step_ == Step::data) {
            if (unframed_) {
                const auto data = next_data(bytes);
                if (left_ == 0) step_ = Step::data_end;
                return data;
            }
            passed += next_data(bytes).size();
            if (left_ == 0) step_ = Step::data_end;
            continue;
        }
        const bool passes = step(bytes.front());
        if (step_ == Step::broken) break;
        if (passes && !unframed_) {
            bytes.remove_prefix(1);
            ++passed;
        } else if (passed > 0) {
            // The byte is stepped over already: it is part of an extension, and the piece ends before it.
            bytes.remove_prefix(1);
            return {begin, passed};
        } else {
            bytes.remove_prefix(1);
            return {};
        }
    }
    return {begin, passed};
}

/// Takes one byte of the framing. False when it does not go on.
bool BodyScanner::step(char c) {
    switch (step_) {
        case Step::size: return size_digit(c);
        case Step::extension:
            if (c == '\r') {
                step_ = Step::size_end;
                return true;
            }
            if (!is_text(c) || ++overhead_ > overhead_max) step_ = Step::broken;
            return false;
        case Step::size_end:
            if (c != '\n') {
                step_ = Step::broken;
                return false;
            }
            digits_ = 0;
            overhead_ = 0;
            step_ = left_ == 0 ? Step::trailer : Step::data;
            return true;
        case Step::data_end: step_ = c == '\r' ? Step::data_line_end : Step::broken; return true;
        case Step::data_line_end: step_ = c == '\n' ? Step::size : Step::broken; return true;
        case Step::trailer: trailer(c); return true;
        case Step::trailer_end:
            if (c != '\n')
                step_ = Step::broken;
            else
                step_ = trailer_line_empty_ ? Step::done : Step::trailer;
            trailer_line_empty_ = true;
            return true;
        default: return false;
    }
}

bool BodyScanner::size_digit(char c) {
    const int value = hex_value(c);
    if (value >= 0 && digits_ < digits_max) {
        left_ = (digits_ == 0 ? 0 : left_) * 16 + static_cast<unsigned>(value);
        ++digits_;
        return true;
    }
    if (digits_ > 0 && c == '\r') {
        step_ = Step::size_end;
        return true;
    }
    if (digits_ > 0 && (c == ';' || c == ' ' || c == '\t')) {
        overhead_ = 0;
        step_ = Step::extension;
        return false;
    }
    step_ = Step::broken;
    return false;
}

void BodyScanner::trailer(char c) {
    if (c == '\r') {
        step_ = Step::trailer_end;
    } else if (!is_text(c) || ++overhead_ > overhead_max) {
        step_ = Step::broken;
    } else {
        trailer_line_empty_ = false;
    }
}

}  // namespace cairn::gateway
