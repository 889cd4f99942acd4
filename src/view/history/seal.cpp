#include <algorithm>
#include <bit>
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
    std::vector<std::uint32_t> begins;    // first row of each; one more at the end
    std::vector<std::uint32_t> place_of;  // by the number in the registry
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
        while (end < rows.size() && rows[end].time_ms == rows[begin].time_ms && rows[end].prefix == rows[begin].prefix)
            ++end;
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
std::vector<SortedRow> sort_rows(const Head& head, std::uint32_t count, const Scopes& scopes,
                                 const OrderIdOf& order_id_of) {
    std::vector<SortedRow> rows(count);
    auto next = scopes.begins;
    for (std::uint32_t i = count; i-- > 0;) {  // newest first, as most of them belong
        const auto& row = head.row(i);
        rows[next[scopes.place_of[row.scope]]++] = {row.time_ms, row.id_prefix, i};
    }
    for (std::size_t scope = 0; scope < scopes.keys.size(); ++scope) {
        const auto part =
            std::span(rows).subspan(scopes.begins[scope], scopes.begins[scope + 1] - scopes.begins[scope]);
        std::ranges::sort(part, [](const SortedRow& one, const SortedRow& other) {
            if (one.time_ms != other.time_ms) return one.time_ms > other.time_ms;
            if (one.prefix != other.prefix) return one.prefix > other.prefix;
            return one.row > other.row;
        });
        order_ties(head, part, order_id_of);
    }
    return rows;
}

/// Rows in file order lie here and there in the head.
void fetch_ahead(const Head& head, std::span<const SortedRow> rows, std::size_t place) {
    constexpr std::size_t ahead = 8, line_nodes = 64 / sizeof(Head::Node), usual_nodes = 10;
    if (place + 2 * ahead < rows.size()) __builtin_prefetch(&head.row(rows[place + 2 * ahead].row));
    if (place + ahead >= rows.size()) return;
    const auto& row = head.row(rows[place + ahead].row);
    for (auto node = row.nodes_begin; node < std::min<std::uint32_t>(row.nodes_end, row.nodes_begin + usual_nodes);
         node += line_nodes)
        __builtin_prefetch(&head.node(node));
}

/// A key of the head in the order of the file: by hash, then by the place of its scope.
struct SortedKey {
    std::uint64_t hash;
    std::uint32_t scope;
    std::uint32_t key;

    friend bool operator<(const SortedKey& one, const SortedKey& other) {
        return one.hash != other.hash ? one.hash < other.hash : one.scope < other.scope;
    }
};

/// All but the chains of whole scopes. Hashes are spread evenly: put into parts by their first bits, few are left to
/// sort.
std::vector<SortedKey> sort_keys(const Head& head, const Scopes& scopes) {
    const auto part_bits = std::clamp<int>(static_cast<int>(std::bit_width(head.key_count() / 8)), 1, 16);
    const auto part_of = [&](std::uint64_t hash) { return hash >> (64 - part_bits); };
    std::vector<std::uint32_t> ends((std::size_t{1} << part_bits) + 1);
    for (std::uint32_t i = 0; i < head.key_count(); ++i)
        if (const auto hash = head.key(i).hash; hash != Head::scope_chain) ++ends[part_of(hash) + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<SortedKey> keys(ends.back());
    auto next = ends;
    for (std::uint32_t i = 0; i < head.key_count(); ++i) {
        const auto& key = head.key(i);
        if (key.hash != Head::scope_chain) keys[next[part_of(key.hash)]++] = {key.hash, scopes.place_of[key.scope], i};
    }
    for (std::size_t part = 0; part + 1 < ends.size(); ++part)
        std::sort(keys.begin() + ends[part], keys.begin() + ends[part + 1]);
    return keys;
}

/// Writes every posting list: those of one hash one after the other, scope by scope, which is the order of rows.
Result<void> write_lists(const Head& head, std::span<const SortedRow> rows, const Scopes& scopes, FileWriter& file) {
    std::vector<std::uint32_t> begins(head.key_count() + 1);
    for (std::uint32_t i = 0; i < head.key_count(); ++i)
        begins[i + 1] = begins[i] + head.key(i).count.load(std::memory_order_relaxed);
    std::vector<std::uint32_t> lists(begins.back());
    auto next = begins;
    for (std::uint32_t place = 0; place < rows.size(); ++place) {
        fetch_ahead(head, rows, place);
        const auto& row = head.row(rows[place].row);
        for (auto node = row.nodes_begin; node < row.nodes_end; ++node) lists[next[head.node(node).key]++] = place;
    }

    const auto keys = sort_keys(head, scopes);
    constexpr std::size_t ahead = 8;
    KeyWriter writer(file);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (i + 2 * ahead < keys.size()) __builtin_prefetch(&begins[keys[i + 2 * ahead].key]);
        if (i + ahead < keys.size()) __builtin_prefetch(&lists[begins[keys[i + ahead].key]]);
        const auto key = keys[i].key;
        for (auto at = begins[key]; at < begins[key + 1]; ++at) writer.add_row(lists[at]);
        if (i + 1 == keys.size() || keys[i + 1].hash != keys[i].hash) writer.end_key(keys[i].hash);
    }
    return writer.finish();
}

}  // namespace

Result<void> seal(const Head& head, Disk& disk, const std::string& path, const ScopeRegistry& registry,
                  const OrderIdOf& order_id_of) {
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
            if (place + 8 < count) __builtin_prefetch(&head.row(rows[place + 8].row));
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
