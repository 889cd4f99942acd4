#include "cli/import.h"

#include <algorithm>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "cli/import_source.h"
#include "cli/import_state.h"
#include "event/record.h"
#include "ingest/slice.h"

namespace cairn::cli {

namespace {

constexpr std::size_t chunk_records_max = 2000;
constexpr std::size_t chunk_bytes_max = 4 << 20;
constexpr std::size_t record_bytes_max = 16 << 20;  // far above what any node takes, far below what one takes at a time

/// The content, decompressed, with room behind its end for the parsers.
Result<std::string> whole(std::string bytes, std::size_t bytes_max) {
    const auto encoding = ingest::detect_encoding(bytes);
    if (encoding != ingest::Encoding::identity) return ingest::decompress(bytes, encoding, bytes_max);
    bytes.reserve(bytes.size() + RecordParser::padding);
    return bytes;
}

Result<std::vector<std::unique_ptr<ImportSource>>> sources_of(const ImportOptions& options) {
    std::vector<std::unique_ptr<ImportSource>> sources;
    for (const auto& path : options.paths) {
        if (!path.starts_with(s3_scheme)) {
            sources.push_back(path_source(path));
            continue;
        }
        CAIRN_CHECK(options.objects != nullptr);
        auto source = object_source(path, *options.objects, options.objects_endpoint);
        if (!source) return fail(std::move(source).error());
        sources.push_back(std::move(*source));
    }
    return sources;
}

/// One file on its way: its content must outlive the chunks that are being stored.
struct OpenFile {
    std::string path, key;
    std::uint64_t number = 0;  ///< in the order in which files are read
    std::string content;
    ingest::Sliced sliced;
    bool cut = false;       ///< all its records are in chunks
    bool rejected = false;  ///< not all of them were stored: to be read again next time
    std::size_t chunks_left = 0;
};

/// Records that are stored together. Small files share one, which keeps their order and spares them a commit each.
struct Chunk {
    struct Item {
        OpenFile* file = nullptr;
        std::size_t slice = 0;  ///< index into file->sliced.slices
    };
    std::vector<std::shared_ptr<OpenFile>> files;
    std::vector<Item> items;
    std::size_t bytes = 0;
    std::future<Result<ImportSink::Taken>> taken;

    void add(const std::shared_ptr<OpenFile>& file, std::size_t slice) {
        if (files.empty() || files.back() != file) {
            files.push_back(file);
            ++file->chunks_left;
        }
        items.push_back({file.get(), slice});
        bytes += file->sliced.slices[slice].text.size();
    }
    bool full() const { return items.size() >= chunk_records_max || bytes >= chunk_bytes_max; }
};

class Import {
public:
    Import(const ImportOptions& options, ImportSink& sink, ImportState state, const ImportProgress& progress)
        : options_(options), sink_(sink), state_(std::move(state)), progress_(progress) {}

    Result<ImportReport> run() {
        const auto sources = sources_of(options_);
        if (!sources) return fail(sources.error());
        // Files may appear or grow while this runs: look again until a look shows nothing new.
        for (bool more = true; more && !stopped_;) {
            more = false;
            for (const auto& source : *sources) {
                const auto found = source->list();
                if (!found) return fail(found.error());
                for (const auto& [unreadable, reason] : found->unreadable) unreadable_[unreadable] = reason;
                hidden_.insert(found->hidden.begin(), found->hidden.end());
                for (const auto& file : found->files)
                    if (!known_.contains(file.name)) bytes_total_ += file.bytes;
                const auto took = take_all(*source, found->files);
                if (!took) return fail(took.error());
                more |= *took;
            }
            if (!next_.items.empty()) CAIRN_TRY(start());
            while (!chunks_.empty()) CAIRN_TRY(settle_oldest());
        }
        return finished_report();
    }

private:
    struct Known {
        std::string key;
        int reads = 0;
    };

    /// Whether a file is there for the first time, or has changed since. One that never rests is left to the next
    /// import.
    bool is_new(const std::string& path, const std::string& key) {
        constexpr int reads_max = 2;
        Known& known = known_[path];
        if (known.reads == reads_max || (known.reads > 0 && known.key == key)) return false;
        known = {key, known.reads + 1};
        return true;
    }

    /// Whether a file was new. Those that take long to come are read ahead, and taken in their order.
    Result<bool> take_all(ImportSource& source, const std::vector<ImportFile>& files) {
        struct Reading {
            const ImportFile* file;
            std::string key;
            std::future<Result<std::string>> bytes;
        };
        const auto policy = source.reads_at_once() > 1 ? std::launch::async : std::launch::deferred;
        std::deque<Reading> readings;
        bool any = false;
        for (std::size_t next = 0; !stopped_ && (next < files.size() || !readings.empty());) {
            if (next < files.size() && readings.size() < source.reads_at_once()) {
                const auto& file = files[next++];
                auto key = source.key_of(file);
                if (!is_new(file.name, key)) continue;
                any = true;
                unreadable_.erase(file.name);
                if (!key.empty() && state_.finished(key))
                    skip(file);
                else
                    readings.push_back(
                        {&file, std::move(key), std::async(policy, [&source, &file] { return source.read(file); })});
                continue;
            }
            auto reading = std::move(readings.front());
            readings.pop_front();
            CAIRN_TRY(take(*reading.file, std::move(reading.key), reading.bytes.get()));
        }
        return any;
    }

    void skip(const ImportFile& file) {
        ++report_.files_skipped;
        bytes_done_ += file.bytes;
    }

    Result<void> take(const ImportFile& found, std::string key, Result<std::string> bytes) {
        if (!bytes && bytes.error().code == Code::unavailable)
            return fail(bytes.error().code, fmt::format("{}: {}", found.name, bytes.error().message));
        auto content = bytes ? whole(std::move(*bytes), options_.file_bytes_max) : std::move(bytes);
        if (!content) {
            bytes_done_ += found.bytes;
            unreadable_[found.name] = content.error().message;
            return {};
        }
        auto file = std::make_shared<OpenFile>();
        file->path = found.name;
        file->key = std::move(key);
        file->number = report_.files;
        file->content = std::move(*content);
        file->sliced = ingest::slice(file->content);
        ++report_.files;
        report_.bytes += file->content.size();
        if (file->sliced.container == ingest::Container::digest) ++report_.digest_files;
        return cut(file, found.bytes);
    }

    Result<void> cut(const std::shared_ptr<OpenFile>& file, std::uint64_t bytes) {
        const auto& slices = file->sliced.slices;
        const auto done_before = bytes_done_;
        for (std::size_t i = 0; i < slices.size() && !stopped_; ++i) {
            ++report_.read;
            if (const auto problem = problem_of(slices[i]); !problem.empty()) {
                ++report_.counts.rejected;
                file->rejected = true;
                lines_.push_back({file->number, {file->path, slices[i].line, ingest::Outcome::rejected, "", problem}});
                continue;
            }
            next_.add(file, i);
            if (!next_.full()) continue;
            bytes_done_ = done_before + bytes * (i + 1) / slices.size();
            CAIRN_TRY(start());
        }
        bytes_done_ = done_before + bytes;
        show_progress();
        file->cut = !stopped_;
        return file->chunks_left == 0 ? finish(*file) : Result<void>();
    }

    static std::string problem_of(const ingest::Slice& slice) {
        if (slice.problem.empty() && slice.text.size() > record_bytes_max)
            return fmt::format("the record has {} bytes, more than {}", slice.text.size(), record_bytes_max);
        return slice.problem;
    }

    Result<void> finish(const OpenFile& file) {
        return file.cut && !file.rejected && !file.key.empty() ? state_.finish(file.key) : Result<void>();
    }

    void show_progress() { stopped_ = !progress_(bytes_done_, bytes_total_, report_.read) || stopped_; }

    ImportReport finished_report() {
        std::ranges::stable_sort(lines_, {},
                                 [](const auto& numbered) { return std::pair(numbered.first, numbered.second.line); });
        for (auto& [number, line] : lines_) report_.lines.push_back(std::move(line));
        for (const auto& [path, reason] : unreadable_)
            report_.unreadable.push_back(fmt::format("{}: {}", path, reason));
        report_.hidden = hidden_.size();
        report_.interrupted = stopped_;
        return std::move(report_);
    }

    Result<void> start() {
        while (chunks_.size() >= static_cast<std::size_t>(options_.workers)) CAIRN_TRY(settle_oldest());
        auto& chunk = chunks_.emplace_back(std::exchange(next_, {}));
        std::vector<std::string_view> texts;
        for (const auto& item : chunk.items) texts.push_back(item.file->sliced.slices[item.slice].text);
        chunk.taken = std::async(std::launch::async, [this, texts = std::move(texts)] { return sink_.put(texts); });
        show_progress();
        return {};
    }

    Result<void> settle_oldest() {
        auto chunk = std::move(chunks_.front());
        chunks_.pop_front();
        const auto taken = chunk.taken.get();
        if (!taken) return fail(taken.error());
        report_.counts.stored += taken->counts.stored;
        report_.counts.duplicate += taken->counts.duplicate;
        report_.counts.conflict += taken->counts.conflict;
        report_.counts.rejected += taken->counts.rejected;
        for (const auto& problem : taken->problems) {
            const auto& item = chunk.items[problem.index];
            item.file->rejected |= problem.outcome == ingest::Outcome::rejected;
            lines_.push_back({item.file->number,
                              {item.file->path, item.file->sliced.slices[item.slice].line, problem.outcome,
                               problem.event_id, problem.reason}});
        }
        for (const auto& file : chunk.files)
            if (--file->chunks_left == 0) CAIRN_TRY(finish(*file));
        return {};
    }

    const ImportOptions& options_;
    ImportSink& sink_;
    ImportState state_;
    const ImportProgress& progress_;
    ImportReport report_;
    std::vector<std::pair<std::uint64_t, ImportReport::Line>> lines_;  ///< with the numbers of their files
    std::map<std::string, std::string> unreadable_;                    ///< path and reason
    std::set<std::string> hidden_;
    std::map<std::string, Known> known_;
    Chunk next_;
    std::deque<Chunk> chunks_;
    std::uint64_t bytes_done_ = 0, bytes_total_ = 0;
    bool stopped_ = false;
};

}  // namespace

Result<ImportReport> import_files(const ImportOptions& options, ImportSink& sink, const ImportProgress& progress) {
    auto state = ImportState::open(options.state_file);
    if (!state) return fail(std::move(state).error());
    return Import(options, sink, std::move(*state), progress).run();
}

}  // namespace cairn::cli
