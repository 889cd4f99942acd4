#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "base/log.h"
#include "view/history/service.h"

namespace cairn::history {

namespace {

constexpr auto look_again = std::chrono::milliseconds(200);
constexpr int retry_ms = 1000;
constexpr int patience_looks = 5;

}  // namespace

void Service::pause(int milliseconds) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(milliseconds), [&] { return stop_.load(); });
}

void Service::build() {
    while (!stop_) {
        const auto worked = build_step();
        if (!worked) {
            log_error("history: index files cannot be written", {{"error", worked.error().message}});
            pause(retry_ms);
        } else if (!*worked) {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, look_again,
                              [&] { return stop_ || snapshot_->heads.size() > 1 || !holes_.empty() || behind_; });
        }
    }
}

Result<bool> Service::build_step() {
    std::shared_ptr<const Head> complete_head;
    std::optional<NumberRange> hole;
    {
        std::lock_guard lock(mutex_);
        if (snapshot_->heads.size() > 1) complete_head = snapshot_->heads.front();
        if (!holes_.empty()) hole = holes_.front();
    }
    if (complete_head) {
        CAIRN_TRY(seal_head(complete_head));
        return true;
    }
    if (hole) {
        CAIRN_TRY(fill_hole(*hole));
        return true;
    }
    if (!behind_ && !nobody_publishes()) return false;
    for (const auto end = parts_.log.end(); !stop_ && next_number_ < end && !complete_heads();) CAIRN_TRY(pull());
    catch_up();
    return true;
}

bool Service::complete_heads() const {
    std::lock_guard lock(mutex_);
    return snapshot_->heads.size() > 1;
}

/// True when the log has had events for a while that were not published.
bool Service::nobody_publishes() {
    const auto next = next_number_.load();
    const bool missing = parts_.log.end() > next && std::exchange(seen_number_, next) == next;
    missed_looks_ = missing ? missed_looks_ + 1 : 0;
    return missed_looks_ >= patience_looks;
}

Result<std::shared_ptr<const IndexFile>> Service::write_file(const Head& head) {
    const auto path = path_of({head.first_number(), head.end_number()});
    CAIRN_TRY(seal(head, parts_.disk, path, registry_, order_id_of_));
    meters_.sealed.add();
    return IndexFile::open(parts_.disk, path, registry_);
}

Result<void> Service::seal_head(const std::shared_ptr<const Head>& head) {
    auto file = write_file(*head);
    if (!file) return fail(std::move(file).error());
    CAIRN_CHECK(replace({}, head.get(), std::move(*file)));
    return {};
}

/// Indexes the first part of a hole: as much as one head holds.
Result<void> Service::fill_hole(const NumberRange& hole) {
    const auto first = std::max(hole.first, parts_.log.begin());
    if (first > hole.first) cut_holes({hole.first, std::min(first, hole.end)});
    if (first >= hole.end) return {};
    const auto end = std::min(hole.end, tiers_.head_end(first));
    const auto taken = heads_.take(first, end);
    auto& head = *taken;
    auto next = first;
    std::vector<std::uint32_t> scopes;
    while (next < end && !head.full()) {
        if (stop_) return {};
        const auto read_to = log_reader_.read(next, end, read_rows_);
        if (!read_to) return fail(read_to.error());
        next = *read_to;
        scopes.clear();
        for (const auto& scope : read_rows_.scopes) scopes.push_back(registry_.intern(scope));
        for (const auto& row : read_rows_.rows) {
            if (head.full()) {
                next = row.number;
                break;
            }
            head.append(row, scopes[row.scope], read_rows_.postings.data() + row.postings_begin,
                        row.postings_end - row.postings_begin);
        }
    }
    head.publish(next);
    auto file = write_file(head);
    if (!file) return fail(std::move(file).error());
    replace({}, nullptr, std::move(*file));
    cut_holes({first, next});
    return {};
}

/// Reads events from the log into the live head that came without publish().
Result<void> Service::pull() {
    const auto from = next_number_.load();
    const auto read_to = log_reader_.read(from, parts_.log.end(), read_rows_);
    if (!read_to) return fail(read_to.error());
    std::lock_guard lock(writer_mutex_);
    append_rows(read_rows_, *read_to, false);
    return {};
}

/// Lets publish() take batches again once everything was read.
void Service::catch_up() {
    std::lock_guard lock(writer_mutex_);
    if (!behind_ || next_number_ < parts_.log.end()) return;
    std::lock_guard snapshot_lock(mutex_);
    behind_ = snapshot_->heads.size() > heads_max;
    changed_.notify_all();
}

void Service::merge_files() {
    while (!stop_) {
        const auto seen = snapshot();  // before the step: a file that comes meanwhile asks for another one
        const auto worked = merge_step();
        if (!worked && !stop_) {
            log_error("history: index files cannot be merged", {{"error", worked.error().message}});
            pause(retry_ms);
        } else if (worked && !*worked) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return stop_ || snapshot_ != seen; });
        }
    }
}

Result<bool> Service::merge_step() {
    Files inputs;
    {
        std::lock_guard lock(mutex_);
        inputs = plan_merge(snapshot_->files, tiers_, parts_.log.begin(), not_merged_);
    }
    if (inputs.empty()) return false;
    const NumberRange range{inputs.front()->first_number(), inputs.back()->end_number()};
    const auto path = path_of(range);
    if (auto merged = merge(inputs, parts_.log.begin(), parts_.disk, path, registry_, order_id_of_, stop_); !merged) {
        std::unique_lock lock(mutex_);
        if (merged.error().code == Code::invalid) not_merged_.insert(range);
        lock.unlock();
        if (drop_damaged({.files = inputs, .heads = {}})) return true;
        return fail(std::move(merged).error());
    }
    auto file = IndexFile::open(parts_.disk, path, registry_);
    if (!file) return fail(std::move(file).error());
    if (!replace(inputs, nullptr, std::move(*file))) {
        CAIRN_TRY(parts_.disk.remove(path));
        return true;
    }
    meters_.merged.add();
    for (const auto& input : inputs) CAIRN_TRY(parts_.disk.remove(path_of(range_of(*input))));
    return true;
}

/// Puts a file into the place of others or of a head. False, and nothing happens, when one of those is gone meanwhile.
bool Service::replace(const Files& old_files, const Head* old_head, std::shared_ptr<const IndexFile> added) {
    std::lock_guard lock(mutex_);
    auto snapshot = std::make_shared<Snapshot>(*snapshot_);
    const auto removed = std::erase_if(
        snapshot->files, [&](const auto& file) { return std::ranges::find(old_files, file) != old_files.end(); });
    if (removed != old_files.size()) return false;
    if (old_head != nullptr &&
        std::erase_if(snapshot->heads, [&](const auto& head) { return head.get() == old_head; }) == 0)
        return false;
    const auto place = std::ranges::upper_bound(snapshot->files, added->first_number(), {}, &IndexFile::first_number);
    snapshot->files.insert(place, std::move(added));
    snapshot_ = std::move(snapshot);
    changed_.notify_all();
    return true;
}

void Service::cut_holes(const NumberRange& filled) {
    std::lock_guard lock(mutex_);
    std::vector<NumberRange> left;
    for (const auto& hole : holes_) {
        if (hole.first < std::min(hole.end, filled.first))
            left.push_back({hole.first, std::min(hole.end, filled.first)});
        if (std::max(hole.first, filled.end) < hole.end) left.push_back({std::max(hole.first, filled.end), hole.end});
    }
    holes_ = std::move(left);
    changed_.notify_all();
}

/// Takes damaged files of a snapshot out of use; what they held is indexed again. False when there are none.
bool Service::drop_damaged(const Snapshot& snapshot) {
    bool any = false;
    for (const auto& file : snapshot.files) {
        if (!file->damaged()) continue;
        any = true;
        std::lock_guard lock(mutex_);
        auto next = std::make_shared<Snapshot>(*snapshot_);
        if (std::erase(next->files, file) == 0) continue;  // by another search
        const auto path = path_of(range_of(*file));
        log_warning("history: an index file is damaged, its events are indexed again", {{"file", path}});
        meters_.dropped.add();
        static_cast<void>(parts_.disk.remove(path));
        holes_.push_back(range_of(*file));
        snapshot_ = std::move(next);
        changed_.notify_all();
    }
    return any;
}

}  // namespace cairn::history
