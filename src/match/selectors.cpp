#include "match/selectors.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace cairn::match {

namespace {

using Texts = std::vector<std::string>;

std::unexpected<SelectorError> refuse(SelectorFault fault, std::string message) {
    return std::unexpected(SelectorError{fault, std::move(message)});
}

/// Reads every object of `list` with `read_one`.
template <class Selector, class ReadOne>
std::expected<std::vector<Selector>, SelectorError> read_list(const Json& list, SelectorFault fault,
                                                              ReadOne&& read_one) {
    std::vector<Selector> selectors;
    if (list.is_null()) return selectors;
    if (!list.is_array()) return refuse(fault, "Selectors must be a list.");
    for (const auto& item : list.as_array()) {
        if (!item.is_object()) return refuse(fault, "A selector must be an object.");
        auto selector = read_one(item);
        if (!selector) return std::unexpected(std::move(selector).error());
        selectors.push_back(std::move(*selector));
    }
    return selectors;
}

std::expected<Texts, SelectorError> read_texts(const Json& json, std::string_view name, SelectorFault fault) {
    Texts texts;
    if (!json.is_array()) return refuse(fault, fmt::format("{} must be a list of strings.", name));
    for (const auto& item : json.as_array()) {
        if (!item.is_string()) return refuse(fault, fmt::format("{} must be a list of strings.", name));
        texts.push_back(item.as_string());
    }
    return texts;
}

Json texts_json(const Texts& texts) {
    JsonArray list;
    for (const auto& text : texts) list.emplace_back(text);
    return list;
}

// --- basic ---

constexpr struct {
    BasicSelector::ReadWrite value;
    std::string_view name;
} read_write_names[] = {
    {BasicSelector::ReadWrite::all, "All"},
    {BasicSelector::ReadWrite::read_only, "ReadOnly"},
    {BasicSelector::ReadWrite::write_only, "WriteOnly"},
};

std::string_view name_of(BasicSelector::ReadWrite value) {
    return std::ranges::find_if(read_write_names, [&](const auto& row) { return row.value == value; })->name;
}

std::expected<DataResource, SelectorError> read_data_resource(const Json& json) {
    DataResource resource;
    resource.type = json.text("Type");
    if (const auto* values = json.find("Values")) {
        auto texts = read_texts(*values, "DataResources.Values", SelectorFault::event_selectors);
        if (!texts) return std::unexpected(std::move(texts).error());
        resource.values = std::move(*texts);
    }
    return resource;
}

std::expected<BasicSelector, SelectorError> read_basic(const Json& json) {
    constexpr auto fault = SelectorFault::event_selectors;
    BasicSelector selector;
    if (const auto* type = json.find("ReadWriteType")) {
        const auto row = std::ranges::find_if(
            read_write_names, [&](const auto& known) { return type->is_string() && known.name == type->as_string(); });
        if (row == std::end(read_write_names))
            return refuse(fault, "ReadWriteType must be All, ReadOnly or WriteOnly.");
        selector.read_write = row->value;
    }
    if (const auto* management = json.find("IncludeManagementEvents")) {
        if (!management->is_bool()) return refuse(fault, "IncludeManagementEvents must be true or false.");
        selector.management = management->as_bool();
    }
    if (const auto* resources = json.find("DataResources")) {
        auto data = read_list<DataResource>(*resources, fault, read_data_resource);
        if (!data) return std::unexpected(std::move(data).error());
        selector.data = std::move(*data);
    }
    if (const auto* sources = json.find("ExcludeManagementEventSources")) {
        auto texts = read_texts(*sources, "ExcludeManagementEventSources", fault);
        if (!texts) return std::unexpected(std::move(texts).error());
        selector.excluded_sources = std::move(*texts);
    }
    return selector;
}

// --- advanced ---

constexpr struct {
    std::string_view name;
    Texts FieldSelector::* values;
} operators[] = {
    {"Equals", &FieldSelector::equals},
    {"StartsWith", &FieldSelector::starts_with},
    {"EndsWith", &FieldSelector::ends_with},
    {"NotEquals", &FieldSelector::not_equals},
    {"NotStartsWith", &FieldSelector::not_starts_with},
    {"NotEndsWith", &FieldSelector::not_ends_with},
};

std::expected<FieldSelector, SelectorError> read_field(const Json& json) {
    constexpr auto fault = SelectorFault::event_selectors;
    FieldSelector selector;
    selector.field = json.text("Field");
    for (const auto& [name, member] : operators) {
        const auto* values = json.find(name);
        if (!values) continue;
        auto texts = read_texts(*values, name, fault);
        if (!texts) return std::unexpected(std::move(texts).error());
        if (texts->empty()) return refuse(fault, fmt::format("{} of field {} has no value.", name, selector.field));
        selector.*member = std::move(*texts);
    }
    return selector;
}

std::expected<AdvancedSelector, SelectorError> read_advanced(const Json& json) {
    AdvancedSelector selector;
    if (const auto* name = json.find("Name")) selector.name = name->as_string();
    const auto* list = json.find("FieldSelectors");
    auto fields = read_list<FieldSelector>(list ? *list : Json(), SelectorFault::event_selectors, read_field);
    if (!fields) return std::unexpected(std::move(fields).error());
    selector.fields = std::move(*fields);
    return selector;
}

// --- insights ---

std::expected<InsightSelector, SelectorError> read_insight(const Json& json) {
    InsightSelector selector;
    selector.type = json.text("InsightType");
    if (const auto* categories = json.find("EventCategories")) {
        auto texts = read_texts(*categories, "EventCategories", SelectorFault::insight_selectors);
        if (!texts) return std::unexpected(std::move(texts).error());
        selector.categories = std::move(*texts);
    }
    return selector;
}

}  // namespace

std::expected<std::vector<BasicSelector>, SelectorError> read_basic_selectors(const Json& list) {
    return read_list<BasicSelector>(list, SelectorFault::event_selectors, read_basic);
}

std::expected<std::vector<AdvancedSelector>, SelectorError> read_advanced_selectors(const Json& list) {
    return read_list<AdvancedSelector>(list, SelectorFault::event_selectors, read_advanced);
}

std::expected<std::vector<InsightSelector>, SelectorError> read_insight_selectors(const Json& list) {
    return read_list<InsightSelector>(list, SelectorFault::insight_selectors, read_insight);
}

Json to_json(const std::vector<BasicSelector>& selectors) {
    JsonArray list;
    for (const auto& selector : selectors) {
        JsonArray data;
        for (const auto& resource : selector.data)
            data.push_back(JsonObject{{"Type", resource.type}, {"Values", texts_json(resource.values)}});
        list.push_back(JsonObject{{"ReadWriteType", name_of(selector.read_write)},
                                  {"IncludeManagementEvents", selector.management},
                                  {"DataResources", std::move(data)},
                                  {"ExcludeManagementEventSources", texts_json(selector.excluded_sources)}});
    }
    return list;
}

Json to_json(const std::vector<AdvancedSelector>& selectors) {
    JsonArray list;
    for (const auto& selector : selectors) {
        Json json = JsonObject{};
        if (selector.name) json.set("Name", *selector.name);
        JsonArray fields;
        for (const auto& field : selector.fields) {
            Json condition = JsonObject{{"Field", field.field}};
            for (const auto& [name, member] : operators)
                if (const auto& values = field.*member; !values.empty()) condition.set(name, texts_json(values));
            fields.push_back(std::move(condition));
        }
        json.set("FieldSelectors", std::move(fields));
        list.push_back(std::move(json));
    }
    return list;
}

Json to_json(const std::vector<InsightSelector>& selectors) {
    JsonArray list;
    for (const auto& selector : selectors) {
        Json json = JsonObject{{"InsightType", selector.type}};
        if (selector.categories) json.set("EventCategories", texts_json(*selector.categories));
        list.push_back(std::move(json));
    }
    return list;
}

}  // namespace cairn::match
