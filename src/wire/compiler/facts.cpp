#include "wire/compiler/facts.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace cairn::wire {

namespace {

/// The value of the first of `words` that begins with `key` and '='; empty if there is none.
std::string value_of(const std::vector<std::string>& words, std::string_view key) {
    for (const auto& word : words)
        if (word.starts_with(key) && word.size() > key.size() && word[key.size()] == '=')
            return word.substr(key.size() + 1);
    return {};
}

std::string unless_dash(const std::string& word) { return word == "-" ? std::string() : word; }

FactMember read_member(const std::vector<std::string>& words) {
    FactMember member{words.at(0), words.at(1), '-', words.at(0), value_of(words, "Q"), {}};
    for (std::size_t i = 2; i < words.size(); ++i) {
        const auto& word = words[i];
        const bool valued = word.size() > 2 && word[1] == '=';
        const bool placed = std::string_view("hqupc").find(word[0]) != std::string_view::npos;
        if (placed && (valued || word.size() == 1)) member.location = word[0];
        if (valued && word[0] != 'Q') member.wire_name = word.substr(2);
        if (!valued && !(placed && word.size() == 1)) member.flags = word;
    }
    return member;
}

FactOperation read_operation(const std::vector<std::string>& words) {
    FactOperation operation{words.at(1),
                            words.at(2),
                            words.at(3),
                            unless_dash(words.at(4)),
                            unless_dash(words.at(5)),
                            unless_dash(words.at(6)),
                            {},
                            value_of(words, "event"),
                            value_of(words, "data"),
                            value_of(words, "host")};
    if (words.at(7) != "-") operation.errors = words_of(words[7], ',');
    return operation;
}

}  // namespace

const std::string& FactService::text(std::string_view key) const {
    static const std::string none;
    const auto found = head.find(key);
    return found == head.end() ? none : found->second;
}

std::vector<std::string> words_of(std::string_view line, char separator) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at <= line.size();) {
        const auto end = std::min(line.find(separator, at), line.size());
        if (end > at) words.emplace_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

FactService read_facts(const std::string& path) {
    std::ifstream in(path);
    if (!in) throw std::runtime_error(path + " can not be read");
    FactService service;
    std::vector<FactMember>* shape = nullptr;
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) try {
            const auto words = words_of(line);
            const auto& kind = words.at(0);
            if (line.starts_with(' ')) {
                if (shape == nullptr) throw std::runtime_error("a member without a shape");
                shape->push_back(read_member(words));
            } else if (kind == "service") {
                service.name = words.at(1);
            } else if (kind == "error") {
                service.errors.emplace_back(words.at(1), words.at(2));
            } else if (kind == "set") {
                service.item_sets.push_back({words.at(1), words.at(2), unless_dash(words.at(3))});
            } else if (kind == "op") {
                service.operations.push_back(read_operation(words));
            } else if (kind == "route") {
                service.routes.push_back(
                    {words.at(1), words.at(2), words.at(3), words_of(unless_dash(words.at(4)), ',')});
            } else if (kind == "shape") {
                shape = &service.shapes[words.at(1)];
            } else {
                service.head[kind] = line.substr(kind.size() + 1);
            }
        } catch (const std::exception& problem) {
            throw std::runtime_error(path + ":" + std::to_string(number) + ": " + problem.what());
        }
    std::ranges::sort(service.operations, {}, &FactOperation::name);
    std::ranges::sort(service.item_sets);
    return service;
}

}  // namespace cairn::wire
