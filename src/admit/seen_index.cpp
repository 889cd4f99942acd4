#include "admit/seen_index.h"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <thread>

#include "admit/finder.h"
#include "admit/upkeep.h"
#include "base/check.h"
#include "base/log.h"

namespace cairn::admit {

namespace {

// Tables that may wait to be written before insert() waits for them; and while they cannot be, as on a full disk: then
// as many as the events have for which the log may still have reserved space, so that it is the log that says when
// there is no more.
constexpr std::size_t waiting_tables_max = 2;
constexpr std::size_t failing_tables_max = 6;
constexpr std::size_t prefetch_distance = 16;
constexpr auto retry_delay = std::chrono::seconds(1);

}  // namespace

class SeenIndex::Implementation {
public:
    Implementation(Disk& disk, const std::string& folder, SeenSource source, Metrics& metrics, SeenOptions options)
        : options_(std::move(options)),
          source_(source),
          upkeep_(disk, folder, std::move(source), metrics, options_, tiers_, [this] { report_progress(); }),
          failures_(metrics.counter("cairn_seen_failures_total", "Failed attempts to write identity files.")) {}

    ~Implementation() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        upkeep_.stop();
        if (thread_.joinable()) thread_.join();
    }

    Result<void> open();
    Result<void> find(std::span<const Fingerprint> candidates, Sightings& out);
    Result<void> insert(std::span<const Fingerprint> events, std::uint64_t first_number);
    void durable(std::uint64_t number) {
        if (upkeep_.durable(number)) wake();
    }
    Result<std::vector<std::uint64_t>> numbers_of(std::uint64_t identity);
    void forget_below(std::uint64_t number) {
        upkeep_.forget_below(number);
        wake();
    }
    Result<void> settle();
    Result<void> verify() const;

private:
    Result<void> refill();
    Result<void> make_room();
    void begin_table(std::uint64_t number);
    Result<void> repair(std::uint64_t run_file_id);
    Result<std::shared_ptr<const Run>> collect(std::uint64_t identity, std::vector<std::uint64_t>& numbers);
    bool too_many_tables(std::size_t most) const;
    void wake();
    void report_progress();
    void work();

    const SeenOptions options_;
    const SeenSource source_;
    SharedTiers tiers_;
    Upkeep upkeep_;
    Counter& failures_;

    // Of the one caller of find and insert.
    Finder finder_;
    std::shared_ptr<Memtable> table_;
    std::shared_ptr<Filter> filter_;
    std::uint64_t next_number_ = 0;

    std::mutex table_mutex_;  // held to change table_ and filter_, and to read them on another thread

    std::mutex mutex_;
    std::condition_variable wake_, progress_;
    bool stopping_ = false;  // guarded by mutex_, as are all below
    bool work_waits_ = false, idle_ = false;
    std::map<std::uint64_t, std::optional<Error>> repairs_;  // asked for; with the error of the last attempt
    std::optional<Error> error_;                             // of the last work
    std::thread thread_;
};

Result<void> SeenIndex::Implementation::open() {
    CAIRN_TRY(upkeep_.open());
    if (options_.background) thread_ = std::thread([this] { work(); });
    return refill();
}

Result<void> SeenIndex::Implementation::refill() {
    const auto from = tiers_.snapshot()->covered;
    next_number_ = from;
    std::vector<Fingerprint> events;
    std::uint64_t first = from;
    Result<void> inserted;
    const auto pass_on = [&] {
        if (!inserted || events.empty()) return;
        inserted = insert(events, first);
        durable(first + events.size());
        events.clear();
    };
    CAIRN_TRY(source_.for_each_fingerprint(from, [&](std::uint64_t number, const Fingerprint& fingerprint) {
        if (number < from || number >= source_.end) return;
        if (number != first + events.size() || events.size() == 4096) {
            pass_on();
            first = number;
        }
        events.push_back(fingerprint);
    }));
    pass_on();
    durable(source_.end);
    return inserted;
}

Result<void> SeenIndex::Implementation::find(std::span<const Fingerprint> candidates, Sightings& out) {
    for (;;) {
        const auto tiers = tiers_.snapshot();
        const auto damaged = finder_.find(*tiers, upkeep_.forgotten_below(), options_.alive, candidates, out);
        const bool more_damage =
            finder_.take_damaged_content() != nullptr || std::ranges::any_of(tiers->segments, [](const auto& segment) {
                return segment->filter && segment->filter->damaged();
            });
        if (more_damage) wake();
        if (!damaged) return {};
        CAIRN_TRY(repair(damaged->file_id()));
    }
}

bool SeenIndex::Implementation::too_many_tables(std::size_t most) const {
    const auto tiers = tiers_.snapshot();
    std::size_t waiting = 0;
    for (const auto& segment : tiers->segments)
        waiting += static_cast<std::size_t>(
            std::ranges::count_if(segment->tables, [&](const auto& table) { return upkeep_.ready(*table); }));
    return waiting >= most;
}

Result<void> SeenIndex::Implementation::make_room() {
    if (!options_.background) {
        while (too_many_tables(waiting_tables_max)) {
            const auto done = upkeep_.step();
            if (!done && too_many_tables(failing_tables_max)) return fail(done.error());
            if (!done) return {};
        }
        return {};
    }
    if (!too_many_tables(waiting_tables_max)) return {};
    std::unique_lock lock(mutex_);
    progress_.wait(lock, [&] { return error_ || !too_many_tables(waiting_tables_max); });
    if (error_ && too_many_tables(failing_tables_max)) return fail(*error_);
    return {};
}

Result<void> SeenIndex::Implementation::insert(std::span<const Fingerprint> events, std::uint64_t first_number) {
    if (events.empty()) return {};
    CAIRN_CHECK(first_number >= next_number_ && first_number + events.size() <= number_limit);
    if (!table_ || first_number + events.size() > table_->end()) CAIRN_TRY(make_room());
    next_number_ = first_number + events.size();

    for (std::size_t i = 0; i < events.size();) {
        const auto number = first_number + i;
        if (!table_ || number >= table_->end()) begin_table(number);
        const auto stop = std::min<std::uint64_t>(events.size(), table_->end() - first_number);
        std::lock_guard lock(table_mutex_);
        for (; i < stop; ++i) {
            if (i + prefetch_distance < events.size()) {
                filter_->prefetch(events[i + prefetch_distance].identity);
                table_->prefetch(events[i + prefetch_distance].identity);
            }
            filter_->add(events[i].identity);
            table_->add(events[i].identity, first_number + i, events[i].content);
        }
    }
    return {};
}

void SeenIndex::Implementation::begin_table(std::uint64_t number) {
    const auto table_first = number / options_.table_entries * options_.table_entries;
    const auto group_length = std::uint64_t{options_.table_entries} * options_.fan_out;
    const auto group_first = number / group_length * group_length;
    table_ = std::make_shared<Memtable>(table_first, options_.table_entries);
    tiers_.update([&](Tiers& tiers) {
        auto segment = std::make_shared<Segment>();
        if (!tiers.segments.empty() && tiers.segments.back()->level == 1 &&
            tiers.segments.back()->first == group_first) {
            *segment = *tiers.segments.back();
            tiers.segments.pop_back();
        } else {
            segment->first = group_first;
            segment->end = group_first + group_length;
        }
        if (!segment->filter) segment->filter = std::make_shared<Filter>(group_length);
        segment->tables.push_back(table_);
        filter_ = segment->filter;
        tiers.segments.push_back(std::move(segment));
    });
}

Result<std::vector<std::uint64_t>> SeenIndex::Implementation::numbers_of(std::uint64_t identity) {
    std::vector<std::uint64_t> numbers;
    for (;;) {
        numbers.clear();
        const auto damaged = collect(identity, numbers);
        if (!damaged) return fail(damaged.error());
        if (!*damaged) break;
        CAIRN_TRY(repair((*damaged)->file_id()));
    }
    const auto below = upkeep_.forgotten_below();
    std::erase_if(numbers,
                  [&](std::uint64_t number) { return number < below || (options_.alive && !options_.alive(number)); });
    std::ranges::sort(numbers, std::greater());
    return numbers;
}

// A damaged run, or null.
Result<std::shared_ptr<const Run>> SeenIndex::Implementation::collect(std::uint64_t identity,
                                                                      std::vector<std::uint64_t>& numbers) {
    const auto tiers = tiers_.snapshot();
    for (const auto& segment : tiers->segments) {
        {
            std::unique_lock lock(table_mutex_, std::defer_lock);
            if (segment->level == 1) lock.lock();
            if (segment->filter && !segment->filter->may_hold(identity)) continue;
            for (const auto& table : segment->tables) table->find(identity, numbers);
        }
        for (const auto& run : segment->runs)
            if (!run->find(identity, numbers)) return run;
    }
    return std::shared_ptr<const Run>();
}

Result<void> SeenIndex::Implementation::repair(std::uint64_t run_file_id) {
    if (!options_.background) return upkeep_.repair(run_file_id);
    std::unique_lock lock(mutex_);
    repairs_[run_file_id] = std::nullopt;
    work_waits_ = true;
    wake_.notify_all();
    progress_.wait(lock, [&] {
        const auto found = repairs_.find(run_file_id);
        return stopping_ || found == repairs_.end() || found->second;
    });
    if (stopping_) return fail(Code::unavailable, "the seen index is being closed");
    const auto found = repairs_.find(run_file_id);
    if (found == repairs_.end()) return {};
    const auto error = *found->second;
    repairs_.erase(found);
    return fail(error);
}

Result<void> SeenIndex::Implementation::settle() {
    if (!options_.background) {
        for (;;) {
            const auto done = upkeep_.step();
            if (!done) return fail(done.error());
            if (!*done) return {};
        }
    }
    std::unique_lock lock(mutex_);
    work_waits_ = true;
    idle_ = false;
    error_.reset();
    wake_.notify_all();
    progress_.wait(lock, [&] { return idle_ || error_; });
    if (error_) return fail(*error_);
    return {};
}

void SeenIndex::Implementation::wake() {
    std::lock_guard lock(mutex_);
    work_waits_ = true;
    wake_.notify_all();
}

void SeenIndex::Implementation::report_progress() {
    std::lock_guard lock(mutex_);
    progress_.notify_all();
}

void SeenIndex::Implementation::work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const auto wanted = std::ranges::find_if(repairs_, [](const auto& repair) { return !repair.second; });
        if (wanted != repairs_.end()) {
            const auto file_id = wanted->first;
            lock.unlock();
            const auto repaired = upkeep_.repair(file_id);
            lock.lock();
            if (repaired)
                repairs_.erase(file_id);
            else
                repairs_[file_id] = repaired.error();
            progress_.notify_all();
            continue;
        }
        work_waits_ = false;
        lock.unlock();
        const auto done = upkeep_.step();
        lock.lock();
        if (!done && !stopping_) {
            failures_.add();
            log_error("the seen index cannot be written; it tries again", {{"reason", done.error().message}});
        }
        error_ = done ? std::nullopt : std::optional(done.error());
        idle_ = done && !*done && !work_waits_;
        progress_.notify_all();
        if (done && *done) continue;
        const auto called = [&] { return stopping_ || work_waits_; };
        if (done)
            wake_.wait(lock, called);
        else
            wake_.wait_for(lock, retry_delay, [&] { return stopping_; });
    }
    progress_.notify_all();
}

Result<void> SeenIndex::Implementation::verify() const {
    const auto check = [](const PagedFile& file) -> Result<void> {
        for (std::uint64_t page = 0; page < file.header().page_count; ++page)
            if (!file.check(page))
                return fail(Code::corrupt, file.path() + ": damaged at offset " + std::to_string(page * page_bytes));
        return {};
    };
    const auto tiers = tiers_.snapshot();
    for (const auto& segment : tiers->segments) {
        for (const auto& run : segment->runs) CAIRN_TRY(check(run->file()));
        if (segment->filter && segment->filter->file() != nullptr) CAIRN_TRY(check(*segment->filter->file()));
    }
    for (const auto& content : tiers->contents) CAIRN_TRY(content->verify());
    return {};
}

SeenIndex::SeenIndex(std::unique_ptr<Implementation> implementation) : implementation_(std::move(implementation)) {}
SeenIndex::~SeenIndex() = default;

Result<std::unique_ptr<SeenIndex>> SeenIndex::open(Disk& disk, const std::string& folder, SeenSource source,
                                                   Metrics& metrics, SeenOptions options) {
    CAIRN_CHECK(options.table_entries > 0 && options.table_entries % ContentFile::hashes_per_page == 0);
    CAIRN_CHECK(options.fan_out >= 2);
    auto implementation =
        std::make_unique<Implementation>(disk, folder, std::move(source), metrics, std::move(options));
    CAIRN_TRY(implementation->open());
    return std::unique_ptr<SeenIndex>(new SeenIndex(std::move(implementation)));
}

Result<void> SeenIndex::find(std::span<const Fingerprint> candidates, Sightings& out) {
    return implementation_->find(candidates, out);
}
Result<void> SeenIndex::insert(std::span<const Fingerprint> events, std::uint64_t first_number) {
    return implementation_->insert(events, first_number);
}
void SeenIndex::durable(std::uint64_t number) { implementation_->durable(number); }
Result<std::vector<std::uint64_t>> SeenIndex::numbers_of(std::uint64_t identity) {
    return implementation_->numbers_of(identity);
}
void SeenIndex::forget_below(std::uint64_t number) { implementation_->forget_below(number); }
Result<void> SeenIndex::settle() { return implementation_->settle(); }
Result<void> SeenIndex::verify() const { return implementation_->verify(); }

}  // namespace cairn::admit
