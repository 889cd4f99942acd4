#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "wire/compiler/facts.h"
#include "wire/compiler/texts.h"
#include "wire/operations_format.h"

namespace cairn::wire {

/// The sections that find an operation by method and path: one trie per service and method.
class PathTries {
public:
    explicit PathTries(Texts& texts) : texts_(texts), nodes_(1) {}

    /// The roots of a service; its operations begin at `first_operation`.
    Range add(const FactService& service, std::uint32_t first_operation);

    const std::vector<RootRow>& roots() const { return roots_; }
    const std::vector<NodeRow>& nodes() const { return nodes_; }
    const std::vector<EdgeRow>& edges() const { return edges_; }
    const std::vector<LeafRow>& leaves() const { return leaves_; }
    const std::vector<ConditionRow>& conditions() const { return conditions_; }

private:
    struct Leaf;
    struct Node;

    Leaf leaf(const FactRoute& route);
    void insert(Node& root, const FactRoute& route, std::uint32_t operation, int age);
    std::uint32_t write(Node& node);

    Texts& texts_;
    std::vector<RootRow> roots_;
    std::vector<NodeRow> nodes_;
    std::vector<EdgeRow> edges_;
    std::vector<LeafRow> leaves_;
    std::vector<ConditionRow> conditions_;
};

}  // namespace cairn::wire
