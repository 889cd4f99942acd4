#include "ingest/encode.h"

#include <algorithm>
#include <array>

namespace cairn::ingest {

namespace {

using Order = std::span<const std::uint32_t>;

class BatchMaker {
public:
    BatchMaker(const std::vector<Candidate>& candidates, const Writer& writer, Time ingest_time,
               const std::function<BlockCodec()>& codec, bool fast)
        : candidates_(candidates), origins_(writer.origins), envelope_(writer.envelope), codec_(codec), fast_(fast) {
        envelope_.ingest_time = ingest_time;
    }

    /// `order` holds records of one class.
    void add(Order order) {
        std::size_t bytes = 0;
        for (const auto i : order) bytes += candidates_[i].raw.size();
        if (bytes < own_block_bytes_min) return add_records(order);
        const std::size_t blocks = (bytes + block_bytes_max - 1) / block_bytes_max;
        add_blocks(order, bytes / blocks);
    }

    Batch take() { return std::move(batch_); }

private:
    /// Until it is asked for another one.
    const Envelope& envelope_of(const Candidate& candidate) {
        envelope_.conflict = candidate.fate == Candidate::Fate::conflict;
        if (!origins_.empty()) {
            envelope_.sequence = origins_[candidate.position].sequence;
            envelope_.evidence = origins_[candidate.position].evidence;
        }
        return envelope_;
    }

    BlockInput& new_input(Order order) {
        auto& input = batch_.blocks.emplace_back();
        const auto& first = candidates_[order.front()];
        input.retention = first.retention;
        input.first_number = first.number;
        return input;
    }

    void add_records(Order order) {
        auto& input = new_input(order);
        bool differ = !origins_.empty();
        for (const auto i : order) {
            input.fingerprints.push_back(candidates_[i].fingerprint);
            input.newest_ms = std::max(input.newest_ms, candidates_[i].time_ms);
            input.records.emplace_back(candidates_[i].raw);
            differ |= candidates_[i].fate == Candidate::Fate::conflict;
        }
        const auto enveloped = differ ? order : order.first(1);
        for (const auto i : enveloped) input.envelopes.push_back(envelope_of(candidates_[i]));
    }

    /// Blocks of about `bytes_wanted` raw bytes, cut so that none is left small.
    void add_blocks(Order order, std::size_t bytes_wanted) {
        auto& builder = builder_of(candidates_[order.front()].retention);
        for (std::size_t begin = 0; begin < order.size();) {
            auto& input = new_input(order.subspan(begin));
            while (begin < order.size() && (builder.event_count() == 0 || builder.raw_bytes() < bytes_wanted)) {
                const auto& candidate = candidates_[order[begin++]];
                input.fingerprints.push_back(candidate.fingerprint);
                input.newest_ms = std::max(input.newest_ms, candidate.time_ms);
                builder.add(candidate.raw, envelope_of(candidate));
            }
            auto codec = codec_ ? codec_() : BlockCodec{};
            if (fast_) codec.level = 1;
            input.encoded = builder.finish(codec);
        }
    }

    static BlockBuilder& builder_of(RetentionClass retention) {
        thread_local std::array<BlockBuilder, retention_class_count> builders = {
            BlockBuilder(RetentionClass::management), BlockBuilder(RetentionClass::data),
            BlockBuilder(RetentionClass::audit), BlockBuilder(RetentionClass::insight)};
        return builders[static_cast<std::size_t>(retention)];
    }

    const std::vector<Candidate>& candidates_;
    const std::vector<Origin>& origins_;
    Envelope envelope_;
    const std::function<BlockCodec()>& codec_;
    const bool fast_;
    Batch batch_;
};

}  // namespace

Batch make_batch(const std::vector<Candidate>& candidates, Order order, const Writer& writer, Time ingest_time,
                 const std::function<BlockCodec()>& codec, bool fast) {
    BatchMaker maker(candidates, writer, ingest_time, codec, fast);
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin + 1;
        while (end < order.size() && candidates[order[end]].retention == candidates[order[begin]].retention) ++end;
        maker.add(order.subspan(begin, end - begin));
        begin = end;
    }
    auto batch = maker.take();
    batch.first_number = candidates[order.front()].number;
    batch.event_count = order.size();
    return batch;
}

}  // namespace cairn::ingest
