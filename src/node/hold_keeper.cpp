#include "node/hold_keeper.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::node {

namespace {

constexpr std::size_t read_bytes = 8 << 20;

/// The name of a hold that covers an event of the block; empty when none does.
Result<std::string> hold_on(const std::vector<Hold>& holds, const StoredBlock& block,
                            const FindDictionary& find_dictionary, RecordParser& parser) {
    const auto reader = BlockReader::open(block.bytes, find_dictionary);
    if (!reader) return fail(reader.error());
    BlockReader::Records records;
    for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
        CAIRN_TRY(reader->read_sub_block(i, records));
        for (std::size_t record = 0; record < records.ends.size(); ++record) {
            const auto event = parser.parse(records.record(record));
            if (!event) return fail(event.error());
            const auto found = std::ranges::find_if(holds, [&](const Hold& hold) { return covers(hold, **event); });
            if (found != holds.end()) return found->name;
        }
    }
    return std::string();
}

/// Stored records were checked under the limits of their day.
RecordLimits no_limits() { return {.bytes_max = std::size_t{1} << 30, .depth_max = 1024}; }

}  // namespace

HoldKeeper::HoldKeeper(EventLog& log, FindDictionary find_dictionary, Metrics& metrics)
    : log_(log), find_dictionary_(std::move(find_dictionary)) {
    metrics.gauge("cairn_holds", "Legal holds in force",
                  [numbers = numbers_] { return static_cast<double>(numbers->holds.load()); });
    metrics.gauge("cairn_held_files", "Archive files past their retention that a legal hold keeps",
                  [numbers = numbers_] { return static_cast<double>(numbers->held_files.load()); });
}

void HoldKeeper::set(std::vector<Hold> holds) {
    for (const auto& hold : holds) log_info("legal hold", {{"name", hold.name}, {"holds", describe(hold)}});
    std::lock_guard lock(mutex_);
    if (holds.empty() && !holds_->empty()) log_info("there is no legal hold any more");
    holds_ = std::make_shared<const std::vector<Hold>>(std::move(holds));
    held_.clear();
    numbers_->holds = holds_->size();
    numbers_->held_files = 0;
}

void HoldKeeper::judge(const journal::ArchiveFileInfo& file) {
    Holds holds;
    {
        std::lock_guard lock(mutex_);
        if (holds_->empty() || held_.contains(file.path)) return;
        holds = holds_;
    }
    const auto reason = reason_to_keep(*holds, file);
    std::lock_guard lock(mutex_);
    if (holds != holds_) return;  // they were changed meanwhile
    held_[file.path] = !reason.empty();
    if (reason.empty()) return;
    ++numbers_->held_files;
    log_info("retention keeps a file", {{"file", file.path}, {"reason", reason}});
}

bool HoldKeeper::keeps(const journal::ArchiveFileInfo& file) const {
    std::lock_guard lock(mutex_);
    if (holds_->empty()) return false;
    const auto found = held_.find(file.path);
    return found == held_.end() || found->second;
}

std::string HoldKeeper::reason_to_keep(const std::vector<Hold>& all, const journal::ArchiveFileInfo& file) const {
    std::vector<Hold> holds;
    const auto newest = from_milliseconds(file.newest_ms);
    std::ranges::copy_if(all, std::back_inserter(holds),
                         [&](const Hold& hold) { return !hold.from || *hold.from <= newest; });
    if (holds.empty()) return {};

    RecordParser parser(no_limits());
    std::uint64_t events = 0;
    for (auto number = file.first_number; number < file.end_number;) {
        const auto blocks = log_.read(number, read_bytes);
        if (!blocks) return blocks.error().message;
        if (blocks->empty()) break;
        for (const auto& block : *blocks) {
            number = block.first_number + block.event_count;
            if (block.retention != file.retention || block.first_number >= file.end_number) continue;
            const auto name = hold_on(holds, block, find_dictionary_, parser);
            if (!name) return name.error().message;
            if (!name->empty()) return fmt::format("hold \"{}\"", *name);
            events += block.event_count;
        }
    }
    return events == file.event_count ? std::string() : "not all of it can be read to look for held events";
}

}  // namespace cairn::node
