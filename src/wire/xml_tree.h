#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::wire {

/// An element of a small XML document, names without their prefix.
struct XmlElement {
    std::string name, text;  ///< text: all character data directly inside, white space between elements left out
    std::vector<std::pair<std::string, std::string>> attributes;
    std::vector<XmlElement> children;

    const XmlElement* find(std::string_view child) const;       ///< the first of that name; null if there is none
    std::string_view attribute(std::string_view wanted) const;  ///< empty if there is none
};

/// The root element. Error: invalid: no XML, nested deeper than 64, or more than 100,000 elements. Entities other than
/// the five of XML are not replaced.
Result<XmlElement> parse_xml(std::string_view text);

}  // namespace cairn::wire
