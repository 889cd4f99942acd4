#include "wire/path_matcher.h"

#include <algorithm>
#include <array>
#include <span>

#include "wire/operations_blob.h"

namespace cairn::wire {

namespace {

constexpr std::size_t segments_max = 48;

/// The segments of a path; what is behind the last of them stays in one piece, which only a greedy label can take.
struct Segments {
    explicit Segments(std::string_view path) {
        if (path.starts_with('/')) path.remove_prefix(1);
        trailing_slash = path.ends_with('/');
        if (trailing_slash) path.remove_suffix(1);
        while (!path.empty() && count < segments_max) {
            const auto end = count + 1 == segments_max ? path.size() : std::min(path.find('/'), path.size());
            texts[count++] = path.substr(0, end);
            if (end == path.size()) return;
            path.remove_prefix(end + 1);
            if (path.empty() && count < segments_max) texts[count++] = {};
        }
    }

    std::array<std::string_view, segments_max> texts;
    std::size_t count = 0;
    bool trailing_slash = false;
};

bool holds(const ConditionRow& condition, const CallHead& call, const Parameters& query) {
    if (condition.header) return call.has(blob_text(condition.name));
    const auto* value = query.find(blob_text(condition.name));
    return value && (!condition.has_value || same_decoded(*value, blob_text(condition.value)));
}

}  // namespace

/// Walks the trie most specific branch first, so that the first leaf that fits is the best.
class PathMatcher {
public:
    PathMatcher(const CallHead& call, const Parameters& query, bool slash_equal)
        : call_(call), query_(query), segments_(call.path()), slash_equal_(slash_equal) {}

    std::optional<PathMatch> find(ServiceFacts service) const {
        for (const auto& root : rows<RootRow>(Section::methods, service.row_->methods))
            if (method_names[root.method] == call_.method) return walk(root.node, 0);
        return std::nullopt;
    }

private:
    std::optional<PathMatch> walk(std::uint32_t index, std::size_t at) const {
        const auto& node = rows<NodeRow>(Section::nodes)[index];
        if (at == segments_.count) return leaf(node);
        const auto segment = segments_.texts[at];
        if (const auto next = literal(node, segment))
            if (auto found = walk(next, at + 1)) return found;
        const bool one = !segment.empty() && (at + 1 < segments_max || segment.find('/') == std::string_view::npos);
        if (node.label != 0 && one)
            if (auto found = walk(node.label, at + 1)) return found;
        if (node.greedy != 0)
            for (auto end = at + 1; end <= segments_.count; ++end)
                if (auto found = walk(node.greedy, end)) return found;
        return std::nullopt;
    }

    static std::uint32_t literal(const NodeRow& node, std::string_view segment) {
        const auto edges = rows<EdgeRow>(Section::edges, node.edges);
        const auto text_of = [](const EdgeRow& edge) { return blob_text(edge.text); };
        const auto found = std::ranges::lower_bound(edges, segment, {}, text_of);
        return found != edges.end() && text_of(*found) == segment ? found->node : 0;
    }

    std::optional<PathMatch> leaf(const NodeRow& node) const {
        for (const auto& row : rows<LeafRow>(Section::leaves, node.leaves)) {
            const bool same_slash = (row.trailing_slash != 0) == segments_.trailing_slash || segments_.count == 0;
            const auto conditions = rows<ConditionRow>(Section::conditions, row.conditions);
            if (same_slash != slash_equal_ || !std::ranges::all_of(conditions, [&](const auto& condition) {
                    return holds(condition, call_, query_);
                }))
                continue;
            return PathMatch{OperationFacts(&rows<OperationRow>(Section::operations)[row.operation]), slash_equal_,
                             row.rank, row.weight, static_cast<int>(row.age)};
        }
        return std::nullopt;
    }

    const CallHead& call_;
    const Parameters& query_;
    Segments segments_;
    bool slash_equal_;
};

bool PathMatch::operator>(const PathMatch& other) const {
    if (slash_equal != other.slash_equal) return slash_equal;
    if (rank != other.rank) return rank > other.rank;
    return weight > other.weight;
}

bool PathMatch::equally_good(const PathMatch& other) const { return !(*this > other) && !(other > *this); }

std::optional<PathMatch> match_path(ServiceFacts service, const CallHead& call, const Parameters& query) {
    for (const bool slash_equal : {true, false})
        if (auto found = PathMatcher(call, query, slash_equal).find(service)) return found;
    return std::nullopt;
}

}  // namespace cairn::wire
