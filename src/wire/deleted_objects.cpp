#include "wire/deleted_objects.h"

#include <set>

#include "wire/xml_tree.h"

namespace cairn::wire {

namespace {

std::string key_of(const XmlElement& element) {
    const auto* key = element.find("Key");
    return key ? key->text : std::string();
}

}  // namespace

std::vector<std::string> deleted_keys(std::string_view request, std::string_view answer) {
    const auto result = parse_xml(answer);
    if (!result || result->name != "DeleteResult") return {};
    std::vector<std::string> deleted;
    std::set<std::string> failed;
    for (const auto& child : result->children) {
        if (child.name == "Deleted") deleted.push_back(key_of(child));
        if (child.name == "Error") failed.insert(key_of(child));
    }
    if (!deleted.empty()) return deleted;
    const auto wanted = parse_xml(request);
    const auto* quiet = wanted ? wanted->find("Quiet") : nullptr;
    if (!quiet || quiet->text != "true") return {};
    for (const auto& child : wanted->children)
        if (child.name == "Object" && !failed.contains(key_of(child))) deleted.push_back(key_of(child));
    return deleted;
}

}  // namespace cairn::wire
