#include "gateway/spool.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "gateway/spool_frame.h"
#include "net/answer_burst.h"

namespace cairn::gateway {

namespace {

constexpr std::size_t shipped_records_max = 1'000;
constexpr std::size_t read_bytes_max = 4u << 20;

}  // namespace

Spool::Spool(SpoolOptions options, Disk& disk, RecordSink& onward, Metrics& metrics)
    : options_(std::move(options)),
      disk_(disk),
      onward_(onward),
      spooled_(metrics.counter("cairn_gateway_spooled_records_total", "Records written to the spool")),
      shipped_(metrics.counter("cairn_gateway_shipped_records_total", "Records of the spool that went on")),
      damaged_(
          metrics.counter("cairn_gateway_damaged_spool_files_total", "Spool files with bytes that are no records")),
      bytes_(std::make_shared<std::atomic<std::uint64_t>>(0)) {
    metrics.gauge("cairn_gateway_spool_bytes", "Bytes of the spool's files",
                  [bytes = bytes_] { return static_cast<double>(bytes->load()); });
}

Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options, Disk& disk, RecordSink& onward, Metrics& metrics) {
    std::unique_ptr<Spool> spool(new Spool(std::move(options), disk, onward, metrics));
    CAIRN_TRY(spool->recover());
    spool->writer_ = std::thread([raw = spool.get()] { raw->write(); });
    spool->shipper_ = std::thread([raw = spool.get()] { raw->ship(); });
    return spool;
}

Spool::~Spool() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
        to_write_.notify_all();
    }
    if (writer_.joinable()) writer_.join();
    {
        std::lock_guard lock(mutex_);
        ship_no_more_ = true;
        ship_until_ = std::chrono::steady_clock::now() + options_.last_patience;
        to_ship_.notify_all();
    }
    if (shipper_.joinable()) shipper_.join();
}

// ---- files

/// What follows the last whole frame of a file was never acknowledged, unless the file is damaged.
Result<void> Spool::recover() {
    CAIRN_TRY(disk_.make_folder(options_.folder));
    const auto names = disk_.list(options_.folder);
    if (!names) return fail(names.error());
    for (const auto& name : *names) {
        auto found = std::make_shared<SpoolFile>();
        found->path = options_.folder + "/" + name;
        std::from_chars(name.data(), name.data() + name.size(), last_name_);
        found->closed = true;
        const auto bytes = read_file(disk_, found->path);
        if (!bytes) return fail(bytes.error());
        std::string_view rest = *bytes;
        if (rest.size() < spool_header_bytes) {  // the process ended before the first record was durable
            CAIRN_TRY(disk_.remove(found->path));
            continue;
        }
        const auto version = check_spool_header(rest);
        if (!version) return fail(version.error().code, fmt::format("{}: {}", found->path, version.error().message));
        found->version = *version;
        rest.remove_prefix(spool_header_bytes);
        std::size_t records = 0;
        while (take_spool_frame(rest, found->version)) ++records;
        if (!rest.empty()) {
            damaged_.add();
            log_warning("a spool file ends in bytes that are no record",
                        {{"file", found->path}, {"records", records}, {"bytes", rest.size()}});
        }
        found->end = bytes->size() - rest.size();
        auto file = disk_.open(found->path, OpenMode::read);
        if (!file) return fail(std::move(file).error());
        found->file = std::move(*file);
        bytes_->fetch_add(found->end);
        files_.push_back(std::move(found));
    }
    return {};
}

/// The file that is appended to.
Result<std::shared_ptr<Spool::SpoolFile>> Spool::file_for(std::uint64_t sequence) {
    {
        std::lock_guard lock(mutex_);
        if (!files_.empty() && !files_.back()->closed && files_.back()->end < options_.file_bytes) return files_.back();
        if (!files_.empty()) files_.back()->closed = true;
    }
    auto made = std::make_shared<SpoolFile>();
    last_name_ = std::max(sequence, last_name_ + 1);  // a record that comes again may have the number of a file
    made->path = fmt::format("{}/{:020}", options_.folder, last_name_);
    auto file = disk_.open(made->path, OpenMode::create_new);
    if (!file) return fail(std::move(file).error());
    made->file = std::move(*file);
    CAIRN_TRY(made->file->write(0, spool_header()));
    CAIRN_TRY(disk_.sync_folder(options_.folder));
    made->version = spool_version;
    made->end = spool_header_bytes;
    bytes_->fetch_add(made->end);
    std::lock_guard lock(mutex_);
    files_.push_back(made);
    return made;
}

// ---- in

void Spool::submit(GatewayRecord record, Done done) {
    std::unique_lock lock(mutex_);
    if (stopping_ || bytes_->load() + record.text.size() + record.evidence.size() > options_.bytes_max) {
        const auto error =
            stopping_ ? fail(Code::unavailable, "the gateway is stopping") : fail(Code::exhausted, "the spool is full");
        lock.unlock();
        return done(error);
    }
    waiting_.push_back({std::move(record), std::move(done)});
    to_write_.notify_one();
}

void Spool::write() {
    std::unique_lock lock(mutex_);
    for (;;) {
        to_write_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto group = std::exchange(waiting_, {});
        lock.unlock();
        write_group(std::move(group));
        lock.lock();
    }
}

void Spool::write_group(std::deque<Waiting> group) {
    const auto result = append(group);
    if (result) {
        spooled_.add(group.size());
        to_ship_.notify_one();
    } else {
        // Nobody knows what of it is on the disk: it may go on although it counts as failed, and come once more.
        std::lock_guard lock(mutex_);
        if (!files_.empty()) files_.back()->closed = true;
    }
    const net::AnswerBurst burst;
    for (auto& one : group) one.done(result);
}

Result<void> Spool::append(const std::deque<Waiting>& group) {
    auto file = file_for(group.front().record.sequence);
    if (!file) return fail(std::move(file).error());
    std::string bytes;
    for (const auto& [record, done] : group) append_spool_frame(bytes, {record.text, record.evidence, record.sequence});
    CAIRN_TRY((*file)->file->write((*file)->end, bytes));
    CAIRN_TRY((*file)->file->sync());
    bytes_->fetch_add(bytes.size());
    std::lock_guard lock(mutex_);
    (*file)->end += bytes.size();
    return {};
}

// ---- out

void Spool::ship() {
    std::uint64_t from = spool_header_bytes;  // of the first file
    std::unique_lock lock(mutex_);
    for (;;) {
        to_ship_.wait(lock, [&] {
            return ship_no_more_ || (!files_.empty() && (files_.front()->closed || from < files_.front()->end));
        });
        if (ship_no_more_ && (files_.empty() || from >= files_.front()->end)) {
            if (!files_.empty()) remove_first();
            if (files_.empty()) return;
            from = spool_header_bytes;
            continue;
        }
        const auto file = files_.front();
        if (from >= file->end) {
            remove_first();
            from = spool_header_bytes;
            continue;
        }
        lock.unlock();
        const bool went = ship_from(file, from);
        lock.lock();
        if (ship_no_more_ && (!went || std::chrono::steady_clock::now() > ship_until_)) return;
        if (went) continue;
        to_ship_.wait_for(lock, options_.retry_interval, [&] { return ship_no_more_; });
    }
}

/// Reads and gives on what one step takes. False when it has to be given again.
bool Spool::ship_from(const std::shared_ptr<SpoolFile>& file, std::uint64_t& from) {
    std::uint64_t end = 0;
    {
        std::lock_guard lock(mutex_);
        end = file->end;
    }
    const auto frames = read_frames(*file, from, end);
    if (!frames) {
        log_error("records of the spool cannot be read", {{"file", file->path}, {"reason", frames.error().message}});
        return false;
    }
    if (frames->empty()) {
        damaged_.add();
        log_error("records of the spool are damaged", {{"file", file->path}, {"from", from}, {"to", end}});
        from = end;
        return true;
    }
    if (!give_on(*frames)) return false;
    shipped_.add(frames->size());
    from = frames->back().end;
    return true;
}

/// As many whole frames as one step takes. Empty when the first is damaged.
Result<std::vector<Spool::Frame>> Spool::read_frames(SpoolFile& file, std::uint64_t from, std::uint64_t end) const {
    for (std::uint64_t step :
         {std::uint64_t{read_bytes_max}, std::uint64_t{read_bytes_max} + 2 * spool_text_bytes_max}) {
        std::string bytes(static_cast<std::size_t>(std::min(end - from, step)), '\0');
        CAIRN_TRY(file.file->read(from, bytes.data(), bytes.size()));
        std::vector<Frame> frames;
        for (std::string_view rest = bytes; frames.size() < shipped_records_max;) {
            const auto frame = take_spool_frame(rest, file.version);
            if (!frame) break;
            frames.push_back({{std::string(frame->record), std::string(frame->evidence), frame->sequence},
                              from + bytes.size() - rest.size()});
        }
        if (!frames.empty() || bytes.size() == end - from) return frames;  // else one that is longer than the step
    }
    return std::vector<Frame>();
}

bool Spool::give_on(const std::vector<Frame>& frames) {
    std::mutex mutex;
    std::condition_variable answered;
    std::size_t open = frames.size();
    Result<void> outcome;
    for (const auto& frame : frames)
        onward_.submit(frame.record, [&](Result<void> result) {
            std::lock_guard lock(mutex);
            if (!result) outcome = std::move(result);
            if (--open == 0) answered.notify_all();
        });
    std::unique_lock lock(mutex);
    answered.wait(lock, [&] { return open == 0; });
    if (!outcome)
        log_warning("records stay in the spool",
                    {{"reason", outcome.error().message}, {"bytes", static_cast<unsigned long>(bytes_->load())}});
    return outcome.has_value();
}

/// Under the lock: all of it went on.
void Spool::remove_first() {
    const auto file = std::move(files_.front());
    files_.pop_front();
    bytes_->fetch_sub(file->end);
    if (const auto removed = disk_.remove(file->path); !removed)
        log_warning("a spool file stays", {{"file", file->path}, {"reason", removed.error().message}});
}

}  // namespace cairn::gateway
