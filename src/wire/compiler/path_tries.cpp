#include "wire/compiler/path_tries.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace cairn::wire {

struct PathTries::Leaf {
    std::uint32_t operation = 0, rank = 0, weight = 0;
    int age = 0;
    bool trailing_slash = false;
    std::vector<ConditionRow> conditions;
};

struct PathTries::Node {
    std::map<std::string, std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> label, greedy;
    std::vector<Leaf> leaves;
};

namespace {

constexpr std::size_t ranked_segments_max = 16;
constexpr std::uint32_t literal_weight = 256;

enum class SegmentKind { none, greedy, label, literal };

SegmentKind kind_of(std::string_view segment) {
    if (segment.find('{') == std::string_view::npos) return SegmentKind::literal;
    if (!segment.starts_with('{') || segment.find('}') != segment.size() - 1)
        throw std::runtime_error("a segment that is neither a literal nor a label: " + std::string(segment));
    return segment.ends_with("+}") ? SegmentKind::greedy : SegmentKind::label;
}

/// What of the head an operation's requests must have besides its path.
std::vector<std::string> needed_by(const FactService& service, const FactOperation& operation) {
    std::vector<std::string> needed;
    const auto input = service.shapes.find(operation.input);
    if (input == service.shapes.end()) return needed;
    for (const auto& member : input->second)
        if (member.flags.find('!') != std::string::npos && (member.location == 'q' || member.location == 'h'))
            needed.push_back(std::string(1, member.location) + ":" + member.wire_name);
    return needed;
}

int age_of(const FactOperation& operation) {
    if (operation.flags.find('o') != std::string::npos) return 2;
    return operation.flags.find('d') != std::string::npos;
}

}  // namespace

PathTries::Leaf PathTries::leaf(const FactRoute& route) {
    Leaf leaf;
    const std::string_view uri = route.uri;
    const auto mark = std::min(uri.find('?'), uri.size());
    const auto path = uri.substr(0, mark);
    leaf.trailing_slash = path.size() > 1 && path.ends_with('/');
    const auto segments = words_of(path, '/');
    if (segments.size() > ranked_segments_max) throw std::runtime_error(route.operation + " has too many segments");
    for (std::size_t i = 0; i < segments.size(); ++i)
        leaf.rank |= static_cast<std::uint32_t>(kind_of(segments[i])) << (2 * (ranked_segments_max - 1 - i));
    for (const auto& part : words_of(uri.substr(std::min(mark + 1, uri.size())), '&')) {
        const auto equal = std::min(part.find('='), part.size());
        const bool valued = equal + 1 < part.size();
        leaf.conditions.push_back({texts_.add(part.substr(0, equal)),
                                   texts_.add(valued ? part.substr(equal + 1) : std::string()), 0, valued});
        leaf.weight += literal_weight;
    }
    for (const auto& needed : route.needed) {
        leaf.conditions.push_back({texts_.add(needed.substr(2)), 0, needed.starts_with('h'), 0});
        ++leaf.weight;
    }
    return leaf;
}

void PathTries::insert(Node& root, const FactRoute& route, std::uint32_t operation, int age) {
    const auto path = std::string_view(route.uri).substr(0, route.uri.find('?'));
    auto* node = &root;
    for (const auto& segment : words_of(path, '/')) {
        const auto kind = kind_of(segment);
        auto& next = kind == SegmentKind::literal ? node->literals[segment]
                     : kind == SegmentKind::label ? node->label
                                                  : node->greedy;
        if (!next) next = std::make_unique<Node>();
        node = next.get();
    }
    auto found = leaf(route);
    found.operation = operation;
    found.age = age;
    node->leaves.push_back(std::move(found));
}

Range PathTries::add(const FactService& service, std::uint32_t first_operation) {
    std::map<std::uint32_t, Node> tries;
    const auto root_of = [&](const std::string& method) -> Node& {
        return tries[static_cast<std::uint32_t>(std::ranges::find(method_names, method) - method_names.begin())];
    };
    for (std::size_t i = 0; i < service.operations.size(); ++i) {
        const auto& operation = service.operations[i];
        const FactRoute route{operation.name, operation.method, operation.uri, needed_by(service, operation)};
        insert(root_of(operation.method), route, first_operation + static_cast<std::uint32_t>(i), age_of(operation));
    }
    for (const auto& route : service.routes) {
        const auto operation = std::ranges::find(service.operations, route.operation, &FactOperation::name);
        if (operation == service.operations.end()) throw std::runtime_error("a route to nowhere: " + route.operation);
        const auto index = static_cast<std::uint32_t>(operation - service.operations.begin());
        insert(root_of(route.method), route, first_operation + index, 2);
    }
    const auto first = static_cast<std::uint32_t>(roots_.size());
    for (auto& [method, root] : tries) roots_.push_back({method, write(root)});
    return {first, static_cast<std::uint32_t>(tries.size())};
}

std::uint32_t PathTries::write(Node& node) {
    NodeRow row{};
    if (node.label) row.label = write(*node.label);
    if (node.greedy) row.greedy = write(*node.greedy);
    std::vector<EdgeRow> edges;
    for (auto& [text, next] : node.literals) edges.push_back({texts_.add(text), write(*next)});
    row.edges = {static_cast<std::uint32_t>(edges_.size()), static_cast<std::uint32_t>(edges.size())};
    edges_.insert(edges_.end(), edges.begin(), edges.end());

    std::ranges::stable_sort(node.leaves, [](const Leaf& one, const Leaf& other) {
        return one.weight != other.weight ? one.weight > other.weight : one.age < other.age;
    });
    row.leaves = {static_cast<std::uint32_t>(leaves_.size()), static_cast<std::uint32_t>(node.leaves.size())};
    for (const auto& leaf : node.leaves) {
        leaves_.push_back(
            {leaf.operation,
             {static_cast<std::uint32_t>(conditions_.size()), static_cast<std::uint32_t>(leaf.conditions.size())},
             leaf.trailing_slash,
             leaf.weight,
             static_cast<std::uint32_t>(leaf.age),
             leaf.rank});
        conditions_.insert(conditions_.end(), leaf.conditions.begin(), leaf.conditions.end());
    }
    nodes_.push_back(row);
    return static_cast<std::uint32_t>(nodes_.size() - 1);
}

}  // namespace cairn::wire
