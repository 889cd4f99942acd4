#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "sign/sigv4.h"

namespace cairn::sign {

/// The file of published signing cases; CAIRN_CASES names another folder of cases.
inline std::string vectors_path() {
    const char* const given = std::getenv("CAIRN_CASES");
    return std::string(given != nullptr ? given : CAIRN_SOURCE_DIR "/../shared/cases") + "/sigv4/v4.json";
}

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A request written out as in the cases: lines end with LF, a line that begins with a blank goes on with the one
/// above.
struct WrittenRequest {
    std::string method, target, body;
    Headers headers;

    explicit WrittenRequest(std::string_view text) {
        const auto take_line = [&] {
            const auto end = std::min(text.find('\n'), text.size());
            const auto line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            return line;
        };
        const auto first = take_line();
        method = first.substr(0, first.find(' '));
        target = first.substr(method.size() + 1, first.rfind(' ') - method.size() - 1);
        for (auto line = take_line(); !line.empty(); line = take_line()) {
            if (line.front() == ' ') {
                headers.back().second.append("\n").append(line);
                continue;
            }
            const auto colon = line.find(':');
            headers.emplace_back(line.substr(0, colon), line.substr(colon + 1));
        }
        body = text;
    }
};

}  // namespace cairn::sign
