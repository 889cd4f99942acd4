#include "gateway/intent_journal.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "gateway/intent_frame.h"
#include "net/answer_burst.h"

namespace cairn::gateway {

IntentJournal::IntentJournal(IntentJournalOptions options, Disk& disk, Metrics& metrics)
    : options_(std::move(options)),
      disk_(disk),
      written_(metrics.counter("cairn_gateway_intents_total",
                               "Intents, and records before their calls' end, written to the gateway's own journal")),
      left_(metrics.counter("cairn_gateway_left_calls_total",
                            "Calls that an earlier run of the gateway did not come to the end of")),
      damaged_(metrics.counter("cairn_gateway_damaged_intent_files_total",
                               "Files of intents with bytes that are no intents")),
      bytes_(std::make_shared<std::atomic<std::uint64_t>>(0)) {
    metrics.gauge("cairn_gateway_intent_bytes", "Bytes of the files of intents",
                  [bytes = bytes_] { return static_cast<double>(bytes->load()); });
}

Result<std::unique_ptr<IntentJournal>> IntentJournal::open(IntentJournalOptions options, Disk& disk, Metrics& metrics) {
    std::unique_ptr<IntentJournal> journal(new IntentJournal(std::move(options), disk, metrics));
    CAIRN_TRY(journal->recover());
    journal->writer_ = std::thread([raw = journal.get()] { raw->write(); });
    return journal;
}

IntentJournal::~IntentJournal() {
    if (!writer_.joinable()) return;
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        changed_.notify_all();
    }
    writer_.join();
    remove_settled_files(true);
}

// ---- what an earlier process left

Result<void> IntentJournal::recover() {
    CAIRN_TRY(disk_.make_folder(options_.folder));
    const auto names = disk_.list(options_.folder);
    if (!names) return fail(names.error());
    std::map<Uuid, std::string> records;
    for (const auto& name : *names) CAIRN_TRY(recover_file(name, records));
    for (const auto& [id, text] : records) unsettled_.push_back({id, read_intent_records(text)});
    std::ranges::sort(unsettled_, {},
                      [](const Unsettled& one) { return one.records.empty() ? 0 : one.records.front().sequence; });
    left_.add(unsettled_.size());
    remove_settled_files(true);
    return {};
}

/// What follows the last whole frame of a file was never acknowledged, unless the file is damaged.
Result<void> IntentJournal::recover_file(const std::string& name, std::map<Uuid, std::string>& records) {
    auto found = std::make_shared<IntentFile>();
    found->path = options_.folder + "/" + name;
    found->closed = true;
    std::uint64_t number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    next_number_ = std::max(next_number_, number + 1);
    const auto bytes = read_file(disk_, found->path);
    if (!bytes) return fail(bytes.error());
    std::string_view rest = *bytes;
    const auto header = rest.substr(0, intent_header_bytes);
    if (header.size() < intent_header_bytes || header.find_first_not_of('\0') == std::string_view::npos)
        return disk_.remove(found->path);  // power was lost before its first frame was durable
    if (auto fine = check_intent_header(rest); !fine)
        return fail(fine.error().code, fmt::format("{}: {}", found->path, fine.error().message));
    auto file = disk_.open(found->path, OpenMode::read);
    if (!file) return fail(std::move(file).error());
    found->file = std::move(*file);
    rest.remove_prefix(intent_header_bytes);
    for (;;) {
        const auto offset = bytes->size() - rest.size();
        const auto frame = take_intent_frame(rest);
        if (!frame) break;
        forget(frame->id);
        records.erase(frame->id);
        if (frame->records.empty()) continue;
        set_place(frame->id, {found, offset, bytes->size() - rest.size() - offset});
        records[frame->id] = frame->records;
    }
    if (!rest.empty()) {
        damaged_.add();
        log_warning("a file of intents ends in bytes that are no intent",
                    {{"file", found->path}, {"bytes", rest.size()}});
    }
    found->end = bytes->size();
    bytes_->fetch_add(found->end);
    files_.push_back(std::move(found));
    return {};
}

// ---- in

void IntentJournal::put(const Uuid& id, std::span<const GatewayRecord> records, Room room, Done done) {
    Waiting one{id, {}, std::move(done)};
    append_intent_frame(one.frame, id, records);
    if (one.frame.size() > intent_frame_header_bytes + intent_records_bytes_max)
        return one.done(fail(Code::invalid, "the records of one call are too long"));
    if (room == Room::of_a_new_call && bytes_->load() + one.frame.size() > options_.bytes_max)
        return one.done(fail(Code::exhausted, "the journal of intents is full"));
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(one));
    changed_.notify_one();
}

void IntentJournal::settle(const Uuid& id) {
    std::lock_guard lock(mutex_);
    settled_.push_back(id);
    if (settled_.size() == 1) changed_.notify_one();
}

void IntentJournal::write() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || !waiting_.empty() || !settled_.empty(); });
        changed_.wait_for(lock, options_.settle_interval, [&] { return stopping_ || !waiting_.empty(); });
        const bool last = stopping_ && waiting_.empty();
        auto group = std::exchange(waiting_, {});
        auto settled = std::exchange(settled_, {});
        lock.unlock();
        write_group(std::move(group), std::move(settled));
        lock.lock();
        if (last) return;
    }
}

void IntentJournal::write_group(std::deque<Waiting> group, std::vector<Uuid> settled) {
    std::erase_if(settled, [&](const Uuid& id) { return !places_.contains(id) && !doubtful_.contains(id); });
    carry_on(group, settled);
    Result<void> result;
    if (!group.empty() || !settled.empty()) {
        const auto file = file_to_append_to();
        result = file ? append(*file, group, settled) : fail(file.error());
        if (!result && file) {  // nobody knows what of it is on the disk
            (*file)->closed = true;
            for (const auto& one : group) doubtful_.insert(one.id);
        }
    }
    if (result) {
        for (const auto& id : settled) forget(id);
        remove_settled_files(false);
    } else {
        std::lock_guard lock(mutex_);
        settled_.insert(settled_.end(), settled.begin(), settled.end());
    }
    const net::AnswerBurst burst;
    for (auto& one : group)
        if (one.done) one.done(result);
}

Result<void> IntentJournal::append(const std::shared_ptr<IntentFile>& file, const std::deque<Waiting>& group,
                                   const std::vector<Uuid>& settled) {
    auto& to = *file;
    std::string bytes;
    for (const auto& id : settled) append_intent_frame(bytes, id, {});
    const auto frames_begin = to.end + bytes.size();
    for (const auto& one : group) bytes.append(one.frame);
    CAIRN_TRY(to.file->write(to.end, bytes));
    if (!group.empty()) CAIRN_TRY(to.file->sync());
    to.end += bytes.size();
    bytes_->fetch_add(bytes.size());
    auto offset = frames_begin;
    for (const auto& one : group) {
        forget(one.id);
        set_place(one.id, {file, offset, one.frame.size()});
        offset += one.frame.size();
        if (one.done) written_.add();
    }
    return {};
}

Result<std::shared_ptr<IntentJournal::IntentFile>> IntentJournal::file_to_append_to() {
    if (!files_.empty() && !files_.back()->closed && files_.back()->end < options_.file_bytes) return files_.back();
    if (!files_.empty()) files_.back()->closed = true;
    auto made = std::make_shared<IntentFile>();
    made->path = fmt::format("{}/{:020}", options_.folder, next_number_++);
    auto file = disk_.open(made->path, OpenMode::create_new);
    if (!file) return fail(std::move(file).error());
    made->file = std::move(*file);
    CAIRN_TRY(made->file->write(0, intent_header()));
    CAIRN_TRY(disk_.sync_folder(options_.folder));
    made->end = intent_header_bytes;
    bytes_->fetch_add(made->end);
    files_.push_back(made);
    return made;
}

/// One long call must not keep all files behind its own: once half of the room is spent, what the oldest file still
/// holds is written again.
void IntentJournal::carry_on(std::deque<Waiting>& group, const std::vector<Uuid>& settled) {
    if (files_.size() < 2 || bytes_->load() <= options_.bytes_max / 2) return;
    const auto& oldest = files_.front();
    std::vector<Uuid> lost;
    for (const auto& [id, place] : places_) {
        if (place.file != oldest || std::ranges::find(group, id, &Waiting::id) != group.end()) continue;
        if (std::ranges::find(settled, id) != settled.end()) continue;  // behind its end it would stand again
        std::string frame(place.size, '\0');
        const auto read = oldest->file->read(place.offset, frame.data(), frame.size());
        std::string_view rest = frame;
        if (read && take_intent_frame(rest))
            group.push_front({id, std::move(frame), {}});
        else
            lost.push_back(id);
    }
    for (const auto& id : lost) forget(id);
    if (lost.empty()) return;
    damaged_.add();
    log_error("intents are damaged", {{"file", oldest->path}, {"calls", lost.size()}});
}

void IntentJournal::set_place(const Uuid& id, Place place) {
    ++place.file->unsettled;
    places_.insert_or_assign(id, std::move(place));
    doubtful_.erase(id);
}

void IntentJournal::forget(const Uuid& id) {
    doubtful_.erase(id);
    const auto found = places_.find(id);
    if (found == places_.end()) return;
    --found->second.file->unsettled;
    places_.erase(found);
}

/// Oldest first, each durably before the next: what says that a call is settled stands in a later file than the call.
void IntentJournal::remove_settled_files(bool all) {
    while (!files_.empty() && files_.front()->unsettled == 0 && (all || files_.size() > 1)) {
        const auto& file = files_.front();
        auto removed = disk_.remove(file->path);
        if (removed || removed.error().code == Code::not_found) removed = disk_.sync_folder(options_.folder);
        if (!removed) {
            log_warning("a file of intents stays", {{"file", file->path}, {"reason", removed.error().message}});
            return;
        }
        bytes_->fetch_sub(file->end);
        files_.pop_front();
    }
}

}  // namespace cairn::gateway
