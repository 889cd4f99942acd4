#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/page_faults.h"
#include "base/result.h"
#include "event/index_row.h"
#include "event/record.h"
#include "event/scope.h"
#include "match/query.h"
#include "seam/clock.h"
#include "seam/disk.h"
#include "seam/event_log.h"
#include "seam/live_view.h"

namespace cairn::history {

/// What is asked for. Times are inclusive, in milliseconds.
struct Search {
    Scope scope;
    std::vector<Category> categories;  ///< empty: all
    std::optional<Time> from, to;
    std::optional<std::uint64_t> until = {};  ///< a bound of event numbers: only events that were there then
    match::Query query;                       ///< an attribute lookup is a query with one indexed term
    bool oldest_first = false;
    std::size_t limit = 50;
    std::string token;  ///< from the page before; empty for the first
};

struct Found {
    std::uint64_t number = 0;
    std::string record;  ///< raw text
    Time time{};
};

/// Takes the events of a page, one after the other, while their fields are at hand.
class PageReader {
public:
    virtual ~PageReader() = default;

    /// A page begins. Comes again when an index file was found damaged: what was taken before does not count.
    virtual void begin() = 0;

    /// `event` holds until the return.
    virtual void take(std::uint64_t number, const EventView& event) = 0;
};

struct Page {
    std::vector<Found> events;  ///< ordered (time, eventID), newest first unless asked otherwise
    std::string token;  ///< empty on the last page. Holds (time, eventID, log bound): survives restart, merging and
                        ///< later events
    std::uint64_t scanned = 0;        ///< records decoded
    std::uint64_t scanned_bytes = 0;  ///< of those; of a text that is looked for, by the mean of each block
    bool exhausted_budget = false;  ///< the page ended early because Search needed too many records; the token goes on
};

struct ValueCount {
    std::string value;
    std::uint64_t count = 0;
};

struct HistoryOptions {
    std::size_t head_events = 65'536;                               ///< events of a live head before it is sealed
    std::size_t file_events[3] = {250'000, 2'500'000, 25'000'000};  ///< tiers
    std::size_t scan_records_max = 2'000'000;                       ///< records one page may decode
    std::uint64_t (*pages_waited_for)() = cairn::pages_waited_for;  ///< tells that data is not in memory
};

/// Event history: index files over the log, and a live head. A view: everything under its folder can be deleted and is
/// built again from the log with the same answers. Members may be called from any thread.
class History : public LiveView {
public:
    struct Parts {
        Disk& disk;
        std::string folder;  ///< below the disk's root, for instance "view/history"
        EventLog& log;
        FindDictionary find_dictionary;
        const Clock& clock;
        Metrics& metrics;
    };

    /// Opens the index files and reads the log from where they end into a head; with many events missing this goes on
    /// in the background, and searches meanwhile wait for it. Errors: those of the disk. A damaged or
    /// missing index file is named in the log line, dropped, and its events are indexed again.
    static Result<std::unique_ptr<History>> open(Parts parts, HistoryOptions options = {});

    /// Gives the events of a page to `reader` in their order, newest first unless asked otherwise; Page::events stays
    /// empty. Error: invalid, when the token is not one of ours or of another search.
    virtual Result<Page> read_page(const Search& search, PageReader& reader) = 0;

    /// The same with copies of the records in Page::events.
    Result<Page> search(const Search& search);

    /// The most frequent values of a field of the grammar among the matches, exact up to `scan_records_max` records
    /// (then `exact` is false). `prefix` filters values.
    struct Values {
        std::vector<ValueCount> values;
        std::uint64_t total = 0;
        bool exact = true;
    };
    virtual Result<Values> values(const Search& search, std::string_view field, std::string_view prefix,
                                  std::size_t count_max) = 0;

    /// How many events match, counting at most `at_most`.
    struct Count {
        std::uint64_t value = 0;
        bool exact = true;
    };
    virtual Result<Count> count(const Search& search, std::uint64_t at_most) = 0;

    /// The event number up to which everything is searchable.
    virtual std::uint64_t covered() const = 0;

    /// Blocks until covered() >= number or `timeout_ms` have passed; true in the first case.
    virtual bool wait_covered(std::uint64_t number, int timeout_ms) = 0;

    /// Calls `use` on an inner thread for every event published from now on, until unsubscribe() returns. `use` must
    /// not block.
    using Subscriber = std::function<void(const IndexBatch&)>;
    virtual std::uint64_t subscribe(Subscriber use) = 0;
    virtual void unsubscribe(std::uint64_t subscription) = 0;
};

}  // namespace cairn::history
