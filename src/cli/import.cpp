#include "cli/import.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "cli/import_state.h"
#include "event/record.h"
#include "ingest/slice.h"

namespace cairn::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t chunk_records_max = 2000;
constexpr std::size_t chunk_bytes_max = 4 << 20;
constexpr std::size_t record_bytes_max = 16 << 20;  // far above what any node takes, far below what one takes at a time

constexpr std::string_view standard_input = "-";

struct FoundFile {
    std::string path;
    std::uint64_t bytes = 0;
};

/// What a look below a path brought.
struct Found {
    std::vector<FoundFile> files;
    std::vector<std::pair<std::string, std::string>> unreadable;  ///< path and reason
};

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

/// Walks through folders and the folders that links lead to, each once.
class Walk {
public:
    Found run(const fs::path& folder) {
        enter(folder);
        std::ranges::sort(found_.files, {}, &FoundFile::path);
        return std::move(found_);
    }

private:
    void enter(const fs::path& folder) {
        std::error_code error;
        const auto real = fs::canonical(folder, error);
        if (!error && !seen_.insert(real).second) return;
        for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
             it.increment(error))
            if (!is_hidden(it->path())) visit(*it);
        if (error) found_.unreadable.emplace_back(folder.string(), error.message());
    }

    void visit(const fs::directory_entry& entry) {
        std::error_code error;
        const auto status = entry.status(error);
        if (fs::is_directory(status))
            enter(entry.path());
        else if (fs::is_regular_file(status))
            found_.files.push_back({entry.path().string(), entry.file_size(error)});
        else if (!fs::exists(status))
            found_.unreadable.emplace_back(entry.path().string(), error ? error.message() : "leads to nothing");
    }

    Found found_;
    std::set<fs::path> seen_;
};

/// All files below `path` in name order, so that an import taken up again goes the same way.
Result<Found> files_below(const std::string& path) {
    std::error_code error;
    if (path == standard_input) return Found{{{path, 0}}, {}};
    if (!fs::exists(path, error))
        return fail(Code::not_found,
                    fmt::format("{} {}", path, error ? "cannot be read: " + error.message() : "does not exist"));
    if (fs::is_directory(path, error)) return Walk().run(path);
    return Found{{{path, fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0}}, {}};
}

/// Empty for what is no file with a content that stays: pipes.
std::string key_of(const std::string& path) {
    std::error_code error;
    return fs::is_regular_file(path, error) ? ImportState::key_of(path) : std::string();
}

Result<std::string> read_bytes(const std::string& path, std::size_t expected) {
    std::ifstream file;
    if (path != standard_input) file.open(path, std::ios::binary);
    if (file.fail()) return fail(Code::denied, fmt::format("cannot be read: {}", std::strerror(errno)));
    std::istream& in = path == standard_input ? std::cin : file;
    std::string bytes;
    // One byte more than expected tells the end. Pipes, of which nothing is known, come in pieces.
    for (std::size_t step = expected > 0 ? expected + 1 : 64 * 1024; in; step = 1 << 20) {
        bytes.reserve(bytes.size() + step + RecordParser::padding);
        const auto size = bytes.size();
        bytes.resize(size + step);
        in.read(bytes.data() + size, static_cast<std::streamsize>(step));
        bytes.resize(size + static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) return fail(Code::denied, fmt::format("cannot be read: {}", std::strerror(errno)));
    bytes.reserve(bytes.size() + RecordParser::padding);
    return bytes;
}

/// The content, decompressed, with room behind its end for the parsers.
Result<std::string> read_whole(const FoundFile& file, std::size_t bytes_max) {
    auto bytes = read_bytes(file.path, file.bytes);
    if (!bytes) return bytes;
    const auto encoding = ingest::detect_encoding(*bytes);
    if (encoding == ingest::Encoding::identity) return bytes;
    return ingest::decompress(*bytes, encoding, bytes_max);
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
        // Files may appear or grow while this runs: look again until a look shows nothing new.
        for (bool more = true; more && !stopped_;) {
            more = false;
            for (const auto& path : options_.paths) {
                const auto found = files_below(path);
                if (!found) return fail(found.error());
                for (const auto& [unreadable, reason] : found->unreadable) unreadable_[unreadable] = reason;
                for (const auto& file : found->files)
                    if (!known_.contains(file.path)) bytes_total_ += file.bytes;
                for (const auto& file : found->files) {
                    auto key = key_of(file.path);
                    if (stopped_ || !is_new(file.path, key)) continue;
                    more = true;
                    CAIRN_TRY(take(file, std::move(key)));
                }
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

    Result<void> take(const FoundFile& found, std::string key) {
        unreadable_.erase(found.path);
        if (!key.empty() && state_.finished(key)) {
            ++report_.files_skipped;
            bytes_done_ += found.bytes;
            return {};
        }
        auto file = std::make_shared<OpenFile>();
        file->path = found.path;
        file->key = std::move(key);
        file->number = report_.files;
        auto content = read_whole(found, options_.file_bytes_max);
        if (!content) {
            bytes_done_ += found.bytes;
            unreadable_[found.path] = content.error().message;
            return {};
        }
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
