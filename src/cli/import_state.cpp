#include "cli/import_state.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace cairn::cli {

namespace fs = std::filesystem;

Result<ImportState> ImportState::open(const std::string& path) {
    ImportState state;
    if (path.empty()) return state;
    std::ifstream in(path);
    bool torn = false;
    for (std::string line; std::getline(in, line);) {
        torn = in.eof();
        if (!torn) state.keys_.insert(line);
    }
    std::error_code ignored;
    fs::create_directories(fs::path(path).parent_path(), ignored);
    state.out_.reset(std::fopen(path.c_str(), "a"));
    if (!state.out_) return fail(Code::denied, fmt::format("import state {} cannot be written", path));
    if (torn) std::fputc('\n', state.out_.get());  // what comes next is a line of its own
    return state;
}

std::string ImportState::key_of(const std::string& file) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    const auto changed = fs::last_write_time(file, error).time_since_epoch().count();
    return fmt::format("{} {} {}", size, changed, fs::absolute(file, error).lexically_normal().string());
}

Result<void> ImportState::finish(const std::string& key) {
    if (!out_) return {};
    if (std::fputs((key + "\n").c_str(), out_.get()) < 0 || std::fflush(out_.get()) != 0)
        return fail(Code::exhausted, "import state cannot be written");
    return {};
}

}  // namespace cairn::cli
