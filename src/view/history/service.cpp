#include "view/history/service.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/check.h"
#include "base/log.h"

namespace cairn::history {

namespace {

constexpr auto complete_wait = std::chrono::seconds(60);

class CopyingReader final : public PageReader {
public:
    void begin() override { events.clear(); }
    void take(std::uint64_t number, const EventView& event) override {
        events.push_back({number, std::string(event.raw), event.time});
    }
    std::vector<Found> events;
};

}  // namespace

Result<Page> History::search(const Search& search) {
    CopyingReader reader;
    auto page = read_page(search, reader);
    if (page) page->events = std::move(reader.events);
    return page;
}

Result<std::unique_ptr<History>> History::open(Parts parts, HistoryOptions options) {
    options.head_events = std::clamp<std::size_t>(options.head_events, 1, Head::nodes_max / 4);
    auto service = std::make_unique<Service>(std::move(parts), options);
    CAIRN_TRY(service->start());
    return service;
}

Service::Service(Parts parts, HistoryOptions options)
    : parts_(std::move(parts)),
      options_(options),
      tiers_(Tiers::of(options.head_events, options.file_events)),
      meters_{parts_.metrics.counter("cairn_history_searches_total", "Searches of event history"),
              parts_.metrics.counter("cairn_history_sealed_total", "Index files made of a live head or from the log"),
              parts_.metrics.counter("cairn_history_merged_total", "Index files made of smaller ones"),
              parts_.metrics.counter("cairn_history_dropped_total", "Index files found damaged and indexed again"),
              parts_.metrics.histogram("cairn_history_search_seconds", "Time to answer a search of event history")},
      records_(parts_.log, parts_.find_dictionary, parts_.metrics),
      order_id_of_([this](std::uint64_t number) { return records_.order_id_of(number); }) {}

Service::~Service() {
    {
        std::lock_guard lock(mutex_);
        stop_ = true;
        changed_.notify_all();
    }
    if (builder_.joinable()) builder_.join();
    if (merger_.joinable()) merger_.join();
}

Result<void> Service::start() {
    CAIRN_TRY(parts_.disk.make_folder(parts_.folder));
    const auto log_end = parts_.log.end();
    auto files = open_files(parts_.disk, parts_.folder, log_end, registry_);
    if (!files) return fail(std::move(files).error());

    // The live head begins where its range does, or where the files end within it; what is older goes into files.
    const auto files_end = files->empty() ? 0 : files->back()->end_number();
    const auto live_from = std::max(files_end, log_end / options_.head_events * options_.head_events);
    holes_ = holes_between(*files, parts_.log.begin(), live_from);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->files = std::move(*files);
    snapshot_ = std::move(snapshot);
    if (!holes_.empty())
        log_info("history: events are indexed again from the log",
                 {{"from", holes_.front().first}, {"to", holes_.back().end}, {"ranges", holes_.size()}});
    {
        std::lock_guard lock(writer_mutex_);
        next_number_ = live_from;
        start_head(live_from);
    }
    while (next_number_ < log_end) CAIRN_TRY(pull());
    builder_ = std::thread([this] { build(); });
    merger_ = std::thread([this] { merge_files(); });
    return {};
}

/// Ends the live head and begins another one.
void Service::start_head(std::uint64_t first_number) {
    live_head_ = heads_.take(first_number, tiers_.head_end(first_number));
    std::lock_guard lock(mutex_);
    auto snapshot = std::make_shared<Snapshot>(*snapshot_);
    auto& heads = snapshot->heads;
    if (!heads.empty() && heads.back()->end_number() == heads.back()->first_number()) heads.pop_back();
    heads.push_back(live_head_);
    behind_ = behind_ || heads.size() > heads_max;
    snapshot_ = std::move(snapshot);
    changed_.notify_all();
}

void Service::publish(const IndexBatch& batch) {
    if (batch.rows.empty()) return;
    std::lock_guard lock(writer_mutex_);
    if (behind_) return;  // index files cannot be written: the builder reads these events when they can
    append_rows(batch, batch.rows.back().number + 1, true);
}

void Service::append_rows(const IndexBatch& batch, std::uint64_t end, bool dense) {
    auto next = next_number_.load(std::memory_order_relaxed);
    if (end <= next) return;
    scopes_of_batch_.clear();
    for (const auto& scope : batch.scopes) scopes_of_batch_.push_back(registry_.intern(scope));
    IndexBatch rest;  // of a batch that was taken in part before, for subscribers
    const bool told = subscribers_.any();
    const bool whole = batch.rows.empty() || batch.rows.front().number >= next;
    expect_row(batch, 0, false);
    expect_row(batch, 1, false);
    expect_row(batch, 0, true);
    for (std::size_t i = 0; i < batch.rows.size(); ++i) {
        const auto& row = batch.rows[i];
        expect_row(batch, i + 2, false);
        expect_row(batch, i + 1, true);
        if (row.number < next) continue;
        if (dense && row.number > next) skip_unpublished(next, row.number);
        make_room(row.number);
        const auto* const postings = batch.postings.data() + row.postings_begin;
        const auto posting_count = row.postings_end - row.postings_begin;
        live_head_->append(row, scopes_of_batch_[row.scope], postings, posting_count);
        next = row.number + 1;
        if (!told || whole) continue;
        rest.rows.push_back(row);
        rest.rows.back().postings_begin = static_cast<std::uint32_t>(rest.postings.size());
        rest.postings.insert(rest.postings.end(), postings, postings + posting_count);
        rest.rows.back().postings_end = static_cast<std::uint32_t>(rest.postings.size());
    }
    make_room(end - 1);
    live_head_->publish(end);
    next_number_.store(end);
    if (told && whole) subscribers_.tell(std::make_shared<const IndexBatch>(batch));
    if (told && !rest.rows.empty()) {
        rest.scopes = batch.scopes;
        subscribers_.tell(std::make_shared<const IndexBatch>(std::move(rest)));
    }
    if (waiting_.load() == 0) return;
    std::lock_guard lock(mutex_);
    changed_.notify_all();
}

void Service::expect_row(const IndexBatch& batch, std::size_t index, bool next) const {
    if (index >= batch.rows.size()) return;
    const auto& row = batch.rows[index];
    live_head_->expect(row, scopes_of_batch_[row.scope], batch.postings.data() + row.postings_begin,
                       row.postings_end - row.postings_begin, next);
}

/// Sees to it that the live head can take event `number`.
void Service::make_room(std::uint64_t number) {
    while (number >= live_head_->limit()) {
        const auto begin = live_head_->limit();
        live_head_->publish(begin);
        start_head(begin);
    }
    if (live_head_->full()) {
        live_head_->publish(number);
        start_head(number);
    }
}

/// Events [from, to) were never published: the builder reads them from the log.
void Service::skip_unpublished(std::uint64_t from, std::uint64_t to) {
    live_head_->publish(from);
    {
        std::lock_guard lock(mutex_);
        holes_.push_back({from, to});
    }
    start_head(to);
}

std::uint64_t Service::covered() const {
    std::lock_guard lock(mutex_);
    auto covered = next_number_.load();
    for (const auto& hole : holes_) covered = std::min(covered, hole.first);
    return covered;
}

bool Service::wait_covered(std::uint64_t number, int timeout_ms) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    std::unique_lock lock(mutex_);
    ++waiting_;
    const bool reached = changed_.wait_until(lock, deadline, [&] {
        if (stop_) return true;
        return next_number_.load() >= number &&
               std::ranges::none_of(holes_, [&](const NumberRange& hole) { return hole.first < number; });
    });
    --waiting_;
    return reached && !stop_;
}

Service::SnapshotPointer Service::snapshot() const {
    std::lock_guard lock(mutex_);
    return snapshot_;
}

Result<Service::SnapshotPointer> Service::complete_snapshot() {
    std::unique_lock lock(mutex_);
    const auto complete = [&] { return stop_ || (holes_.empty() && !behind_); };
    if (!complete()) {
        ++waiting_;
        changed_.wait_for(lock, complete_wait, complete);
        --waiting_;
    }
    if (stop_) return fail(Code::unavailable, "history is closed");
    if (!complete()) {
        std::uint64_t missing = parts_.log.end() - std::min(parts_.log.end(), next_number_.load());
        for (const auto& hole : holes_) missing += hole.end - hole.first;
        return fail(Code::unavailable, fmt::format("history is being built again, {} events to go", missing));
    }
    return snapshot_;
}

template <class Answer>
Result<Answer> Service::answer(const std::function<Result<Answer>(Searcher&)>& ask) {
    const auto begin = std::chrono::steady_clock::now();
    for (;;) {
        const auto snapshot = complete_snapshot();
        if (!snapshot) return fail(snapshot.error());
        Searcher searcher(**snapshot, (*snapshot)->heads.back()->end_number(), registry_, records_, helpers_, options_);
        auto answer = ask(searcher);
        if (drop_damaged(**snapshot)) continue;
        meters_.searches.add();
        meters_.search_seconds.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        return answer;
    }
}

Result<Page> Service::read_page(const Search& search, PageReader& reader) {
    return answer<Page>([&](Searcher& searcher) { return searcher.page(search, reader); });
}

Result<History::Values> Service::values(const Search& search, std::string_view field, std::string_view prefix,
                                        std::size_t count_max) {
    return answer<Values>([&](Searcher& searcher) { return searcher.values(search, field, prefix, count_max); });
}

Result<History::Count> Service::count(const Search& search, std::uint64_t at_most) {
    return answer<Count>([&](Searcher& searcher) { return searcher.count(search, at_most); });
}

}  // namespace cairn::history
