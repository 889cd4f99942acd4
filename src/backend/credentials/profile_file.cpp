#include "backend/credentials/profile_file.h"

#include <fstream>
#include <string_view>

namespace cairn {

namespace {

std::string trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

}  // namespace

std::map<std::string, std::string> read_profile(const std::string& path, const std::string& profile) {
    std::map<std::string, std::string> settings;
    std::ifstream file(path);
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        const auto text = trimmed(line);
        if (text.empty() || text[0] == '#' || text[0] == ';') continue;
        if (text[0] == '[') {
            inside = text == "[" + profile + "]" || text == "[profile " + profile + "]";
            continue;
        }
        const auto equals = text.find('=');
        if (inside && equals != std::string::npos)
            settings[trimmed(text.substr(0, equals))] = trimmed(text.substr(equals + 1));
    }
    return settings;
}

}  // namespace cairn
