#include "wire/compiler/shape_table.h"

#include <algorithm>
#include <stdexcept>

namespace cairn::wire {

namespace {

// enum FactKind
constexpr std::uint8_t structure_kind = 1, list_kind = 2, map_kind = 3, first_scalar_kind = 4;

std::uint16_t bits_of(const std::string& flags, std::string_view letters) {
    std::uint16_t bits = 0;
    for (const char letter : flags) {
        const auto place = letters.find(letter);
        if (place == std::string_view::npos) throw std::runtime_error(std::string("no flag is called ") + letter);
        bits |= static_cast<std::uint16_t>(1u << place);
    }
    return bits;
}

/// Where the first of `wanted` stands that is not inside brackets; the size if it does not.
std::size_t find_outside(std::string_view text, char wanted) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (depth == 0 && text[i] == wanted) return i;
        if (text[i] == '[' || text[i] == '{') ++depth;
        if (text[i] == ']' || text[i] == '}') --depth;
    }
    return text.size();
}

}  // namespace

ShapeTable::ShapeTable(Texts& texts) : texts_(texts), shapes_(1), members_(1) {
    for (std::size_t i = 0; i < scalar_letters.size(); ++i)
        shapes_.push_back({static_cast<std::uint8_t>(first_scalar_kind + i), 0, 0, 0});
}

std::uint32_t ShapeTable::structure(const FactService& service, const std::string& name) {
    if (name.empty()) return 0;
    if (const auto begun = done_.find(name); begun != done_.end()) {
        auto& progress = begun->second;
        if (progress.row == 0) {  // it holds itself: its place must be known before its content is
            progress.row = static_cast<std::uint32_t>(shapes_.size());
            shapes_.emplace_back();
        }
        return progress.row;
    }
    done_[name] = {};
    const auto facts = service.shapes.find(name);
    if (facts == service.shapes.end()) throw std::runtime_error(service.name + " has no shape " + name);
    std::vector<MemberRow> rows;
    for (const auto& fact : facts->second) rows.push_back(member(service, fact));
    const auto row = intern(structure_kind, false, rows, done_[name].row);
    done_[name] = {true, row};
    return row;
}

MemberRow ShapeTable::member(const FactService& service, const FactMember& fact) {
    MemberRow row{};
    row.name = texts_.add(fact.name);
    row.wire_name = texts_.add(fact.wire_name);
    row.query_name = texts_.add(fact.query_name);
    row.shape = type(service, fact.type);
    row.flags = bits_of(fact.flags, member_letters);
    row.location = static_cast<std::uint16_t>(location_letters.find(fact.location));
    return row;
}

/// "NAME=TYPE" or "TYPE" of what a list or map holds.
std::uint32_t ShapeTable::inner_type(const FactService& service, std::string_view text, std::string_view otherwise,
                                     MemberRow& row) {
    const auto equal = find_outside(text, '=');
    const bool named = equal < text.size();
    row.name = texts_.add(named ? text.substr(0, equal) : std::string_view());
    row.wire_name = texts_.add(named ? text.substr(0, equal) : otherwise);
    row.shape = type(service, named ? text.substr(equal + 1) : text);
    return row.shape;
}

std::uint32_t ShapeTable::type(const FactService& service, std::string_view text) {
    if (text.starts_with('$')) return structure(service, std::string(text.substr(1)));
    if (const auto scalar = std::ranges::find(scalar_letters, text); scalar != scalar_letters.end())
        return static_cast<std::uint32_t>(1 + (scalar - scalar_letters.begin()));
    const bool flat = text.starts_with('*');
    if (flat) text.remove_prefix(1);
    if (text.size() < 3) throw std::runtime_error("no type: " + std::string(text));
    const bool list = text.front() == '[';
    text = text.substr(1, text.size() - 2);
    if (list) {
        MemberRow element{};
        inner_type(service, text, "member", element);
        return intern(list_kind, flat, {element});
    }
    const auto colon = find_outside(text, ':');
    MemberRow key{}, value{};
    inner_type(service, text.substr(0, colon), "key", key);
    inner_type(service, text.substr(std::min(colon + 1, text.size())), "value", value);
    return intern(map_kind, flat, {key, value});
}

std::uint32_t ShapeTable::intern(std::uint8_t kind, bool flat, const std::vector<MemberRow>& members,
                                 std::uint32_t row) {
    std::string bytes(reinterpret_cast<const char*>(members.data()), members.size() * sizeof(MemberRow));
    bytes += {static_cast<char>(kind), static_cast<char>(flat)};
    if (const auto known = known_.find(bytes); known != known_.end() && row == 0) return known->second;
    if (row == 0) {
        row = static_cast<std::uint32_t>(shapes_.size());
        shapes_.emplace_back();
        known_[bytes] = row;
    }
    shapes_[row] = {kind, flat, static_cast<std::uint16_t>(members.size()),
                    static_cast<std::uint32_t>(members_.size())};
    members_.insert(members_.end(), members.begin(), members.end());
    return row;
}

}  // namespace cairn::wire
