#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace cairn::wire {

/// The flat form of models/operations/*.txt, made when cairn is built (src/wire/compiler) and read in place by
/// wire/operations.h. It never leaves the binary, so it has no version: writer and reader are built together.
///
/// A header, then one array of rows per section. Rows refer to each other by index and to text by its place in the
/// section of texts (length as u16, then the bytes; place 0 is the empty text), so the whole may lie anywhere.

enum class Section : std::uint8_t {
    texts,        ///< bytes
    services,     ///< by name
    operations,   ///< by service, then name
    errors,       ///< ErrorRow: those whose wire code differs from their name
    error_lists,  ///< u32 indices into errors
    shapes,       ///< the first scalar_count rows are the scalars
    members,      ///< of all shapes
    words,        ///< u32 texts or services, as others say
    methods,      ///< RootRow: where the paths of a service and method begin
    nodes,        ///< of the tries of paths
    edges,        ///< literal segments, sorted by text within a node
    leaves,       ///< operations at a node, most demanding first
    conditions,   ///< of leaves
    item_sets,    ///< ItemSetRow, sorted by member (EC2)
    keys,         ///< KeyRow: what the hash tables below lead to
    by_name,      ///< hash tables: u32, index + 1, 0 = free; sizes are powers of two
    by_scope,
    by_target,
    by_version,
    by_endpoint,
    by_operation,  ///< of (service, name), leading to operations
    count
};

inline constexpr auto section_count = static_cast<std::size_t>(Section::count);

using TextRef = std::uint32_t;

struct Range {
    std::uint32_t first = 0, count = 0;
};

struct BlobHeader {
    char magic[8];
    std::uint32_t bytes, unused;
    struct {
        std::uint32_t at, count;
    } sections[section_count];
};

struct ServiceRow {
    TextRef name, id, signing, endpoint, version, source, shown, region, placeholder;
    Range scopes, targets;  ///< words: texts
    Range scope_sources;    ///< words: pairs of texts, scope and event source
    Range operations, methods, item_sets, errors;
    std::uint16_t protocols;  ///< bit per Protocol of wire/operations.h
    std::uint16_t json_minor;
    std::uint32_t query_compatible;
};

struct OperationRow {
    TextRef name, event_name, uri, data_type, host_prefix;
    std::uint32_t input, output;  ///< shapes; 0 = none
    std::uint32_t error_list;
    std::uint32_t flags;
    std::uint16_t service;
    std::uint8_t method;
    std::uint8_t error_count;
};

struct ErrorRow {
    TextRef name, code;
};

struct ShapeRow {
    std::uint8_t kind;
    std::uint8_t flat;
    std::uint16_t count;
    std::uint32_t first;  ///< member
};

struct MemberRow {
    TextRef name, wire_name, query_name;  ///< query_name: EC2's requests; 0 elsewhere
    std::uint32_t shape;
    std::uint16_t flags;
    std::uint16_t location;
};

struct RootRow {
    std::uint32_t method, node;
};

struct NodeRow {
    Range edges, leaves;
    std::uint32_t label, greedy;  ///< nodes; 0 = none
};

struct EdgeRow {
    TextRef text;
    std::uint32_t node;
};

struct LeafRow {
    std::uint32_t operation;
    Range conditions;
    std::uint32_t trailing_slash;
    std::uint32_t weight;  ///< 256 for each query literal, 1 for each required member
    std::uint32_t age;     ///< 0: of today; 1: deprecated; 2: as only older models have it
    std::uint32_t rank;    ///< two bits a segment from the left: literal 3, label 2, greedy 1, none 0
};

struct ConditionRow {
    TextRef name, value;
    std::uint16_t header;     ///< 1: a header must be there; 0: a query parameter
    std::uint16_t has_value;  ///< and equal `value`
};

struct ItemSetRow {
    TextRef member, set, element;
};

struct KeyRow {
    TextRef text;
    Range services;  ///< words
};

inline constexpr std::string_view blob_magic = "cairnops";

/// What models/README.md calls them, in the order of enum FactKind (wire/operations.h), beginning behind `structure`,
/// `list` and `map`.
inline constexpr std::array<std::string_view, 12> scalar_letters{"s", "i", "l",  "f",  "d",  "b",
                                                                 "B", "t", "te", "ti", "th", "D"};
inline constexpr std::size_t scalar_count = scalar_letters.size() + 1;  ///< shape 0 is none

inline constexpr std::array<std::string_view, 7> method_names{"GET",  "PUT",   "POST",   "DELETE",
                                                              "HEAD", "PATCH", "OPTIONS"};

/// Letters of the flags in models/operations/*.txt; the place of a letter is its bit.
inline constexpr std::string_view operation_letters = "rklndzLbBeEo";
inline constexpr std::string_view member_letters = "P!tjaHSExX";
inline constexpr std::string_view location_letters = "-hqupc";  ///< in the order of enum Location

/// In the order of enum WireProtocol's bits.
inline constexpr std::array<std::string_view, 7> protocol_names{
    "json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor", "smithy-rpc-v2-json"};

}  // namespace cairn::wire
