#include "cli/import_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include <fmt/format.h>

#include "cli/import_state.h"
#include "event/record.h"

namespace cairn::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view standard_input = "-";

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

/// Walks through folders and the folders that links lead to, each once.
class Walk {
public:
    ImportListing run(const fs::path& folder) {
        enter(folder);
        std::ranges::sort(found_.files, {}, &ImportFile::name);
        return std::move(found_);
    }

private:
    void enter(const fs::path& folder) {
        std::error_code error;
        const auto real = fs::canonical(folder, error);
        if (!error && !seen_.insert(real).second) return;
        for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
             it.increment(error))
            if (is_hidden(it->path()))
                found_.hidden.push_back(it->path().string());
            else
                visit(*it);
        if (error) found_.unreadable.emplace_back(folder.string(), error.message());
    }

    void visit(const fs::directory_entry& entry) {
        std::error_code error;
        const auto status = entry.status(error);
        if (fs::is_directory(status))
            enter(entry.path());
        else if (fs::is_regular_file(status))
            found_.files.push_back({entry.path().string(), entry.file_size(error), ""});
        else if (!fs::exists(status))
            found_.unreadable.emplace_back(entry.path().string(), error ? error.message() : "leads to nothing");
    }

    ImportListing found_;
    std::set<fs::path> seen_;
};

/// All files below `path` in name order, so that an import taken up again goes the same way.
Result<ImportListing> files_below(const std::string& path) {
    std::error_code error;
    if (path == standard_input) return ImportListing{{{path, 0, ""}}, {}, {}};
    if (!fs::exists(path, error))
        return fail(Code::not_found,
                    fmt::format("{} {}", path, error ? "cannot be read: " + error.message() : "does not exist"));
    if (fs::is_directory(path, error)) return Walk().run(path);
    return ImportListing{{{path, fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0, ""}}, {}, {}};
}

/// All of it; of what `expected` tells one more byte shows the end. Pipes, of which nothing is known, come in pieces.
void read_to_end(std::istream& in, std::size_t expected, std::string& bytes) {
    for (std::size_t step = expected > 0 ? expected + 1 : 64 * 1024; in; step = 1 << 20) {
        bytes.reserve(bytes.size() + step + RecordParser::padding);
        const auto size = bytes.size();
        bytes.resize(size + step);
        in.read(bytes.data() + size, static_cast<std::streamsize>(step));
        bytes.resize(size + static_cast<std::size_t>(in.gcount()));
    }
}

Result<std::string> read_bytes(const std::string& path, std::size_t expected) {
    std::ifstream file;
    if (path != standard_input) file.open(path, std::ios::binary);
    if (file.fail()) return fail(Code::denied, fmt::format("cannot be read: {}", std::strerror(errno)));
    std::istream& in = path == standard_input ? std::cin : file;
    Result<std::string> bytes;
    read_to_end(in, expected, *bytes);
    if (in.bad()) return fail(Code::denied, fmt::format("cannot be read: {}", std::strerror(errno)));
    return bytes;
}

class PathSource final : public ImportSource {
public:
    explicit PathSource(std::string path) : path_(std::move(path)) {}

    Result<ImportListing> list() override { return files_below(path_); }

    std::string key_of(const ImportFile& file) const override {
        std::error_code error;
        return fs::is_regular_file(file.name, error) ? ImportState::key_of(file.name) : std::string();
    }

    Result<std::string> read(const ImportFile& file) override { return read_bytes(file.name, file.bytes); }

private:
    const std::string path_;
};

}  // namespace

std::unique_ptr<ImportSource> path_source(std::string path) { return std::make_unique<PathSource>(std::move(path)); }

}  // namespace cairn::cli
