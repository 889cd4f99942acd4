#include "backend/dir/place.h"

#include "base/bytes.h"
#include "sign/digest.h"
#include "sign/text.h"

namespace cairn::dir {

namespace {

constexpr std::size_t name_bytes_max = 255 - 2;  // room for the mark of the second place
constexpr std::size_t path_bytes_max = 3000;     // of 4096, the rest is for the folders above

bool stays(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_.=+@,:;!()[]{}&$'").find(c) != std::string_view::npos ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// A part between two slashes as the name of a file: one to one, and never empty, ".", ".." or with a '~'.
std::string file_name(std::string_view part) {
    if (part.empty()) return "%";
    const bool dots = part == "." || part == "..";
    std::string name;
    for (const char c : part) {
        if (stays(c) && !dots)
            name.push_back(c);
        else
            name.append("%").append(to_hex(std::string_view(&c, 1)));
    }
    return name;
}

}  // namespace

std::string plain_place(std::string_view key, bool second) {
    std::string path;
    for (const auto part : sign::split(key, '/')) {
        const auto name = file_name(part);
        if (name.size() > name_bytes_max) return {};
        path.append(path.empty() ? "" : "/").append(name);
    }
    if (path.size() > path_bytes_max) return {};
    return second ? path + "~2" : path;
}

std::string hidden_place(std::string_view key, bool second) {
    const auto hash = sign::sha256_hex(key);
    return std::string(hidden_folder) + "/" + hash.substr(0, 2) + "/" + hash + (second ? "~2" : "");
}

bool is_half_written(std::string_view path) {
    return path.find(std::string("/") + hidden_folder + "/" + half_written) != std::string_view::npos;
}

std::vector<std::string> other_places(std::string_view key, std::string_view used) {
    std::vector<std::string> places{plain_place(key, false), plain_place(key, true), hidden_place(key, false),
                                    hidden_place(key, true)};
    std::erase_if(places, [&](const std::string& place) { return place.empty() || place == used; });
    return places;
}

}  // namespace cairn::dir
