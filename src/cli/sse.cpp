#include "cli/sse.h"

namespace cairn::cli {

bool EventStream::take(std::string_view bytes) {
    partial_.append(bytes);
    std::size_t begin = 0;
    for (std::size_t end; (end = partial_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        auto text = std::string_view(partial_).substr(begin, end - begin);
        if (text.ends_with('\r')) text.remove_suffix(1);
        if (!line(text)) return false;
    }
    partial_.erase(0, begin);
    return true;
}

bool EventStream::line(std::string_view text) {
    if (text.empty()) {
        const bool go_on = data_.empty() || use_(event_.empty() ? "message" : event_, data_);
        event_.clear();
        data_.clear();
        return go_on;
    }
    const auto colon = text.find(':');
    const auto name = text.substr(0, colon);
    auto value = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "event") event_ = value;
    if (name == "data") {
        if (!data_.empty()) data_.push_back('\n');
        data_.append(value);
    }
    return true;
}

}  // namespace cairn::cli
