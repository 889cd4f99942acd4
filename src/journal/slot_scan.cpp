#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "journal/recovery.h"
#include "journal/slot.h"

namespace cairn::journal {

namespace {

/// Walks one file; see scan_slot().
class Scanner {
public:
    Scanner(std::string_view bytes, const std::string& path, const SlotHeader& slot, const SlotLimits& limits)
        : bytes_(bytes), path_(path), slot_(slot), limits_(limits) {
        scan_.end_sequence = batch_end_.sequence = slot.first_sequence;
        scan_.end_number = batch_end_.number = slot.first_number;
        scan_.chain = batch_end_.chain = slot.chain;
        scan_.used_bytes = batch_end_.offset = std::min(page_bytes, bytes.size());
        offset_ = scan_.used_bytes;
    }

    Result<SlotScan> run() {
        while (!limits_.sequence_end || scan_.end_sequence < *limits_.sequence_end) {
            look();
            switch (judge(evidence_)) {
                case Verdict::keep: keep(); continue;
                case Verdict::keep_unlinked:
                    report(header_->first_number, header_->first_number, "frame does not continue the hash chain");
                    keep();
                    continue;
                case Verdict::damaged: step_over(); continue;
                case Verdict::torn: cut(); return std::move(scan_);
                case Verdict::end:
                    // A whole commit always ends a batch; without one the rest of the commit is gone without a trace.
                    if (scan_.end_sequence != batch_end_.sequence) cut();
                    return std::move(scan_);
                case Verdict::refuse:
                    return fail(Code::unavailable,
                                fmt::format("{} at {} has format version {}, this cairn reads up to {}", path_, offset_,
                                            header_->version, format_version));
                case Verdict::impossible: break;
            }
            CAIRN_CHECK(false);
        }
        return std::move(scan_);
    }

private:
    struct BatchEnd {
        std::uint64_t sequence = 0, number = 0;
        std::size_t offset = 0;
        std::size_t entries = 0;
        Chain chain{};
        bool chain_known = true;
        std::int64_t newest_ms = 0;
    };

    std::string_view rest() const { return bytes_.substr(std::min(offset_, bytes_.size())); }

    /// Collects the evidence about the place at offset_.
    void look() {
        header_ = read_frame_header(rest());
        evidence_ = {};
        next_frame_.reset();
        evidence_.needed = scan_.end_sequence < std::max(limits_.durable_sequence, limits_.sequence_end.value_or(0));
        evidence_.header = header_.has_value();
        if (header_) {
            evidence_.version = header_->version <= format_version;
            evidence_.generation = header_->generation == slot_.generation;
            evidence_.expected = header_->sequence == scan_.end_sequence && number_fits(header_->first_number);
            evidence_.body = evidence_.version && body_is_whole(*header_, rest());
            evidence_.chain = !scan_.chain_known || header_->chain_before == scan_.chain;
            if (evidence_.body) evidence_.chain = evidence_.chain && link_is_right(*header_, rest());
            if (evidence_.version && evidence_.generation && evidence_.expected && evidence_.body) {
                evidence_.traces = true;
                return;
            }
        }
        evidence_.traces = begins_frame_of(rest(), slot_.generation);
        look_ahead();
    }

    bool number_fits(std::uint64_t first_number) const {
        return numbers_known_ ? first_number == scan_.end_number : first_number >= scan_.end_number;
    }

    /// Later frames of the same generation: the first one is where reading can go on, and one that was written when
    /// this place was durable already proves that something is missing here.
    void look_ahead() {
        const bool at_frame = evidence_.header && evidence_.generation && header_->sequence > scan_.end_sequence;
        std::size_t from = offset_ + (at_frame ? 0 : 8);
        while (const auto found = find_frame(bytes_, from, slot_.generation, scan_.end_sequence + (at_frame ? 0 : 1))) {
            evidence_.traces = true;
            if (!next_frame_) next_frame_ = found;
            if (read_frame_header(bytes_.substr(*found))->durable_sequence > scan_.end_sequence)
                evidence_.needed = true;
            if (evidence_.needed) return;
            from = *found + 8;
        }
    }

    void keep() {
        scan_.entries.push_back(entry_of(*header_, offset_));
        if (scan_.entries.size() == 1) scan_.oldest_ingest_ms = header_->ingest_ms;
        scan_.newest_ms = std::max(scan_.newest_ms, header_->newest_ms);
        scan_.end_sequence = header_->sequence + 1;
        scan_.end_number = header_->end_number();
        scan_.chain = header_->chain;
        scan_.chain_known = numbers_known_ = true;
        offset_ += header_->frame_bytes();
        if ((header_->flags & ends_commit) != 0) offset_ = (offset_ + page_bytes - 1) / page_bytes * page_bytes;
        scan_.used_bytes = std::min(offset_, bytes_.size());
        if ((header_->flags & ends_batch) != 0) remember_batch_end();
    }

    void remember_batch_end() {
        batch_end_ = {scan_.end_sequence, scan_.end_number,  offset_,        scan_.entries.size(),
                      scan_.chain,        scan_.chain_known, scan_.newest_ms};
    }

    /// An acknowledged frame is gone: goes on at the next one, or at the end of what is known to have been there.
    void step_over() {
        const auto from_number = scan_.end_number;
        const auto from_offset = offset_;
        const bool header_fits = evidence_.header && evidence_.version && evidence_.generation && evidence_.expected;
        if (header_fits) {
            scan_.end_sequence = header_->sequence + 1;
            scan_.end_number = header_->end_number();
            scan_.chain = header_->chain;
            scan_.chain_known = true;
            offset_ += header_->frame_bytes();
            if ((header_->flags & ends_commit) != 0) offset_ = (offset_ + page_bytes - 1) / page_bytes * page_bytes;
        } else if (next_frame_) {
            const auto next = read_frame_header(bytes_.substr(*next_frame_));
            offset_ = *next_frame_;
            scan_.end_sequence = next->sequence;
            scan_.end_number = std::max(scan_.end_number, next->first_number);
            scan_.chain_known = false;
            numbers_known_ = false;
        } else {
            scan_.end_sequence = std::max(limits_.durable_sequence, limits_.sequence_end.value_or(0));
            scan_.end_number =
                std::max({scan_.end_number, limits_.durable_number, limits_.sequence_end ? limits_.number_end : 0});
            scan_.chain_known = false;
            numbers_known_ = false;
            offset_ = bytes_.size();
        }
        scan_.used_bytes = std::min(offset_, bytes_.size());
        remember_batch_end();
        report_at(from_offset, from_number, scan_.end_number, "acknowledged frame is damaged");
    }

    /// Drops what follows the last whole batch.
    void cut() {
        const auto torn_to = std::max(end_of_traces(), offset_);
        scan_.entries.resize(batch_end_.entries);
        scan_.end_sequence = batch_end_.sequence;
        scan_.end_number = batch_end_.number;
        scan_.chain = batch_end_.chain;
        scan_.chain_known = batch_end_.chain_known;
        scan_.newest_ms = batch_end_.newest_ms;
        scan_.used_bytes = std::min(batch_end_.offset, bytes_.size());
        scan_.torn_bytes = std::min(torn_to, bytes_.size()) - scan_.used_bytes;
    }

    /// Where the last thing that looks like a frame of this generation ends.
    std::size_t end_of_traces() const {
        std::size_t end = std::min(offset_ + page_bytes, bytes_.size());
        for (auto from = offset_;;) {
            const auto found = find_frame(bytes_, from, slot_.generation, scan_.end_sequence);
            if (!found) return end;
            const auto frame = bytes_.substr(*found);
            end = std::max(end, *found + std::min(frame.size(), read_frame_header(frame)->frame_bytes()));
            from = *found + 8;
        }
    }

    void report(std::uint64_t first, std::uint64_t end, std::string what) {
        report_at(offset_, first, end, std::move(what));
    }
    void report_at(std::size_t offset, std::uint64_t first, std::uint64_t end, std::string what) {
        scan_.findings.push_back({path_, offset, first, end, std::move(what)});
    }

    const std::string_view bytes_;
    const std::string& path_;
    const SlotHeader& slot_;
    const SlotLimits& limits_;
    SlotScan scan_;
    BatchEnd batch_end_;
    std::size_t offset_ = 0;
    bool numbers_known_ = true;
    Evidence evidence_;
    std::optional<FrameHeader> header_;
    std::optional<std::size_t> next_frame_;
};

}  // namespace

Result<SlotScan> scan_slot(std::string_view bytes, const std::string& path, const SlotHeader& header,
                           const SlotLimits& limits) {
    return Scanner(bytes, path, header, limits).run();
}

}  // namespace cairn::journal
