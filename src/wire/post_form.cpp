#include "wire/post_form.h"

#include <algorithm>

#include "net/http.h"

namespace cairn::wire {

namespace {

constexpr std::size_t boundary_bytes_max = 256;  // RFC 2046 allows 70; room for those who do not count

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

/// The value of `name` among "; name=value" or "; name=\"value\"".
std::string_view attribute(std::string_view text, std::string_view name) {
    for (auto at = text.find(';'); at != std::string_view::npos; at = text.find(';', at + 1)) {
        auto rest = text.substr(at + 1);
        rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
        if (rest.size() <= name.size() || rest[name.size()] != '=' ||
            !net::equal_names(rest.substr(0, name.size()), name))
            continue;
        rest.remove_prefix(name.size() + 1);
        if (!rest.starts_with('"')) return rest.substr(0, rest.find_first_of("; \t\r\n"));
        rest.remove_prefix(1);
        return rest.substr(0, rest.find('"'));
    }
    return {};
}

/// The value of a part's Content-Disposition.
std::string_view disposition(std::string_view head) {
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(line.size() + 2, head.size()));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && net::equal_names(line.substr(0, colon), "content-disposition"))
            return line.substr(colon + 1);
    }
    return {};
}

}  // namespace

std::string_view PostForm::find(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::string PostForm::key() const {
    constexpr std::string_view variable = "${filename}";
    std::string key(find("key"));
    if (const auto at = key.find(variable); at != std::string::npos) key.replace(at, variable.size(), file_name);
    return key;
}

PostForm read_post_form(std::string_view content_type, std::string_view body) {
    PostForm form;
    const auto boundary = attribute(content_type, "boundary");
    if (boundary.empty() || boundary.size() > boundary_bytes_max) return form;
    const auto delimiter = "\r\n--" + std::string(boundary);
    auto rest = body.substr(0, post_form_bytes_max);
    const auto first = std::string_view(delimiter).substr(2);
    if (!rest.starts_with(first)) return form;
    rest.remove_prefix(first.size());
    while (rest.starts_with("\r\n")) {
        const auto head_end = rest.find("\r\n\r\n");
        if (head_end == std::string_view::npos) return form;
        const auto about = disposition(head_end < 2 ? std::string_view() : rest.substr(2, head_end - 2));
        const auto name = lower(attribute(about, "name"));
        if (name == "file") {
            form.file_name = attribute(about, "filename");
            form.complete = true;
            return form;
        }
        rest.remove_prefix(head_end + 4);
        const auto end = rest.find(delimiter);
        if (end == std::string_view::npos) return form;
        if (!name.empty()) form.fields.emplace_back(name, rest.substr(0, end));
        rest.remove_prefix(end + delimiter.size());
    }
    return form;
}

}  // namespace cairn::wire
