#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "wire/operations_format.h"

namespace cairn::wire {

/// The section of texts while it grows; each text is stored once.
class Texts {
public:
    Texts();

    TextRef add(std::string_view text);
    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
    std::unordered_map<std::string, TextRef> places_;
};

}  // namespace cairn::wire
