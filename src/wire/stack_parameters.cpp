#include "wire/stack_parameters.h"

#include <algorithm>
#include <string>

namespace cairn::wire {

namespace {

constexpr std::string_view hidden = "****";

std::string_view take_line(std::string_view& text) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    return line;
}

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

std::string_view without_quotes(std::string_view key) {
    if (key.size() > 1 && (key.front() == '"' || key.front() == '\'') && key.back() == key.front())
        return key.substr(1, key.size() - 2);
    return key;
}

/// The name before the colon of a line of YAML.
std::string_view key_of(std::string_view line) {
    line.remove_prefix(indent_of(line));
    auto key = line.substr(0, line.find(':'));
    while (key.ends_with(' ')) key.remove_suffix(1);
    return without_quotes(key);
}

/// Anything but a plain no is a yes.
bool says_no_echo(std::string_view text) {
    const auto at = text.find("NoEcho");
    if (at == std::string_view::npos) return false;
    auto value = text.substr(at + 6);
    value.remove_prefix(std::min(value.find_first_not_of("\"': "), value.size()));
    return !value.starts_with("false") && !value.starts_with("False") && !value.starts_with("no");
}

/// What YAML says below a key at the second level of indentation: the line and those that are indented further.
std::string_view block_of(std::string_view body, std::string_view parameter) {
    for (auto rest = body; !rest.empty();) {
        const auto begin = rest;
        const auto line = take_line(rest);
        const auto indent = indent_of(line);
        if (indent == 0 || key_of(line) != parameter) continue;
        while (!rest.empty()) {
            auto more = rest;
            const auto next = take_line(more);
            if (indent_of(next) < next.size() && indent_of(next) <= indent) break;
            rest = more;
        }
        return begin.substr(0, begin.size() - rest.size());
    }
    return {};
}

bool is_shown_member(std::string_view name) { return name == "parameters" || name == "parameterOverrides"; }

}  // namespace

bool hides_parameter(std::string_view template_body, std::string_view parameter) {
    if (template_body.find("NoEcho") == std::string_view::npos) return false;
    if (const auto document = parse_json(template_body)) {
        const auto* parameters = document->find("Parameters");
        const auto* declared = parameters ? parameters->find(parameter) : nullptr;
        const auto* no_echo = declared ? declared->find("NoEcho") : nullptr;
        if (!declared) return true;
        return no_echo && !(no_echo->is_bool() && !no_echo->as_bool()) && no_echo->as_string() != "false";
    }
    const auto block = block_of(template_body, parameter);
    return block.empty() || says_no_echo(block);
}

void hide_stack_secrets(Json& parameters) {
    if (!parameters.is_object()) return;
    const auto body = std::string(parameters.text("templateBody"));
    for (auto& [name, value] : parameters.object()) {
        if (!is_shown_member(name) || !value.is_array()) continue;
        for (auto& parameter : value.array()) {
            if (!parameter.find("parameterValue")) continue;
            if (body.empty() || hides_parameter(body, parameter.text("parameterKey")))
                parameter.set("parameterValue", hidden);
        }
    }
}

}  // namespace cairn::wire
