#include "wire/compiler/blob.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>

#include "base/hash.h"
#include "wire/compiler/path_tries.h"
#include "wire/compiler/shape_table.h"
#include "wire/compiler/texts.h"
#include "wire/operations_format.h"

namespace cairn::wire {

namespace {

/// Which services a name may mean: name -> indices of services, in the order that they are listed.
using Meanings = std::map<std::string, std::vector<std::uint32_t>>;

class BlobWriter {
public:
    BlobWriter() : shapes_(texts_), tries_(texts_) {}

    void add(const FactService& service);
    std::string finish();

private:
    Range add_words(const std::vector<std::string>& words);
    Range add_errors(const FactService& service);
    void add_operation(const FactService& service, const FactOperation& operation, Range errors);
    void mean(Section table, const std::string& name);
    std::vector<std::uint32_t> key_table(const Meanings& meanings);
    std::vector<std::uint32_t> operation_table() const;
    std::string assemble(const std::array<std::string, section_count>& bytes,
                         const std::array<std::size_t, section_count>& counts) const;

    Texts texts_;
    ShapeTable shapes_;
    PathTries tries_;
    std::vector<ServiceRow> services_;
    std::vector<OperationRow> operations_;
    std::vector<std::string> operation_names_;
    std::vector<ErrorRow> errors_;
    std::vector<std::uint32_t> error_lists_, words_;
    std::vector<ItemSetRow> item_sets_;
    std::vector<KeyRow> keys_;
    std::map<Section, Meanings> meanings_;
};

std::uint32_t size_of(const auto& list) { return static_cast<std::uint32_t>(list.size()); }

Range BlobWriter::add_words(const std::vector<std::string>& words) {
    const Range range{size_of(words_), size_of(words)};
    for (const auto& word : words) words_.push_back(texts_.add(word));
    return range;
}

Range BlobWriter::add_errors(const FactService& service) {
    const Range range{size_of(errors_), size_of(service.errors)};
    for (const auto& [name, code] : service.errors) errors_.push_back({texts_.add(name), texts_.add(code)});
    return range;
}

void BlobWriter::add_operation(const FactService& service, const FactOperation& operation, Range errors) {
    OperationRow row{};
    row.name = texts_.add(operation.name);
    row.event_name = texts_.add(operation.event_name.empty() ? operation.name : operation.event_name);
    row.uri = texts_.add(operation.uri);
    row.data_type = texts_.add(operation.data_type);
    row.host_prefix = texts_.add(operation.host_prefix);
    row.input = shapes_.structure(service, operation.input);
    row.output = shapes_.structure(service, operation.output);
    row.service = static_cast<std::uint16_t>(services_.size());
    row.method = static_cast<std::uint8_t>(std::ranges::find(method_names, operation.method) - method_names.begin());
    if (row.method == method_names.size()) throw std::runtime_error("no method is called " + operation.method);
    for (const char letter : operation.flags) {
        const auto place = operation_letters.find(letter);
        if (place == std::string_view::npos) throw std::runtime_error(operation.name + " has an unknown flag");
        row.flags |= 1u << place;
    }
    row.error_list = size_of(error_lists_);
    row.error_count = static_cast<std::uint8_t>(operation.errors.size());
    for (const auto& name : operation.errors) {
        const auto found = std::ranges::find(service.errors, name, &std::pair<std::string, std::string>::first);
        if (found == service.errors.end()) throw std::runtime_error(service.name + " has no error " + name);
        error_lists_.push_back(errors.first + static_cast<std::uint32_t>(found - service.errors.begin()));
    }
    operations_.push_back(row);
    operation_names_.push_back(operation.name);
}

void BlobWriter::mean(Section table, const std::string& name) {
    auto& services = meanings_[table][name];
    const auto index = size_of(services_);
    if (!name.empty() && std::ranges::find(services, index) == services.end()) services.push_back(index);
}

void BlobWriter::add(const FactService& service) {
    shapes_.begin();
    ServiceRow row{};
    row.name = texts_.add(service.name);
    row.id = texts_.add(service.text("id"));
    row.signing = texts_.add(service.text("signing"));
    row.endpoint = texts_.add(service.text("endpoint"));
    row.version = texts_.add(service.text("version"));
    row.source = texts_.add(service.text("source"));
    row.shown = texts_.add(service.text("shown"));
    row.region = texts_.add(service.text("region"));
    row.placeholder = texts_.add(service.text("placeholder"));
    const auto scopes = words_of(service.text("scopes")), targets = words_of(service.text("target"));
    row.scopes = add_words(scopes);
    row.targets = add_words(targets);
    std::vector<std::string> sources;
    for (const auto& pair : words_of(service.text("sources")))
        for (const auto& side : words_of(pair, '=')) sources.push_back(side);
    row.scope_sources = add_words(sources);
    row.errors = add_errors(service);
    row.item_sets = {size_of(item_sets_), size_of(service.item_sets)};
    for (const auto& [member, set, element] : service.item_sets)
        item_sets_.push_back({texts_.add(member), texts_.add(set), texts_.add(element)});
    for (const auto& name : words_of(service.text("protocols"))) {
        const auto place = std::ranges::find(protocol_names, name) - protocol_names.begin();
        if (place == std::ssize(protocol_names)) throw std::runtime_error("no protocol is called " + name);
        row.protocols |= static_cast<std::uint16_t>(1u << place);
    }
    row.json_minor = service.text("json") == "1.1";
    row.query_compatible = service.text("querycompatible") == "yes";
    row.operations = {size_of(operations_), size_of(service.operations)};
    for (const auto& operation : service.operations) add_operation(service, operation, row.errors);
    const bool rest = service.text("protocols").find("rest-") != std::string::npos;
    if (rest) row.methods = tries_.add(service, row.operations.first);

    mean(Section::by_name, service.name);
    mean(Section::by_scope, service.text("signing"));
    for (const auto& scope : scopes) mean(Section::by_scope, scope);
    mean(Section::by_version, service.text("version"));
    mean(Section::by_endpoint, service.text("endpoint"));
    for (const auto& target : targets) {
        mean(Section::by_target, target);
        mean(Section::by_target, target.substr(target.rfind('.') + 1));  // as clients without a namespace send it
    }
    services_.push_back(row);
}

/// Open addressing; `slots` entries each put where their hash says or behind it.
std::vector<std::uint32_t> hash_table(std::size_t entries, const std::function<std::uint64_t(std::size_t)>& hash) {
    std::vector<std::uint32_t> slots(std::bit_ceil(entries * 2 + 1));
    for (std::size_t i = 0; i < entries; ++i) {
        auto at = hash(i) & (slots.size() - 1);
        while (slots[at] != 0) at = (at + 1) & (slots.size() - 1);
        slots[at] = static_cast<std::uint32_t>(i + 1);
    }
    return slots;
}

/// Slots of this table lead into the common section of keys.
std::vector<std::uint32_t> BlobWriter::key_table(const Meanings& meanings) {
    const auto first = keys_.size();
    std::vector<std::string> names;
    for (const auto& [name, services] : meanings) {
        if (services.empty()) continue;
        keys_.push_back({texts_.add(name), {size_of(words_), size_of(services)}});
        words_.insert(words_.end(), services.begin(), services.end());
        names.push_back(name);
    }
    auto slots = hash_table(names.size(), [&](std::size_t i) { return hash64(names[i]); });
    for (auto& slot : slots)
        if (slot != 0) slot += static_cast<std::uint32_t>(first);
    return slots;
}

std::vector<std::uint32_t> BlobWriter::operation_table() const {
    return hash_table(operations_.size(),
                      [&](std::size_t i) { return hash64(operation_names_[i], operations_[i].service); });
}

std::string BlobWriter::assemble(const std::array<std::string, section_count>& bytes,
                                 const std::array<std::size_t, section_count>& counts) const {
    BlobHeader header{};
    std::memcpy(header.magic, blob_magic.data(), sizeof header.magic);
    std::string body;
    for (std::size_t i = 0; i < section_count; ++i) {
        header.sections[i] = {static_cast<std::uint32_t>(sizeof header + body.size()),
                              static_cast<std::uint32_t>(counts[i])};
        body += bytes[i];
        body.resize((body.size() + 7) & ~std::size_t{7});
    }
    header.bytes = static_cast<std::uint32_t>(sizeof header + body.size());
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + body;
}

std::string BlobWriter::finish() {
    std::array<std::string, section_count> bytes;
    std::array<std::size_t, section_count> counts{};
    const auto put = [&]<class Row>(Section section, const std::vector<Row>& rows) {
        bytes[static_cast<std::size_t>(section)].assign(reinterpret_cast<const char*>(rows.data()),
                                                        rows.size() * sizeof(Row));
        counts[static_cast<std::size_t>(section)] = rows.size();
    };
    for (const auto table :
         {Section::by_name, Section::by_scope, Section::by_target, Section::by_version, Section::by_endpoint})
        put(table, key_table(meanings_[table]));
    put(Section::by_operation, operation_table());
    put(Section::services, services_);
    put(Section::operations, operations_);
    put(Section::errors, errors_);
    put(Section::error_lists, error_lists_);
    put(Section::shapes, shapes_.shapes());
    put(Section::members, shapes_.members());
    put(Section::words, words_);
    put(Section::methods, tries_.roots());
    put(Section::nodes, tries_.nodes());
    put(Section::edges, tries_.edges());
    put(Section::leaves, tries_.leaves());
    put(Section::conditions, tries_.conditions());
    put(Section::item_sets, item_sets_);
    put(Section::keys, keys_);
    bytes[static_cast<std::size_t>(Section::texts)] = texts_.bytes();
    counts[static_cast<std::size_t>(Section::texts)] = texts_.bytes().size();
    return assemble(bytes, counts);
}

}  // namespace

std::string write_blob(const std::vector<FactService>& services) {
    BlobWriter writer;
    for (const auto& service : services) writer.add(service);
    return writer.finish();
}

}  // namespace cairn::wire
