#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "wire/errors.h"

namespace cairn::wire {

struct Pattern;  // wire/pattern.h

/// What a service takes and answers, read from models/*.json (models/README.md). Immutable once parsed; any number of
/// threads may use one.

enum class Kind : std::uint8_t {
    structure,
    list,
    map,
    string,
    boolean,
    integer,
    long_integer,
    number,
    timestamp,
    blob
};

enum class TimestampFormat : std::uint8_t { epoch_seconds, iso8601, http_date };

/// A place in Model's list of shapes.
using ShapeId = std::uint32_t;

struct Member {
    std::string name;       ///< as handlers name it
    std::string wire_name;  ///< as the protocol spells it
    ShapeId shape = 0;
    bool required = false;
    enum class Location : std::uint8_t { body, query_string, header, path } location = Location::body;
};

struct Shape {
    std::string name;
    Kind kind = Kind::structure;
    std::vector<Member> members;      ///< of a structure; a list has one, a map its key and its value
    std::optional<double> min, max;   ///< length in characters or items, or the value of a number
    std::string pattern;              ///< as the model writes it
    std::vector<std::string> values;  ///< of an enumeration
    TimestampFormat timestamp = TimestampFormat::epoch_seconds;
    bool flattened = false;  ///< awsQuery: without an element around the items

    std::shared_ptr<const Pattern> compiled;  ///< null without pattern
};

struct Operation {
    std::string name;
    std::string method = "POST";
    std::string path = "/";
    int status = 200;
    std::optional<ShapeId> input, output;
    std::vector<std::string> errors;
    std::string result_wrapper;  ///< awsQuery: the element around the output
};

class Model {
public:
    /// Error: invalid, naming what is wrong with the model.
    static Result<Model> parse(std::string_view text);

    const std::string& service() const { return service_; }
    const std::string& signing_name() const { return signing_name_; }
    const std::string& api_version() const { return api_version_; }
    const std::string& target_prefix() const { return target_prefix_; }
    const std::string& xml_namespace() const { return xml_namespace_; }
    Protocol protocol() const { return protocol_; }

    /// Null when there is no such operation.
    const Operation* find(std::string_view operation) const;
    const std::map<std::string, Operation, std::less<>>& operations() const { return operations_; }

    const Shape& shape(ShapeId id) const { return shapes_[id]; }
    std::optional<ShapeId> shape_id(std::string_view name) const;

    /// Reads a JSON document as a shape, as the handlers want it: members that are null or unknown are left out,
    /// timestamps (number or text) become seconds since 1970 as a number, blobs their bytes.
    /// The error is the message of a SerializationException: a value has the wrong JSON type.
    std::expected<Json, std::string> read(ShapeId shape, const Json& document) const;

    /// The opposite of read(): what a client of the protocol expects. `output` holds only values that fit the shape.
    Json write(ShapeId shape, const Json& output) const;

    /// What the constraints of the model find wrong with an input that read() returned, in the words of a
    /// ValidationException; empty when all is well.
    std::vector<std::string> violations(ShapeId shape, const Json& input) const;

private:
    std::string service_, signing_name_, api_version_, target_prefix_, xml_namespace_;
    Protocol protocol_ = Protocol::json;
    std::map<std::string, Operation, std::less<>> operations_;
    std::map<std::string, ShapeId, std::less<>> ids_;
    std::vector<Shape> shapes_;

    friend class ModelReader;
};

/// "2 validation errors detected: ...; ...". `violations` must not be empty.
ApiError validation_error(const std::vector<std::string>& violations);

/// The text of models/NAME.json as compiled in; empty when there is no such model.
std::string_view embedded_model(std::string_view name);

/// The compiled-in model of a service ("cloudtrail", "cloudtrail-data", "sts"), parsed once.
const Model& model_of(std::string_view name);

/// Seconds since 1970 of a timestamp of any of the formats; empty when it is none.
std::optional<double> parse_timestamp(std::string_view text);

}  // namespace cairn::wire
