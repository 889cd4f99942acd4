#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "view/history/catalog.h"
#include "view/history/helpers.h"
#include "view/history/history.h"
#include "view/history/index_build.h"
#include "view/history/log_reader.h"
#include "view/history/records.h"
#include "view/history/search.h"
#include "view/history/subscribers.h"
#include "view/history/walk.h"

namespace cairn::history {

/// The one implementation of History. Who may do what:
///   publish(), pull()  append to the live head, under writer_mutex_
///   the builder        turns complete heads into files, indexes what is missing between files or unpublished
///   the merger         makes few files of many
///   searches           read a snapshot, which is never changed, only replaced
class Service : public History {
public:
    Service(Parts parts, HistoryOptions options);
    ~Service() override;

    Result<void> start();

    void publish(const IndexBatch& batch) override;
    Result<Page> read_page(const Search& search, PageReader& reader) override;
    Result<Values> values(const Search& search, std::string_view field, std::string_view prefix,
                          std::size_t count_max) override;
    Result<Count> count(const Search& search, std::uint64_t at_most) override;
    std::uint64_t covered() const override;
    bool wait_covered(std::uint64_t number, int timeout_ms) override;
    std::uint64_t subscribe(Subscriber use) override { return subscribers_.add(std::move(use)); }
    void unsubscribe(std::uint64_t subscription) override { subscribers_.remove(subscription); }

private:
    using SnapshotPointer = std::shared_ptr<const Snapshot>;
    static constexpr std::size_t heads_max = 16;  ///< kept in memory when files cannot be written

    struct Meters {
        Counter& searches;
        Counter& sealed;
        Counter& merged;
        Counter& dropped;
        Histogram& search_seconds;
    };

    // Searching.
    SnapshotPointer snapshot() const;
    Result<SnapshotPointer> complete_snapshot();
    template <class Answer>
    Result<Answer> answer(const std::function<Result<Answer>(Searcher&)>& ask);
    bool drop_damaged(const Snapshot& snapshot);

    // Writing; writer_mutex_ is held.

    /// Takes the rows that are new; then everything below `end` is covered. `dense`: numbers left out between rows are
    /// events that nobody published, else they are events that are gone.
    void append_rows(const IndexBatch& batch, std::uint64_t end, bool dense);
    void expect_row(const IndexBatch& batch, std::size_t index, bool next) const;
    void make_room(std::uint64_t number);
    void skip_unpublished(std::uint64_t from, std::uint64_t to);
    void start_head(std::uint64_t first_number);

    // In the background; a step is false when there is nothing to do.
    void build();
    Result<bool> build_step();
    Result<void> seal_head(const std::shared_ptr<const Head>& head);
    Result<void> fill_hole(const NumberRange& hole);
    Result<void> pull();
    void catch_up();
    bool complete_heads() const;
    bool nobody_publishes();
    void merge_files();
    Result<bool> merge_step();
    Result<std::shared_ptr<const IndexFile>> write_file(const Head& head);
    bool replace(const Files& old_files, const Head* old_head, std::shared_ptr<const IndexFile> added);
    void cut_holes(const NumberRange& filled);
    std::string path_of(const NumberRange& range) const { return parts_.folder + "/" + file_name(range); }
    void pause(int milliseconds);

    Parts parts_;
    const HistoryOptions options_;
    const Tiers tiers_;
    Meters meters_;
    ScopeRegistry registry_;
    Records records_;
    const OrderIdOf order_id_of_;
    Helpers helpers_{Helpers::suitable()};
    Subscribers subscribers_;
    HeadPool heads_;

    std::mutex writer_mutex_;
    std::shared_ptr<Head> live_head_;             // guarded by writer_mutex_
    std::vector<std::uint32_t> scopes_of_batch_;  // guarded by writer_mutex_
    std::atomic<std::uint64_t> next_number_ =
        0;                              // changed under writer_mutex_; everything below was taken or is in a hole
    std::atomic<bool> behind_ = false;  // set under writer_mutex_: batches are left to the builder

    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    SnapshotPointer snapshot_;          // guarded by mutex_
    std::vector<NumberRange> holes_;    // guarded by mutex_; what no file or head answers for
    std::set<NumberRange> not_merged_;  // guarded by mutex_; ranges whose merge failed
    std::atomic<bool> stop_ = false;    // set under mutex_
    std::atomic<int> waiting_ = 0;      // threads in wait_covered()

    LogReader log_reader_{records_};  // the builder's
    IndexBatch read_rows_;            // the builder's
    std::uint64_t seen_number_ = 0;   // the builder's; next_number_ when it looked last
    int missed_looks_ = 0;            // the builder's; how often it stood still although the log went on
    std::thread builder_, merger_;
};

}  // namespace cairn::history
