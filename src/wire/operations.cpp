#include "wire/operations.h"

#include <algorithm>

#include "base/hash.h"
#include "wire/operations_blob.h"

namespace cairn::wire {

namespace {

/// What table `section` leads to for `name`; null if it has none.
const KeyRow* find_key(Section section, std::string_view name) {
    const auto slots = rows<std::uint32_t>(section);
    const auto keys = rows<KeyRow>(Section::keys);
    for (auto at = hash64(name) & (slots.size() - 1); slots[at] != 0; at = (at + 1) & (slots.size() - 1)) {
        const auto& key = keys[slots[at] - 1];
        if (blob_text(key.text) == name) return &key;
    }
    return nullptr;
}

ServiceList find_services(Section section, std::string_view name) {
    const auto* key = find_key(section, name);
    return key ? ServiceList(rows<std::uint32_t>(Section::words, key->services).data(), key->services.count)
               : ServiceList();
}

const ShapeRow* shape_at(std::uint32_t index) { return index == 0 ? nullptr : &rows<ShapeRow>(Section::shapes)[index]; }

bool lists(Range range, std::string_view text) {
    return std::ranges::any_of(rows<std::uint32_t>(Section::words, range),
                               [&](TextRef word) { return blob_text(word) == text; });
}

}  // namespace

template <class Fact, class Row>
typename Facts<Fact, Row>::Iterator& Facts<Fact, Row>::Iterator::operator++() {
    ++row_;
    return *this;
}

template class Facts<MemberFacts, MemberRow>;
template class Facts<OperationFacts, OperationRow>;
template class Facts<ServiceFacts, ServiceRow>;

FactKind ShapeFacts::kind() const { return row_ ? static_cast<FactKind>(row_->kind) : FactKind::none; }
bool ShapeFacts::flat() const { return row_ && row_->flat != 0; }

Facts<MemberFacts, MemberRow> ShapeFacts::members() const {
    if (kind() != FactKind::structure) return {nullptr, nullptr};
    const auto members = rows<MemberRow>(Section::members, {row_->first, row_->count});
    return {members.data(), members.data() + members.size()};
}

MemberFacts ShapeFacts::find(std::string_view name) const {
    for (const auto member : members())
        if (member.name() == name) return member;
    return {};
}

MemberFacts ShapeFacts::element() const { return MemberFacts(&rows<MemberRow>(Section::members)[row_->first]); }
MemberFacts ShapeFacts::key() const { return MemberFacts(&rows<MemberRow>(Section::members)[row_->first]); }
MemberFacts ShapeFacts::value() const { return MemberFacts(&rows<MemberRow>(Section::members)[row_->first + 1]); }

std::string_view MemberFacts::name() const { return blob_text(row_->name); }
std::string_view MemberFacts::wire_name() const { return blob_text(row_->wire_name); }
std::string_view MemberFacts::query_name() const { return blob_text(row_->query_name); }
ShapeFacts MemberFacts::shape() const { return ShapeFacts(shape_at(row_->shape)); }
Location MemberFacts::location() const { return static_cast<Location>(row_->location); }
bool MemberFacts::flag(char letter) const { return row_->flags >> member_letters.find(letter) & 1; }
bool MemberFacts::payload() const { return flag('P'); }
bool MemberFacts::required() const { return flag('!'); }
bool MemberFacts::idempotency_token() const { return flag('t'); }
bool MemberFacts::json_value() const { return flag('j'); }
bool MemberFacts::xml_attribute() const { return flag('a'); }
bool MemberFacts::host_label() const { return flag('H'); }
bool MemberFacts::streaming() const { return flag('S'); }
bool MemberFacts::event_stream() const { return flag('E'); }
bool MemberFacts::hidden() const { return flag('x'); }
bool MemberFacts::omitted() const { return flag('X'); }

std::string_view OperationFacts::name() const { return blob_text(row_->name); }
std::string_view OperationFacts::event_name() const { return blob_text(row_->event_name); }
std::string_view OperationFacts::method() const { return method_names[row_->method]; }
std::string_view OperationFacts::uri() const { return blob_text(row_->uri); }
std::string_view OperationFacts::data_type() const { return blob_text(row_->data_type); }
std::string_view OperationFacts::host_prefix() const { return blob_text(row_->host_prefix); }
ServiceFacts OperationFacts::service() const {
    return ServiceFacts(&rows<ServiceRow>(Section::services)[row_->service]);
}
ShapeFacts OperationFacts::input() const { return ShapeFacts(shape_at(row_->input)); }
ShapeFacts OperationFacts::output() const { return ShapeFacts(shape_at(row_->output)); }
bool OperationFacts::flag(char letter) const { return row_->flags >> operation_letters.find(letter) & 1; }
bool OperationFacts::read_only() const { return flag('r'); }
bool OperationFacts::keeps_response() const { return flag('k'); }
bool OperationFacts::learns() const { return flag('l'); }
bool OperationFacts::unsigned_by_model() const { return flag('n'); }
bool OperationFacts::may_be_gzipped() const { return flag('z'); }
bool OperationFacts::deprecated() const { return flag('d'); }
bool OperationFacts::retired() const { return flag('o'); }
bool OperationFacts::legacy_rendering() const { return flag('L'); }
bool OperationFacts::request_streams() const { return flag('b'); }
bool OperationFacts::response_streams() const { return flag('B'); }
bool OperationFacts::request_is_event_stream() const { return flag('e'); }
bool OperationFacts::response_is_event_stream() const { return flag('E'); }

std::string_view OperationFacts::error_name(std::string_view code) const {
    const auto errors = rows<ErrorRow>(Section::errors);
    for (const auto index : rows<std::uint32_t>(Section::error_lists, {row_->error_list, row_->error_count}))
        if (blob_text(errors[index].code) == code) return blob_text(errors[index].name);
    return code;
}

std::string_view ServiceFacts::name() const { return blob_text(row_->name); }
std::string_view ServiceFacts::id() const { return blob_text(row_->id); }
std::string_view ServiceFacts::signing_name() const { return blob_text(row_->signing); }
std::string_view ServiceFacts::endpoint_prefix() const { return blob_text(row_->endpoint); }
std::string_view ServiceFacts::api_version() const { return blob_text(row_->version); }
std::string_view ServiceFacts::event_source() const { return blob_text(row_->source); }
std::string_view ServiceFacts::shown_version() const { return blob_text(row_->shown); }
std::string_view ServiceFacts::global_region() const { return blob_text(row_->region); }
std::string_view ServiceFacts::placeholder() const { return blob_text(row_->placeholder); }
bool ServiceFacts::has(WireProtocol protocol) const { return row_->protocols >> static_cast<int>(protocol) & 1; }
bool ServiceFacts::json_1_1() const { return row_->json_minor == 1; }
bool ServiceFacts::query_compatible() const { return row_->query_compatible != 0; }

std::string_view ServiceFacts::event_source(std::string_view scope) const {
    const auto pairs = rows<std::uint32_t>(Section::words, row_->scope_sources);
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
        if (blob_text(pairs[i]) == scope) return blob_text(pairs[i + 1]);
    return event_source();
}

bool ServiceFacts::signs_as(std::string_view scope) const {
    return signing_name() == scope || lists(row_->scopes, scope);
}

bool ServiceFacts::has_target(std::string_view prefix) const {
    return std::ranges::any_of(rows<std::uint32_t>(Section::words, row_->targets), [&](TextRef word) {
        const auto target = blob_text(word);
        return target == prefix || target.substr(target.rfind('.') + 1) == prefix;
    });
}

Facts<OperationFacts, OperationRow> ServiceFacts::operations() const {
    const auto found = rows<OperationRow>(Section::operations, row_->operations);
    return {found.data(), found.data() + found.size()};
}

OperationFacts ServiceFacts::find(std::string_view operation) const {
    const auto index = static_cast<std::uint16_t>(row_ - rows<ServiceRow>(Section::services).data());
    const auto slots = rows<std::uint32_t>(Section::by_operation);
    const auto operations = rows<OperationRow>(Section::operations);
    for (auto at = hash64(operation, index) & (slots.size() - 1); slots[at] != 0; at = (at + 1) & (slots.size() - 1)) {
        const auto& row = operations[slots[at] - 1];
        if (row.service == index && blob_text(row.name) == operation) return OperationFacts(&row);
    }
    return {};
}

ServiceFacts::ItemSet ServiceFacts::item_set(std::string_view query_name) const {
    const auto sets = rows<ItemSetRow>(Section::item_sets, row_->item_sets);
    const auto member_of = [](const ItemSetRow& row) { return blob_text(row.member); };
    const auto found = std::ranges::lower_bound(sets, query_name, {}, member_of);
    if (found == sets.end() || member_of(*found) != query_name) return {};
    return {blob_text(found->set), blob_text(found->element)};
}

ServiceFacts ServiceList::Iterator::operator*() const {
    return ServiceFacts(&rows<ServiceRow>(Section::services)[*at_]);
}

Facts<ServiceFacts, ServiceRow> all_services() {
    const auto all = rows<ServiceRow>(Section::services);
    return {all.data(), all.data() + all.size()};
}

ServiceFacts find_service(std::string_view name) {
    const auto found = find_services(Section::by_name, name);
    return found.empty() ? ServiceFacts() : found.front();
}

ServiceList services_of_scope(std::string_view name) { return find_services(Section::by_scope, name); }
ServiceList services_of_target(std::string_view prefix) { return find_services(Section::by_target, prefix); }
ServiceList services_of_version(std::string_view version) { return find_services(Section::by_version, version); }
ServiceList services_of_endpoint(std::string_view prefix) { return find_services(Section::by_endpoint, prefix); }

std::size_t operations_table_bytes() { return blob_header().bytes; }

}  // namespace cairn::wire
