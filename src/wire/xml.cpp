#include "wire/xml.h"

#include <cmath>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/time.h"

namespace cairn::wire {

namespace {

void append_escaped(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\r')
            out += "&#13;";
        else if (byte < 0x20 && c != '\n' && c != '\t')
            out += "\xef\xbf\xbd";
        else
            out += c;
    }
}

std::string scalar(const Shape& shape, const Json& value) {
    if (shape.kind == Kind::blob) return to_base64(value.as_string());
    if (value.is_string()) return value.as_string();
    if (shape.kind != Kind::timestamp) return to_text(value);
    const auto time = from_milliseconds(static_cast<std::int64_t>(std::llround(value.as_number() * 1000)));
    return shape.timestamp == TimestampFormat::http_date ? format_http_date(time) : format_time(time);
}

}  // namespace

void XmlWriter::open(std::string_view name, std::string_view xml_namespace) {
    if (xml_namespace.empty()) return open_with(name, {});
    open_with(name, {{"xmlns", xml_namespace}});
}

void XmlWriter::open_with(std::string_view name,
                          std::initializer_list<std::pair<std::string_view, std::string_view>> attributes) {
    out_ += '<';
    out_ += name;
    for (const auto& [attribute, value] : attributes) {
        out_.append(" ").append(attribute).append("=\"");
        append_escaped(out_, value);
        out_ += '"';
    }
    out_ += '>';
}

void XmlWriter::close(std::string_view name) {
    out_ += "</";
    out_ += name;
    out_ += '>';
}

void XmlWriter::content(std::string_view text) { append_escaped(out_, text); }

void XmlWriter::text(std::string_view name, std::string_view content) {
    open(name);
    append_escaped(out_, content);
    close(name);
}

void write_element(XmlWriter& xml, const Model& model, ShapeId id, std::string_view name, const Json& value) {
    const auto& shape = model.shape(id);
    if (shape.kind == Kind::structure) {
        xml.open(name);
        for (const auto& member : shape.members)
            if (const auto* inner = value.find(member.name))
                write_element(xml, model, member.shape, member.wire_name, *inner);
        xml.close(name);
    } else if (shape.kind == Kind::list) {
        const auto& member = shape.members[0];
        if (!shape.flattened) xml.open(name);
        for (const auto& item : value.as_array())
            write_element(xml, model, member.shape, shape.flattened ? name : std::string_view(member.wire_name), item);
        if (!shape.flattened) xml.close(name);
    } else if (shape.kind == Kind::map) {
        if (!shape.flattened) xml.open(name);
        for (const auto& [key, inner] : value.as_object()) {
            const auto entry = shape.flattened ? name : std::string_view("entry");
            xml.open(entry);
            xml.text(shape.members[0].wire_name, key);
            write_element(xml, model, shape.members[1].shape, shape.members[1].wire_name, inner);
            xml.close(entry);
        }
        if (!shape.flattened) xml.close(name);
    } else {
        xml.text(name, scalar(shape, value));
    }
}

}  // namespace cairn::wire
