#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/json.h"
#include "wire/model.h"

namespace cairn::wire {

/// Writes elements one after another, without white space between them. Characters that XML 1.0 cannot hold become
/// U+FFFD.
class XmlWriter {
public:
    void open(std::string_view name, std::string_view xml_namespace = {});
    void open_with(std::string_view name,
                   std::initializer_list<std::pair<std::string_view, std::string_view>> attributes);
    void close(std::string_view name);
    void content(std::string_view text);
    void text(std::string_view name, std::string_view content);
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

/// Writes `value` of a shape as the element `name`, as awsQuery does: items of a list in `member`, those of a map in
/// `entry`, unless the shape is flattened.
void write_element(XmlWriter& xml, const Model& model, ShapeId shape, std::string_view name, const Json& value);

}  // namespace cairn::wire
