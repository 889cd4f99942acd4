#include <algorithm>
#include <map>
#include <numeric>

#include "base/check.h"
#include "view/history/index_build.h"
#include "view/history/order.h"
#include "view/history/section_writers.h"

namespace cairn::history {

namespace {

struct SortedRow {
    std::int64_t time_ms;
    std::uint64_t prefix;
    std::uint32_t row;
};

/// The scopes of a head in file order, and the place of each.
struct Scopes {
    std::vector<ScopeKey> keys;
    std::vector<std::uint32_t> begins;             // first row of each; one more at the end
    std::vector<std::uint32_t> place_of;           // by the number in the registry
};

Scopes collect_scopes(const Head& head, std::uint32_t rows, const ScopeRegistry& registry) {
    std::vector<std::uint32_t> counts;
    for (std::uint32_t i = 0; i < rows; ++i) {
        const auto scope = head.row(i).scope;
        if (scope >= counts.size()) counts.resize(scope + 1);
        ++counts[scope];
    }
    std::map<ScopeKey, std::uint32_t> used;
    for (std::uint32_t id = 0; id < counts.size(); ++id)
        if (counts[id] > 0) used.emplace(registry.key(id), id);
    Scopes scopes;
    scopes.place_of.resize(counts.size());
    scopes.begins.push_back(0);
    for (const auto& [key, id] : used) {
        scopes.place_of[id] = static_cast<std::uint32_t>(scopes.keys.size());
        scopes.keys.push_back(key);
        scopes.begins.push_back(scopes.begins.back() + counts[id]);
    }
    return scopes;
}

/// Orders rows whose time and id prefix are equal by their whole eventIDs.
void order_ties(const Head& head, std::span<SortedRow> rows, const OrderIdOf& order_id_of) {
    for (std::size_t begin = 0; begin < rows.size();) {
        auto end = begin + 1;
        while (end < rows.size() && rows[end].time_ms == rows[begin].time_ms && rows[end].prefix == rows[begin].prefix) ++end;
        if (end - begin > 1) {
            std::vector<std::pair<std::string, std::uint32_t>> ids;
            for (auto i = begin; i < end; ++i) ids.emplace_back(order_id_of(head.row(rows[i].row).number), rows[i].row);
            std::ranges::sort(ids, std::greater());
            for (auto i = begin; i < end; ++i) rows[i].row = ids[i - begin].second;
        }
        begin = end;
    }
}

/// All rows in file order.
std::vector<SortedRow> sort_rows(const Head& head, std::uint32_t count, const Scopes& scopes, const OrderIdOf& order_id_of) {
    std::vector<SortedRow> rows(count);
    auto next = scopes.begins;
    for (std::uint32_t i = count; i-- > 0;) {  // newest first, as most of them belong
        const auto& row = head.row(i);
        rows[next[scopes.place_of[row.scope]]++] = {row.time_ms, row.id_prefix, i};
    }
    for (std::size_t scope = 0; scope < scopes.keys.size(); ++scope) {
        const auto part = std::span(rows).subspan(scopes.begins[scope], scopes.begins[scope + 1] - scopes.begins[scope]);
        std::ranges::sort(part, [](const SortedRow& one, const SortedRow& other) {
            if (one.time_ms != other.time_ms) return one.time_ms > other.time_ms;
            if (one.prefix != other.prefix) return one.prefix > other.prefix;
            return one.row > other.row;
        });
        order_ties(head, part, order_id_of);
    }
    return rows;
}

/// Writes every posting list: those of one hash one after the other, scope by scope, which is the order of rows.
Result<void> write_lists(const Head& head, std::span<const SortedRow> rows, const Scopes& scopes, FileWriter& file) {
    struct SortedKey {
        std::uint64_t hash;
        std::uint32_t scope;
        std::uint32_t key;
    };
    std::vector<SortedKey> keys;
    std::vector<std::uint32_t> begins(head.key_count() + 1);
    for (std::uint32_t i = 0; i < head.key_count(); ++i) {
        const auto& key = head.key(i);
        const bool listed = key.hash != Head::scope_chain;
        if (listed) keys.push_back({key.hash, scopes.place_of[key.scope], i});
        begins[i + 1] = begins[i] + (listed ? key.count.load(std::memory_order_relaxed) : 0);
    }
    std::ranges::sort(keys, [](const SortedKey& one, const SortedKey& other) {
        return one.hash != other.hash ? one.hash < other.hash : one.scope < other.scope;
    });

    std::vector<std::uint32_t> lists(begins.back());
    auto next = begins;
    for (std::uint32_t place = 0; place < rows.size(); ++place) {
        const auto& row = head.row(rows[place].row);
        for (auto node = row.nodes_begin; node < row.nodes_end; ++node) {
            const auto key = head.node(node).key;
            if (next[key] < begins[key + 1]) lists[next[key]++] = place;
        }
    }

    KeyWriter writer(file);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto key = keys[i].key;
        for (auto at = begins[key]; at < begins[key + 1]; ++at) writer.add_row(lists[at]);
        if (i + 1 == keys.size() || keys[i + 1].hash != keys[i].hash) writer.end_key(keys[i].hash);
    }
    return writer.finish();
}

}  // namespace

Result<void> seal(const Head& head, Disk& disk, const std::string& path, const ScopeRegistry& registry, const OrderIdOf& order_id_of) {
    auto file = FileWriter::create(disk, path);
    if (!file) return fail(std::move(file).error());
    file->header().first_number = head.first_number();
    file->header().end_number = head.end_number();

    const auto count = head.rows();
    const auto scopes = collect_scopes(head, count, registry);
    const auto rows = sort_rows(head, count, scopes, order_id_of);

    RowWriter row_writer(*file);
    IdSorter ids;
    for (std::size_t scope = 0; scope < scopes.keys.size(); ++scope) {
        row_writer.begin_scope(scopes.keys[scope]);
        for (auto place = scopes.begins[scope]; place < scopes.begins[scope + 1]; ++place) {
            const auto& row = head.row(rows[place].row);
            row_writer.add({row.time_ms, row.number, id_code(row.id_prefix)});
            ids.add(row.id_hash >> (64 - id_hash_bits), place);
        }
        row_writer.end_scope();
    }
    row_writer.finish();
    CAIRN_TRY(write_lists(head, rows, scopes, *file));
    IdWriter id_writer(*file, count);
    ids.write(id_writer);
    id_writer.finish();
    return file->finish();
}

}  // namespace cairn::history
