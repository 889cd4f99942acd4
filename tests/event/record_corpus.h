#pragma once

#include <zlib.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

/// The shared data beside the source tree, or the folder that CAIRN_SHARED names.
inline std::string shared_path(const std::string& name) {
    const char* const given = std::getenv("CAIRN_SHARED");
    return (given ? std::string(given) : std::string(CAIRN_SOURCE_DIR "/../shared")) + "/" + name;
}

inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (!line.empty()) lines.emplace_back(line);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return lines;
}

/// The lines of a gzip or plain file; none when it is not there.
inline std::vector<std::string> shared_lines(const std::string& name) {
    std::string text;
    if (const gzFile file = gzopen(shared_path(name).c_str(), "rb")) {
        char buffer[65536];
        for (int size; (size = gzread(file, buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(size));
        gzclose(file);
    }
    return lines_of(text);
}

inline std::vector<std::string> corpus_records() { return shared_lines("data/cloudtrail-dev.ndjson.gz"); }

/// Skips a test without the shared data, which continuous integration must have.
#define NEED_SHARED(lines)                                                \
    if ((lines).empty()) {                                                \
        if (std::getenv("CI")) FAIL() << "the shared data is not there";  \
        GTEST_SKIP() << "the shared data is not there: set CAIRN_SHARED"; \
    }
