#include "wire/xml_tree.h"

#include <algorithm>

#include <pugixml.hpp>

namespace cairn::wire {

namespace {

constexpr int depth_max = 64;
constexpr std::size_t elements_max = 100'000;

std::string local_name(std::string_view name) { return std::string(name.substr(name.rfind(':') + 1)); }

/// False when the limits are passed.
bool copy(const pugi::xml_node& from, XmlElement& to, int depth, std::size_t& elements) {
    if (depth > depth_max || ++elements > elements_max) return false;
    to.name = local_name(from.name());
    for (const auto& attribute : from.attributes()) to.attributes.emplace_back(attribute.name(), attribute.value());
    for (const auto& child : from.children()) {
        if (child.type() == pugi::node_element) {
            if (!copy(child, to.children.emplace_back(), depth + 1, elements)) return false;
        } else if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) {
            to.text += child.value();
        }
    }
    return true;
}

}  // namespace

const XmlElement* XmlElement::find(std::string_view child) const {
    const auto found = std::ranges::find(children, child, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::attribute(std::string_view wanted) const {
    const auto found = std::ranges::find(attributes, wanted, &std::pair<std::string, std::string>::first);
    return found == attributes.end() ? std::string_view() : std::string_view(found->second);
}

Result<XmlElement> parse_xml(std::string_view text) {
    pugi::xml_document document;
    const auto parsed =
        document.load_buffer(text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
    if (!parsed) return fail(Code::invalid, std::string("no XML: ") + parsed.description());
    XmlElement root;
    std::size_t elements = 0;
    if (!document.document_element() || !copy(document.document_element(), root, 0, elements))
        return fail(Code::invalid, "XML with too many elements, or none");
    return root;
}

}  // namespace cairn::wire
