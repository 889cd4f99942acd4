#include <algorithm>
#include <array>

#include "wire/parameters.h"

namespace cairn::wire {

namespace {

constexpr std::string_view redacted = "***(Redacted)";

/// {"S": "x"} as "x".
Json plain_value(const Json& typed) {
    const auto& members = typed.as_object();
    return members.size() == 1 && !members.front().second.is_object() ? members.front().second : Json(redacted);
}

Json plain_key(const Json& key) {
    Json out = JsonObject{};
    for (const auto& [name, value] : key.as_object()) out.object().emplace_back(name, plain_value(value));
    return out;
}

/// What a statement of PartiQL shows: its text with every literal taken out, for which of them are keys is not known
/// here.
std::string without_literals(std::string_view statement) {
    std::string out;
    for (std::size_t i = 0; i < statement.size(); ++i) {
        if (statement[i] != '\'') {
            out += statement[i];
            continue;
        }
        while (++i < statement.size() &&
               !(statement[i] == '\'' && (i + 1 == statement.size() || statement[i + 1] != '\'')))
            if (statement[i] == '\'') ++i;  // '' is a quote inside
        out += redacted;
    }
    return out;
}

class DynamoReader {
public:
    DynamoReader(OperationFacts operation, const KeySchema& key_schema)
        : renderer_(operation.service()), key_schema_(key_schema) {}

    /// One request for one table.
    Json request(const Json& from, ShapeFacts shape) const {
        Json out = JsonObject{};
        for (const auto& [name, value] : from.as_object()) {
            if (name == "Key")
                out.set("key", plain_key(value));
            else if (name == "Item")
                item(out, from.text("TableName"), value);
            else if (name == "Statement")
                out.set("statement", without_literals(value.as_string()));
            else if (const auto member = shape.find(name))
                renderer_.put(out, member, [&] { return renderer_.json(member.shape(), value); });
        }
        return out;
    }

    /// BatchGetItem and BatchWriteItem: {"RequestItems": {TABLE: ...}}.
    Json batch(const Json& from) const {
        Json items = JsonArray{};
        if (const auto* tables = from.find("RequestItems"))
            for (const auto& [table, wanted] : tables->as_object()) {
                if (const auto* keys = wanted.find("Keys")) {
                    Json list = JsonArray{};
                    for (const auto& key : keys->as_array()) list.array().push_back(plain_key(key));
                    items.array().push_back(JsonObject{{"tableName", table}, {"keys", std::move(list)}});
                }
                for (const auto& one : wanted.as_array()) write(items, table, one);
            }
        return JsonObject{{"requestItems", std::move(items)}};
    }

    /// TransactGetItems and TransactWriteItems: [{"Put": {...}}, ...].
    Json transaction(const Json& from, ShapeFacts shape) const {
        Json items = JsonArray{};
        const auto* wanted = from.find("TransactItems");
        const auto element = shape.find("TransactItems").shape().element().shape();
        if (!wanted) return JsonObject{};
        for (const auto& one : wanted->as_array())
            for (const auto& [kind, content] : one.as_object()) {
                const auto member = element.find(kind);
                if (!member) continue;
                auto shown = request(content, member.shape());
                shown.set("operation", kind);
                items.array().push_back(std::move(shown));
            }
        return JsonObject{{"requestItems", std::move(items)}};
    }

private:
    void write(Json& items, const std::string& table, const Json& one) const {
        for (const auto& [kind, content] : one.as_object()) {
            Json shown = JsonObject{{"operation", kind}, {"tableName", table}};
            if (const auto* key = content.find("Key")) shown.set("key", plain_key(*key));
            if (const auto* value = content.find("Item")) item(shown, table, *value);
            items.array().push_back(std::move(shown));
        }
    }

    /// The names of an item's attributes, and its key if the table's schema is known.
    void item(Json& out, std::string_view table, const Json& value) const {
        const auto keys = key_schema_ ? key_schema_(table) : std::nullopt;
        Json names = JsonArray{}, key = JsonObject{};
        for (const auto& [name, attribute] : value.as_object()) {
            names.array().push_back(name);
            if (keys && std::ranges::find(*keys, name) != keys->end()) key.set(name, plain_value(attribute));
        }
        if (!key.as_object().empty()) out.set("key", std::move(key));
        out.set("item", std::move(names));
    }

    Renderer renderer_;
    const KeySchema& key_schema_;
};

}  // namespace

Json dynamodb_parameters(OperationFacts operation, const Json& request, const KeySchema& key_schema) {
    const DynamoReader reader(operation, key_schema);
    if (operation.name().starts_with("Batch") && operation.name().ends_with("Item")) return reader.batch(request);
    if (operation.name().starts_with("Transact")) return reader.transaction(request, operation.input());
    return reader.request(request, operation.input());
}

}  // namespace cairn::wire
