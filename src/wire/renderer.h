#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "wire/form_tree.h"
#include "wire/operations.h"
#include "wire/xml_tree.h"

namespace cairn::wire {

/// What a record shows of a value: members by their name with the first letter in lower case, keys of maps as they are,
/// numbers and booleans by their shape. Members that the shape does not know are dropped; secret ones are replaced by
/// the service's placeholder or left out before anything of them is copied, as are texts in maps under keys that say
/// that they are secret. Nested deeper than 32, a value is left out.

class Renderer {
public:
    explicit Renderer(ServiceFacts service);

    Json json(ShapeFacts shape, const Json& document) const;
    Json form(ShapeFacts shape, const FormNode& node) const;      ///< query protocol
    Json xml(ShapeFacts shape, const XmlElement& element) const;  ///< restXml, and answers of query and EC2
    Json scalar(ShapeFacts shape, std::string_view text) const;   ///< a value written as text

    /// The name that a record gives to a member.
    std::string name(std::string_view member) const;

    /// Puts a member into `out` unless it is to be left out: its value, made by `make`, or the placeholder.
    template <class Make>
    void put(Json& out, MemberFacts member, Make make) const {
        if (member.omitted()) return;
        out.set(name(member.name()), member.hidden() ? placeholder(member) : make());
    }

private:
    Json json(ShapeFacts shape, const Json& document, int depth) const;
    Json form(ShapeFacts shape, const FormNode& node, int depth) const;
    Json form_structure(ShapeFacts shape, const FormNode& node, int depth) const;
    Json form_list(ShapeFacts shape, const FormNode& node, int depth) const;
    Json form_map(ShapeFacts shape, const FormNode& node, int depth) const;
    Json xml(ShapeFacts shape, const XmlElement& element, int depth) const;
    Json xml_structure(ShapeFacts shape, const XmlElement& element, int depth) const;
    void xml_entry(Json& out, ShapeFacts map, const XmlElement& entry, int depth) const;
    template <class Make>
    void put_entry(Json& out, ShapeFacts map, std::string_view key, Make make) const;
    Json time(double seconds) const;
    Json placeholder(MemberFacts member) const;

    std::string placeholder_;
    enum class TimeStyle : unsigned char { locale, locale_comma, iso } times_;
    bool plain_arn_, sessions_, plain_names_;
};

}  // namespace cairn::wire
