#include "cli/import.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
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

struct FoundFile {
    std::string path;
    std::uint64_t bytes = 0;
};

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

/// All regular files below `path` in name order, so that an import taken up again goes the same way.
Result<std::vector<FoundFile>> files_below(const std::string& path) {
    std::error_code error;
    if (!fs::exists(path, error)) return fail(Code::not_found, fmt::format("{} does not exist", path));
    std::vector<FoundFile> files;
    if (!fs::is_directory(path, error)) {
        files.push_back({path, fs::file_size(path, error)});
        return files;
    }
    for (auto it = fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
         it != fs::recursive_directory_iterator(); it.increment(error)) {
        if (error) break;
        std::error_code gone;
        if (it->is_regular_file(gone) && !is_hidden(it->path())) files.push_back({it->path().string(), it->file_size(gone)});
    }
    std::ranges::sort(files, {}, &FoundFile::path);
    return files;
}

/// The content, decompressed, with room behind its end for the parsers.
Result<std::string> read_whole(const std::string& path, std::size_t bytes_max) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return fail(Code::denied, "cannot be read");
    std::error_code error;
    std::string bytes;
    bytes.reserve(fs::file_size(path, error) + RecordParser::padding);
    bytes.resize(bytes.capacity() - RecordParser::padding);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    bytes.resize(static_cast<std::size_t>(in.gcount()));
    const auto encoding = ingest::detect_encoding(bytes);
    if (encoding == ingest::Encoding::identity) return bytes;
    return ingest::decompress(bytes, encoding, bytes_max);
}

/// One file on its way: its content must outlive the chunks that are being stored.
struct OpenFile {
    std::string path;
    std::string content;
    ingest::Sliced sliced;
    bool cut = false;  ///< all its records are in chunks
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
        // Files may appear while this runs: look again until a look shows nothing new.
        for (bool more = true; more;) {
            more = false;
            for (const auto& path : options_.paths) {
                const auto files = files_below(path);
                if (!files) return fail(files.error());
                for (const auto& file : *files)
                    if (!known_.contains(file.path)) bytes_total_ += file.bytes;
                for (const auto& file : *files) {
                    if (!known_.insert(file.path).second) continue;
                    more = true;
                    CAIRN_TRY(take(file));
                }
            }
            if (!next_.items.empty()) CAIRN_TRY(start());
            while (!chunks_.empty()) CAIRN_TRY(settle_oldest());
        }
        return std::move(report_);
    }

private:
    Result<void> take(const FoundFile& found) {
        if (state_.finished(found.path)) {
            ++report_.files_skipped;
            bytes_done_ += found.bytes;
            return {};
        }
        auto file = std::make_shared<OpenFile>();
        file->path = found.path;
        auto content = read_whole(found.path, options_.file_bytes_max);
        bytes_done_ += found.bytes;
        if (!content) {
            report_.unreadable.push_back(fmt::format("{}: {}", found.path, content.error().message));
            return {};
        }
        file->content = std::move(*content);
        file->sliced = ingest::slice(file->content);
        ++report_.files;
        report_.bytes += file->content.size();
        if (file->sliced.container == ingest::Container::digest) ++report_.digest_files;
        return cut(file);
    }

    Result<void> cut(const std::shared_ptr<OpenFile>& file) {
        const auto& slices = file->sliced.slices;
        report_.read += slices.size();
        for (std::size_t i = 0; i < slices.size(); ++i) {
            if (!slices[i].problem.empty()) {
                ++report_.counts.rejected;
                report_.lines.push_back({file->path, slices[i].line, ingest::Outcome::rejected, "", slices[i].problem});
                continue;
            }
            next_.add(file, i);
            if (next_.full()) CAIRN_TRY(start());
        }
        file->cut = true;
        return file->chunks_left == 0 ? state_.finish(file->path) : Result<void>();
    }

    Result<void> start() {
        while (chunks_.size() >= static_cast<std::size_t>(options_.workers)) CAIRN_TRY(settle_oldest());
        auto& chunk = chunks_.emplace_back(std::exchange(next_, {}));
        std::vector<std::string_view> texts;
        for (const auto& item : chunk.items) texts.push_back(item.file->sliced.slices[item.slice].text);
        chunk.taken = std::async(std::launch::async, [this, texts = std::move(texts)] { return sink_.put(texts); });
        progress_(bytes_done_, bytes_total_, report_.read);
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
            report_.lines.push_back({item.file->path, item.file->sliced.slices[item.slice].line, problem.outcome, problem.event_id, problem.reason});
        }
        for (const auto& file : chunk.files)
            if (--file->chunks_left == 0 && file->cut) CAIRN_TRY(state_.finish(file->path));
        return {};
    }

    const ImportOptions& options_;
    ImportSink& sink_;
    ImportState state_;
    const ImportProgress& progress_;
    ImportReport report_;
    std::set<std::string> known_;
    Chunk next_;
    std::deque<Chunk> chunks_;
    std::uint64_t bytes_done_ = 0, bytes_total_ = 0;
};

}  // namespace

Result<ImportReport> import_files(const ImportOptions& options, ImportSink& sink, const ImportProgress& progress) {
    auto state = ImportState::open(options.state_file);
    if (!state) return fail(std::move(state).error());
    return Import(options, sink, std::move(*state), progress).run();
}

}  // namespace cairn::cli
