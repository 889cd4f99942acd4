#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/check.h"
#include "view/history/index_build.h"
#include "view/history/order.h"
#include "view/history/section_writers.h"

namespace cairn::history {

namespace {

/// The rows of one scope of one input, in order.
class RowStream {
public:
    RowStream(const IndexFile& file, std::size_t input, const FileScope& scope)
        : file_(&file), input_(input), next_(scope.first_row), end_(scope.first_row + scope.rows) {
        step();
    }

    bool done() const { return done_; }
    const FileRow& row() const { return group_[(next_ - 1) % group_rows]; }
    std::uint32_t number_in_file() const { return next_ - 1; }
    std::size_t input() const { return input_; }

    void step() {
        id_.reset();
        done_ = next_ == end_;
        if (done_) return;
        if (next_ % group_rows == 0 || !loaded_) file_->read_group(next_ / group_rows, group_.data());
        loaded_ = true;
        ++next_;
    }

    const std::string& order_id(const OrderIdOf& order_id_of) {
        if (!id_) id_ = order_id_of(row().number);
        return *id_;
    }

private:
    const IndexFile* file_;
    std::size_t input_;
    std::uint32_t next_, end_;
    bool done_ = false, loaded_ = false;
    std::array<FileRow, group_rows> group_{};
    std::optional<std::string> id_;
};

bool comes_first(RowStream& one, RowStream& other, const OrderIdOf& order_id_of) {
    const auto& a = one.row();
    const auto& b = other.row();
    if (a.time_ms != b.time_ms) return a.time_ms > b.time_ms;
    if (a.code != b.code) return a.code > b.code;
    const auto order = one.order_id(order_id_of) <=> other.order_id(order_id_of);
    return order != 0 ? order > 0 : a.number > b.number;
}

/// The rows of one list of one input, as rows of the output.
class ListStream {
public:
    ListStream(const IndexFile& file, std::uint32_t reference, const std::vector<std::uint32_t>& new_rows)
        : cursor_(file, reference), new_rows_(&new_rows) {
        load_next();
    }

    bool done() const { return at_ == rows_.size(); }
    std::uint32_t row() const { return rows_[at_]; }
    void step() {
        if (++at_ == rows_.size()) load_next();
    }

    /// Gives every row below `limit` to `use`.
    template <class Use>
    void take_below(std::uint32_t limit, Use&& use) {
        while (!done() && row() < limit) {
            use(row());
            step();
        }
    }

private:
    void load_next() {
        rows_.clear();
        at_ = 0;
        while (rows_.empty() && group_ < cursor_.groups()) {
            std::uint32_t count = 0;
            const auto* rows = cursor_.load_group(group_++, count);
            for (std::uint32_t i = 0; i < count; ++i) {
                if (rows[i] >= new_rows_->size()) continue;  // only in a damaged file, which its reader knows
                if (const auto row = (*new_rows_)[rows[i]]; row != no_row) rows_.push_back(row);
            }
        }
    }

    ListCursor cursor_;
    const std::vector<std::uint32_t>* new_rows_;
    std::vector<std::uint32_t> rows_;
    std::size_t at_ = 0;
    std::uint32_t group_ = 0;
};

class Merge {
public:
    Merge(std::span<const std::shared_ptr<const IndexFile>> inputs, std::uint64_t alive_from,
          const ScopeRegistry& registry, const OrderIdOf& order_id_of, FileWriter& file, const std::atomic<bool>& stop)
        : inputs_(inputs),
          alive_from_(alive_from),
          registry_(registry),
          order_id_of_(order_id_of),
          file_(file),
          stop_(stop) {
        for (const auto& input : inputs) {
            input->expect_all();
            new_rows_.emplace_back(input->rows(), no_row);
        }
    }

    Result<void> run() {
        write_rows();
        CAIRN_TRY(check());
        CAIRN_TRY(write_lists());
        write_ids();
        return check();
    }

private:
    Result<void> check() const {
        for (const auto& input : inputs_)
            if (input->damaged()) return fail(Code::corrupt, "an index file to be merged is damaged");
        return stopped();
    }

    Result<void> stopped() const {
        if (stop_.load(std::memory_order_relaxed)) return fail(Code::unavailable, "merging was stopped");
        return {};
    }

    void write_rows() {
        std::map<ScopeKey, std::vector<std::pair<std::size_t, const FileScope*>>> scopes;
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            for (const auto& scope : inputs_[i]->scopes()) scopes[registry_.key(scope.id)].emplace_back(i, &scope);
        RowWriter writer(file_);
        for (const auto& [key, parts] : scopes) {
            if (!stopped()) return;
            std::vector<RowStream> streams;
            streams.reserve(parts.size());
            for (const auto& [input, scope] : parts) streams.emplace_back(*inputs_[input], input, *scope);
            writer.begin_scope(key);
            merge_rows(streams, writer);
            writer.end_scope();
        }
        writer.finish();
        rows_ = writer.rows();
    }

    void merge_rows(std::vector<RowStream>& streams, RowWriter& writer) {
        std::vector<RowStream*> order;  // the first comes first
        const auto first = [&](RowStream* one, RowStream* other) { return comes_first(*one, *other, order_id_of_); };
        for (auto& stream : streams) order.push_back(&stream);
        std::ranges::sort(order, first);
        while (!order.empty()) {
            auto* const stream = order.front();
            do {
                emit(*stream, writer);
                stream->step();
            } while (!stream->done() && (order.size() == 1 || first(stream, order[1])));
            if (stream->done()) {
                order.erase(order.begin());
                continue;
            }
            auto place = order.begin() + 1;
            while (place != order.end() && first(*place, stream)) ++place;
            std::rotate(order.begin(), order.begin() + 1, place);
        }
    }

    void emit(const RowStream& stream, RowWriter& writer) {
        if (stream.row().number < alive_from_) return;
        new_rows_[stream.input()][stream.number_in_file()] = writer.rows();
        writer.add(stream.row());
    }

    Result<void> write_lists() {
        struct Source {
            std::size_t input;
            std::uint32_t next;
            IndexFile::Key key;
        };
        std::vector<Source> sources;  // the smallest hash first
        const auto smaller = [](const Source& one, const Source& other) {
            return one.key.hash != other.key.hash ? one.key.hash < other.key.hash : one.input < other.input;
        };
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            if (inputs_[i]->keys() > 0) sources.push_back({i, 1, inputs_[i]->key(0)});
        std::ranges::sort(sources, smaller);

        KeyWriter writer(file_);
        std::vector<ListStream> lists;
        while (!sources.empty()) {
            CAIRN_TRY(stopped());
            const auto hash = sources.front().key.hash;
            lists.clear();
            while (!sources.empty() && sources.front().key.hash == hash) {
                auto source = sources.front();
                sources.erase(sources.begin());
                lists.emplace_back(*inputs_[source.input], source.key.reference, new_rows_[source.input]);
                if (source.next == inputs_[source.input]->keys()) continue;
                source.key = inputs_[source.input]->key(source.next++);
                if (source.key.hash <= hash) return damaged(source.input);
                sources.insert(std::ranges::lower_bound(sources, source, smaller), source);
            }
            merge_lists(lists, writer);
            writer.end_key(hash);
        }
        return writer.finish();
    }

    Result<void> damaged(std::size_t input) const {
        inputs_[input]->set_damaged();
        return check();
    }

    static void merge_lists(std::vector<ListStream>& lists, KeyWriter& writer) {
        const auto add = [&](std::uint32_t row) { writer.add_row(row); };
        std::erase_if(lists, [](const ListStream& list) { return list.done(); });
        while (lists.size() > 1) {
            std::size_t first = 0;
            std::uint32_t limit = no_row;  // the smallest row of the others
            for (std::size_t i = 1; i < lists.size(); ++i) {
                const auto row = lists[i].row();
                if (row < lists[first].row()) {
                    limit = lists[first].row();
                    first = i;
                } else {
                    limit = std::min(limit, row);
                }
            }
            lists[first].take_below(std::max(limit, lists[first].row() + 1), add);
            if (lists[first].done()) lists.erase(lists.begin() + static_cast<std::ptrdiff_t>(first));
        }
        if (!lists.empty()) lists.front().take_below(no_row, add);
    }

    /// The buckets of all inputs, a few at a time: one bucket of the input with the fewest is a range of hashes.
    void write_ids() {
        IdWriter writer(file_, rows_);
        unsigned bits = id_hash_bits;
        for (const auto& input : inputs_) bits = std::min(bits, input->header().id_bucket_bits);
        std::vector<IndexFile::IdRow> old;
        std::vector<std::pair<std::uint64_t, std::uint32_t>> ids;
        for (std::uint32_t part = 0; part < 1u << bits; ++part) {
            ids.clear();
            for (std::size_t i = 0; i < inputs_.size(); ++i) {
                const auto more = inputs_[i]->header().id_bucket_bits - bits;
                old.clear();
                for (auto bucket = part << more; bucket < (part + 1) << more; ++bucket)
                    inputs_[i]->read_bucket(bucket, old);
                for (const auto& id : old)
                    if (const auto row = new_rows_[i][id.row]; row != no_row) ids.emplace_back(id.hash, row);
            }
            std::ranges::sort(ids);
            for (const auto& [hash, row] : ids) writer.add(hash, row);
        }
        writer.finish();
    }

    std::span<const std::shared_ptr<const IndexFile>> inputs_;
    const std::uint64_t alive_from_;
    const ScopeRegistry& registry_;
    const OrderIdOf& order_id_of_;
    FileWriter& file_;
    const std::atomic<bool>& stop_;
    std::vector<std::vector<std::uint32_t>> new_rows_;
    std::uint32_t rows_ = 0;
};

}  // namespace

Result<void> merge(std::span<const std::shared_ptr<const IndexFile>> inputs, std::uint64_t alive_from, Disk& disk,
                   const std::string& path, const ScopeRegistry& registry, const OrderIdOf& order_id_of,
                   const std::atomic<bool>& stop) {
    CAIRN_CHECK(!inputs.empty());
    std::uint64_t rows = 0;
    for (const auto& input : inputs) rows += input->rows();
    if (rows > rows_max) return fail(Code::invalid, "more rows than one index file can hold");
    auto file = FileWriter::create(disk, path);
    if (!file) return fail(std::move(file).error());
    file->header().first_number = inputs.front()->first_number();
    file->header().end_number = inputs.back()->end_number();
    CAIRN_TRY(Merge(inputs, alive_from, registry, order_id_of, *file, stop).run());
    return file->finish();
}

}  // namespace cairn::history
