#include "ingest/ingest.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <future>
#include <mutex>

#include <fmt/format.h>

#include "ingest/admission.h"
#include "ingest/candidates.h"
#include "ingest/encode.h"
#include "ingest/publisher.h"
#include "ingest/request.h"

namespace cairn::ingest {

namespace {

/// Counters of one Ingest: received = stored + duplicate + conflict + rejected + failed + those in flight.
struct Numbers {
    explicit Numbers(Metrics& metrics)
        : received(metrics.counter("cairn_ingest_received_records_total", "Records handed to ingest.")),
          bytes(metrics.counter("cairn_ingest_received_bytes_total", "Bytes of the records handed to ingest.")),
          seconds(metrics.histogram("cairn_ingest_request_seconds", "From a request's records to its answer.")) {
        constexpr const char* names[] = {"stored", "duplicate", "conflict", "rejected", "failed"};
        for (std::size_t i = 0; i < outcomes.size(); ++i)
            outcomes[i] =
                &metrics.counter("cairn_ingest_records_total",
                                 "Records by what became of them; failed: their request was refused as a whole.",
                                 {{"outcome", names[i]}});
    }

    void count(const Counts& counts) {
        const std::uint64_t values[] = {counts.stored, counts.duplicate, counts.conflict, counts.rejected};
        for (std::size_t i = 0; i < std::size(values); ++i)
            if (values[i] > 0) outcomes[i]->add(values[i]);
    }

    Counter& received;
    Counter& bytes;
    Histogram& seconds;
    std::array<Counter*, 5> outcomes{};  ///< by Outcome, then "failed"
};

/// Buffers of a thread that submits. `owner` tells whose limits the parsers have.
struct Workspace {
    std::uint64_t owner = 0;
    RecordParser parser, comparer;
    std::vector<Candidate> candidates;
    std::vector<std::uint32_t> order;
    Repeats repeats;
};

std::atomic<std::uint64_t> owners = 0;

/// Writes what admission decided into the results.
void report(const std::vector<Candidate>& candidates, Request& request) {
    for (const auto& candidate : candidates) {
        const auto& decided = candidate.same_as == no_candidate ? candidate : candidates[candidate.same_as];
        auto& result = request.receipt.results[candidate.position];
        result.number = decided.number;
        if (&decided != &candidate || decided.fate == Candidate::Fate::duplicate) {
            result.outcome = Outcome::duplicate;
            request.needs_end = std::max(request.needs_end, decided.number + 1);
        } else if (decided.fate == Candidate::Fate::conflict) {
            result.outcome = Outcome::conflict;
            const bool within = candidate.conflicts_with != no_candidate;
            result.reason = fmt::format("another record with this eventID is stored as event {}",
                                        within ? candidates[candidate.conflicts_with].number : candidate.conflicting);
        } else {
            result.outcome = Outcome::stored;
        }
    }
    auto& counts = request.receipt.counts;
    for (const auto& result : request.receipt.results) {
        counts.stored += result.outcome == Outcome::stored;
        counts.duplicate += result.outcome == Outcome::duplicate;
        counts.conflict += result.outcome == Outcome::conflict;
        counts.rejected += result.outcome == Outcome::rejected;
    }
}

/// Leaves the rows of the stored events, in number order.
void keep_rows(const std::vector<Candidate>& candidates, std::span<const std::uint32_t> order, IndexBatch& index) {
    std::vector<IndexRow> rows;
    rows.reserve(order.size());
    for (const auto i : order) {
        rows.push_back(index.rows[i]);
        rows.back().number = candidates[i].number;
    }
    index.rows = std::move(rows);
}

/// Leaves the notes of the stored events, in number order.
void keep_notes(Request& request) {
    std::erase_if(request.notes, [&](CallNote& note) {
        const auto& result = request.receipt.results[note.number];
        note.number = result.number;
        return result.outcome != Outcome::stored && result.outcome != Outcome::conflict;
    });
    std::ranges::sort(request.notes, {}, &CallNote::number);
}

}  // namespace

struct Ingest::State {
    State(Parts parts, IngestOptions options)
        : parts(std::move(parts)),
          options(options),
          numbers(this->parts.metrics),
          id(++owners),
          admission(this->parts.log, this->parts.seen, this->parts.find_dictionary),
          publisher(std::make_unique<Publisher>(
              Publisher::Parts{this->parts.views, this->parts.learner, this->parts.seen}, this->parts.log.end(),
              [this](Request& request, Result<void> outcome) { answer(request, std::move(outcome)); },
              this->parts.around_answers)) {}

    Workspace& workspace() {
        thread_local Workspace mine;
        if (mine.owner != id) {
            mine.parser = RecordParser(options.limits);
            mine.comparer = RecordParser(options.limits);
            mine.owner = id;
        }
        return mine;
    }

    void answer(Request& request, Result<void> outcome) {
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - request.arrived;
        numbers.seconds.observe(taken.count());
        if (outcome) {
            numbers.count(request.receipt.counts);
            request.done(std::move(request.receipt));
        } else {
            numbers.outcomes.back()->add(request.receipt.results.size());
            request.done(fail(std::move(outcome).error()));
        }
        const std::lock_guard lock(flight_mutex);
        if (--in_flight == 0) landed.notify_all();
    }

    Result<std::optional<Batch>> prepare(std::span<const std::string_view> texts, const Writer& writer,
                                         Request& request);

    const Parts parts;
    const IngestOptions options;
    Numbers numbers;
    const std::uint64_t id;
    Admission admission;

    std::mutex flight_mutex;
    std::condition_variable landed;
    std::uint64_t in_flight = 0;  // guarded by flight_mutex

    std::unique_ptr<Publisher> publisher;
};

/// Everything up to the append. No batch when nothing is to be stored.
Result<std::optional<Batch>> Ingest::State::prepare(std::span<const std::string_view> texts, const Writer& writer,
                                                    Request& request) {
    auto& work = workspace();
    check_records(texts, {writer, parts.key, parts.learner}, work.parser, request, work.candidates);
    work.repeats.find(work.candidates, work.comparer, request);
    work.order.clear();
    if (!work.candidates.empty()) CAIRN_TRY(admission.decide(work.candidates, work.comparer, work.order));
    report(work.candidates, request);
    keep_rows(work.candidates, work.order, request.index);
    keep_notes(request);
    if (work.order.empty()) return std::nullopt;

    auto batch = make_batch(work.candidates, work.order, writer, parts.clock.now(), parts.codec, options.fast_codec);
    request.needs_end = batch.first_number + batch.event_count;
    return batch;
}

Ingest::Ingest(Parts parts, IngestOptions options) : state_(std::make_unique<State>(std::move(parts), options)) {}

Ingest::~Ingest() {
    drain();
    state_->publisher.reset();
}

void Ingest::submit(std::shared_ptr<const std::string>, std::vector<std::string_view> texts, Writer writer, Done done) {
    auto& state = *state_;
    auto request = std::make_shared<Request>();
    request->arrived = std::chrono::steady_clock::now();
    request->done = std::move(done);
    {
        const std::lock_guard lock(state.flight_mutex);
        ++state.in_flight;
    }
    auto batch = state.prepare(texts, writer, *request);
    state.numbers.received.add(texts.size());
    state.numbers.bytes.add(request->bytes);

    if (!batch) return state.answer(*request, fail(std::move(batch).error()));
    if (*batch) {
        return state.parts.log.append(std::move(**batch), [&state, request](Result<void> outcome) {
            if (!outcome) state.admission.close(outcome.error());
            const bool more_follow = outcome && request->needs_end < state.parts.log.end();
            state.publisher->appended(request, std::move(outcome), more_follow);
        });
    }
    if (request->needs_end <= state.publisher->end()) return state.answer(*request, {});
    state.publisher->wait_for_others(std::move(request));
}

Result<Receipt> Ingest::submit_and_wait(std::shared_ptr<const std::string> buffer, std::vector<std::string_view> texts,
                                        Writer writer) {
    std::promise<Result<Receipt>> answered;
    auto receipt = answered.get_future();
    submit(std::move(buffer), std::move(texts), std::move(writer),
           [&](Result<Receipt> result) { answered.set_value(std::move(result)); });
    return receipt.get();
}

void Ingest::drain() {
    std::unique_lock lock(state_->flight_mutex);
    state_->landed.wait(lock, [&] { return state_->in_flight == 0; });
}

}  // namespace cairn::ingest
