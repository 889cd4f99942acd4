#include "admit/merge.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace cairn::admit {

namespace {

// Sorts hashes that agree in their first `bits` bits and are evenly spread behind them: one pass brings each to within
// a few places of where it belongs. Stable.
class WindowSorter {
public:
    void sort(std::vector<Entry>& entries, unsigned bits) {
        if (entries.size() < 2) return;
        const auto bucket_bits = static_cast<unsigned>(std::bit_width(entries.size()));
        const auto bucket = [&](const Entry& entry) { return entry.hash << bits >> (64 - bucket_bits); };
        begins_.assign((std::size_t{1} << bucket_bits) + 1, 0);
        for (const auto& entry : entries) ++begins_[bucket(entry) + 1];
        for (std::size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
        sorted_.resize(entries.size());
        for (const auto& entry : entries) sorted_[begins_[bucket(entry)]++] = entry;
        for (std::size_t i = 1; i < sorted_.size(); ++i) {
            const Entry entry = sorted_[i];
            auto at = i;
            for (; at > 0 && entry.hash < sorted_[at - 1].hash; --at) sorted_[at] = sorted_[at - 1];
            sorted_[at] = entry;
        }
        entries.swap(sorted_);
    }

private:
    std::vector<std::uint32_t> begins_;
    std::vector<Entry> sorted_;
};

unsigned window_bits(Runs inputs) {
    unsigned bits = 32;
    for (const auto& run : inputs) bits = std::min(bits, run->bucket_bits());
    return bits;
}

MergeOutcome damaged_run(std::shared_ptr<const Run> run) {
    return {fail(Code::corrupt, run->file().path() + ": damaged"), std::move(run)};
}

// Hands every window's entries, unsorted but in log order, to `use`.
template <class Use>
MergeOutcome for_each_window(Runs inputs, const Yield& yield, const Use& use) {
    if (inputs.empty()) return {};
    const auto bits = window_bits(inputs);
    const auto yield_every = std::uint64_t{1} << (bits - Run::prefix_bits);
    std::vector<Entry> entries;
    for (std::uint64_t window = 0; window < std::uint64_t{1} << bits; ++window) {
        entries.clear();
        for (const auto& run : inputs)
            if (!run->read_window(window, bits, entries)) return damaged_run(run);
        if (auto used = use(entries, window << (64 - bits), bits); !used) return {std::move(used), nullptr};
        if (yield && window % yield_every == 0)
            if (auto go_on = yield(); !go_on) return {std::move(go_on), nullptr};
    }
    return {};
}

}  // namespace

MergeOutcome merge_runs(Runs inputs, const Alive& alive, RunWriter& run, FilterWriter* filter, const Yield& yield) {
    WindowSorter sorter;
    return for_each_window(inputs, yield,
                           [&](std::vector<Entry>& entries, std::uint64_t low, unsigned bits) -> Result<void> {
                               if (filter != nullptr) CAIRN_TRY(filter->pass(low));
                               sorter.sort(entries, bits);
                               for (const auto& entry : entries) {
                                   if (alive && !alive(entry.number)) continue;
                                   CAIRN_TRY(run.add(entry));
                                   if (filter != nullptr) filter->add(entry.hash);
                               }
                               return {};
                           });
}

MergeOutcome fill_filter(Runs inputs, FilterWriter& filter, const Yield& yield) {
    return for_each_window(inputs, yield,
                           [&](std::vector<Entry>& entries, std::uint64_t low, unsigned) -> Result<void> {
                               CAIRN_TRY(filter.pass(low));
                               for (const auto& entry : entries) filter.add(entry.hash);
                               return {};
                           });
}

MergeOutcome fill_filter(Runs inputs, Filter& filter) {
    return for_each_window(inputs, {}, [&](std::vector<Entry>& entries, std::uint64_t, unsigned) -> Result<void> {
        for (const auto& entry : entries) filter.add(entry.hash);
        return {};
    });
}

}  // namespace cairn::admit
