#include "wire/compiler/texts.h"

#include <stdexcept>

#include "base/bytes.h"

namespace cairn::wire {

Texts::Texts() { add({}); }

TextRef Texts::add(std::string_view text) {
    if (text.size() > 0xffff) throw std::runtime_error("a text is too long: " + std::string(text.substr(0, 64)));
    const auto [place, is_new] = places_.try_emplace(std::string(text), static_cast<TextRef>(bytes_.size()));
    if (is_new) {
        append(bytes_, static_cast<std::uint16_t>(text.size()));
        bytes_.append(text);
    }
    return place->second;
}

}  // namespace cairn::wire
