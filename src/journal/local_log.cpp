#include "journal/journal.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include <fmt/format.h>

#include "base/log.h"
#include "journal/state.h"

namespace cairn::journal {

namespace {

constexpr std::int64_t device_check_interval_ms = 100;

std::int64_t steady_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

Result<void> check_options(const JournalOptions& options) {
    if (options.journal_file_bytes < 2 * page_bytes || options.journal_file_bytes % page_bytes != 0)
        return fail(Code::invalid, fmt::format("journal file size {} is not a multiple of {}",
                                               options.journal_file_bytes, page_bytes));
    if (options.disk_budget_bytes != 0 && options.disk_budget_bytes < 4 * options.journal_file_bytes)
        return fail(Code::invalid, fmt::format("disk budget of {} bytes is below four journal files of {} bytes",
                                               options.disk_budget_bytes, options.journal_file_bytes));
    return {};
}

}  // namespace

Journal::State::State(Parts given, JournalOptions chosen)
    : parts(std::move(given)),
      options(chosen),
      pool(parts.disk, parts.folder, options.journal_file_bytes),
      counters{parts.metrics.counter("cairn_log_events_total", "Events made durable"),
               parts.metrics.counter("cairn_log_commits_total", "Group commits"),
               parts.metrics.counter("cairn_log_written_bytes_total", "Bytes written to journal files"),
               parts.metrics.histogram("cairn_log_commit_seconds", "Time of a group commit"),
               parts.metrics.counter("cairn_log_joined_blocks_total", "Small blocks joined when sealed"),
               parts.metrics.counter("cairn_log_damaged_blocks_total", "Damaged blocks met while reading")},
      builder(parts.codec) {
    const auto gauge = [&](const char* name, const char* help, auto member) {
        parts.metrics.gauge(name, help,
                            [shared = numbers, member] { return static_cast<double>((*shared.*member).load()); });
    };
    gauge("cairn_log_end", "Number after the newest durable event", &Numbers::end);
    gauge("cairn_log_begin", "Oldest stored event number", &Numbers::begin);
    gauge("cairn_log_journal_bytes", "Bytes of all journal files", &Numbers::journal_bytes);
    gauge("cairn_log_archive_bytes", "Bytes of all archive files", &Numbers::archive_bytes);
    gauge("cairn_log_unsealed_bytes", "Bytes that wait for the archive", &Numbers::unsealed_bytes);
    parts.metrics.gauge("cairn_log_out_of_space", "1 while appends wait for space on the device",
                        [shared = numbers] { return shared->out_of_space ? 1.0 : 0.0; });
    parts.metrics.gauge("cairn_log_closed", "1 when the log is closed for writing",
                        [shared = numbers] { return shared->closed ? 1.0 : 0.0; });
}

Journal::State::~State() {
    leave();
    {
        std::lock_guard lock(sealer_mutex);
        sealer_stopping = true;
        sealer_wake.notify_all();
    }
    if (sealer.joinable()) sealer.join();
    stop_writer();
    // Says how far the tail reaches, so that a damaged last frame is not taken for one that was being written.
    std::lock_guard lock(maintenance_mutex);
    if (manifest.durable_sequence == durable_sequence && !manifest_unsure) return;
    if (const auto stored = store_manifest_changed(manifest); !stored)
        log_warning("manifest was not stored at the end", {{"error", stored.error().message}});
}

std::uint64_t Journal::State::used_bytes() const {
    return pool.bytes() + archive_bytes + (parts.other_bytes ? parts.other_bytes() : 0);
}

/// Asked of the device a few times a second only: it costs a system call.
std::uint64_t Journal::State::free_device_bytes() const {
    const auto now = steady_ms();
    if (now - device_checked_ms.load() >= device_check_interval_ms) {
        device_checked_ms = now;
        device_free = parts.disk.free_bytes().value_or(std::numeric_limits<std::uint64_t>::max() / 2);
    }
    return device_free;
}

Result<void> Journal::State::admit(std::uint64_t raw_bytes) const {
    std::uint64_t wanted = raw_bytes + contents.unsealed_bytes();
    {
        std::lock_guard lock(queue_mutex);
        if (closed) return fail(Code::unavailable, closed->message);
        if (out_of_space)
            return fail(Code::exhausted, fmt::format("the log is out of space: {}", out_of_space->message));
        wanted += queue_bytes;
    }
    wanted += options.journal_file_bytes;
    if (options.disk_budget_bytes != 0 && used_bytes() + wanted > options.disk_budget_bytes)
        return fail(Code::exhausted, fmt::format("disk budget of {} bytes is spent: journal {}, archive {}, other {}",
                                                 options.disk_budget_bytes, pool.bytes(), archive_bytes.load(),
                                                 parts.other_bytes ? parts.other_bytes() : 0));
    if (free_device_bytes() + pool.free_bytes() < wanted)
        return fail(Code::exhausted, fmt::format("the device has {} bytes left", device_free.load()));
    return {};
}

void Journal::State::update_numbers() {
    numbers->begin = contents.begin();
    numbers->journal_bytes = pool.bytes();
    numbers->archive_bytes = archive_bytes.load();
    numbers->unsealed_bytes = contents.unsealed_bytes();
}

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {}
Journal::~Journal() = default;

Result<std::unique_ptr<Journal>> Journal::open(Parts parts, JournalOptions options) {
    CAIRN_TRY(check_options(options));
    auto state = std::make_unique<State>(std::move(parts), options);
    auto opening = open_log(state->parts.disk, state->parts.folder, state->pool);
    if (!opening) return fail(std::move(opening).error());
    for (const auto& finding : opening->findings)
        log_warning("found while opening the log", {{"path", finding.path},
                                                    {"offset", finding.offset},
                                                    {"first", finding.first_number},
                                                    {"end", finding.end_number},
                                                    {"what", finding.what}});
    state->manifest = std::move(opening->manifest);
    state->findings = std::move(opening->findings);
    state->position = opening->position;
    state->next_number = opening->position.number;
    state->last_generation = opening->position.generation - 1;
    state->durable_sequence = opening->position.sequence;
    state->durable_number = opening->position.number;
    state->archive_bytes = opening->archive->bytes();
    state->numbers->end = opening->position.number;
    state->contents.set(std::move(opening->archive), std::move(opening->tail), state->manifest.losses,
                        state->manifest.sealed_number, opening->position.number);
    state->update_numbers();
    auto& shared = *state;
    state->writer = std::thread([&shared] { shared.run_writer(); });
    if (options.background) state->sealer = std::thread([&shared] { shared.run_sealer(); });
    return std::unique_ptr<Journal>(new Journal(std::move(state)));
}

void Journal::append(Batch batch, Done done) { state_->append(std::move(batch), std::move(done)); }
Result<void> Journal::admit(std::uint64_t raw_bytes) const { return state_->admit(raw_bytes); }
std::uint64_t Journal::end() const { return state_->contents.end(); }
std::uint64_t Journal::begin() const { return state_->contents.begin(); }

Result<std::vector<StoredBlock>> Journal::read(std::uint64_t from, std::size_t bytes_max) {
    std::uint64_t damaged = 0;
    auto blocks = state_->contents.read(from, bytes_max, damaged);
    if (damaged > 0) {
        state_->damaged += damaged;
        state_->counters.damaged_blocks.add(damaged);
    }
    return blocks;
}

Result<StoredBlock> Journal::find(std::uint64_t number) { return state_->contents.find(number); }
void Journal::expect(std::span<const std::uint64_t> numbers) { state_->contents.expect(numbers); }
bool Journal::wait(std::uint64_t number, int timeout_ms) { return state_->contents.wait(number, timeout_ms); }

Result<void> Journal::for_each_fingerprint(
    std::uint64_t from, const std::function<void(std::uint64_t, std::span<const Fingerprint>)>& use) const {
    return state_->contents.for_each_fingerprint(from, use);
}

void Journal::leave() { state_->leave(); }

Result<void> Journal::seal() { return state_->seal_all(); }

Result<TrimReport> Journal::trim(const Retention& retention, const Hold& hold, std::uint64_t read_by_all) {
    return state_->trim(retention, hold, read_by_all);
}

std::uint64_t Journal::damage() const { return state_->damaged; }
const std::vector<Finding>& Journal::findings() const { return state_->findings; }

std::vector<ArchiveFileInfo> Journal::archive_files() const {
    std::lock_guard lock(state_->maintenance_mutex);
    return state_->manifest.files;
}

std::vector<Tombstone> Journal::tombstones() const {
    std::lock_guard lock(state_->maintenance_mutex);
    return state_->manifest.tombstones;
}

std::uint64_t Journal::disk_bytes() const { return state_->pool.bytes() + state_->archive_bytes; }

}  // namespace cairn::journal
