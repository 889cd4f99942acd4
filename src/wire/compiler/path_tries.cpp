#include "wire/compiler/path_tries.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace cairn::wire {

struct PathTries::Leaf {
    std::uint32_t operation = 0, rank = 0;
    bool trailing_slash = false, deprecated = false;
    std::vector<ConditionRow> conditions;
};

struct PathTries::Node {
    std::map<std::string, std::unique_ptr<Node>> literals;
    std::unique_ptr<Node> label, greedy;
    std::vector<Leaf> leaves;
};

namespace {

constexpr std::size_t ranked_segments_max = 16;

enum class SegmentKind { none, greedy, label, literal };

SegmentKind kind_of(std::string_view segment) {
    if (segment.find('{') == std::string_view::npos) return SegmentKind::literal;
    if (!segment.starts_with('{') || segment.find('}') != segment.size() - 1)
        throw std::runtime_error("a segment that is neither a literal nor a label: " + std::string(segment));
    return segment.ends_with("+}") ? SegmentKind::greedy : SegmentKind::label;
}

}  // namespace

PathTries::Leaf PathTries::leaf(const FactService& service, const FactOperation& operation, std::string_view path,
                                std::string_view query) {
    Leaf leaf;
    leaf.trailing_slash = path.size() > 1 && path.ends_with('/');
    leaf.deprecated = operation.flags.find('d') != std::string::npos;
    const auto segments = words_of(path, '/');
    if (segments.size() > ranked_segments_max) throw std::runtime_error(operation.name + " has too many segments");
    for (std::size_t i = 0; i < segments.size(); ++i)
        leaf.rank |= static_cast<std::uint32_t>(kind_of(segments[i])) << (2 * (ranked_segments_max - 1 - i));
    for (const auto& part : words_of(query, '&')) {
        const auto equal = std::min(part.find('='), part.size());
        const bool valued = equal + 1 < part.size();
        leaf.conditions.push_back({texts_.add(part.substr(0, equal)),
                                   texts_.add(valued ? part.substr(equal + 1) : std::string()), 0, valued});
    }
    const auto input = service.shapes.find(operation.input);
    if (input == service.shapes.end()) return leaf;
    for (const auto& member : input->second) {
        const bool needed = member.flags.find('!') != std::string::npos;
        if (needed && (member.location == 'q' || member.location == 'h'))
            leaf.conditions.push_back({texts_.add(member.wire_name), 0, member.location == 'h', 0});
    }
    return leaf;
}

Range PathTries::add(const FactService& service, std::uint32_t first_operation) {
    std::map<std::uint32_t, Node> tries;
    for (std::size_t i = 0; i < service.operations.size(); ++i) {
        const auto& operation = service.operations[i];
        const std::string_view uri = operation.uri;
        const auto mark = std::min(uri.find('?'), uri.size());
        const auto path = uri.substr(0, mark);
        auto* node = &tries[static_cast<std::uint32_t>(std::ranges::find(method_names, operation.method) - method_names.begin())];
        for (const auto& segment : words_of(path, '/')) {
            auto& next = kind_of(segment) == SegmentKind::literal ? node->literals[segment]
                         : kind_of(segment) == SegmentKind::label ? node->label
                                                                  : node->greedy;
            if (!next) next = std::make_unique<Node>();
            node = next.get();
        }
        auto found = leaf(service, operation, path, uri.substr(std::min(mark + 1, uri.size())));
        found.operation = first_operation + static_cast<std::uint32_t>(i);
        node->leaves.push_back(std::move(found));
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
        if (one.conditions.size() != other.conditions.size()) return one.conditions.size() > other.conditions.size();
        return one.deprecated < other.deprecated;
    });
    row.leaves = {static_cast<std::uint32_t>(leaves_.size()), static_cast<std::uint32_t>(node.leaves.size())};
    for (const auto& leaf : node.leaves) {
        leaves_.push_back({leaf.operation,
                           {static_cast<std::uint32_t>(conditions_.size()), static_cast<std::uint32_t>(leaf.conditions.size())},
                           leaf.trailing_slash,
                           leaf.rank});
        conditions_.insert(conditions_.end(), leaf.conditions.begin(), leaf.conditions.end());
    }
    nodes_.push_back(row);
    return static_cast<std::uint32_t>(nodes_.size() - 1);
}

}  // namespace cairn::wire
