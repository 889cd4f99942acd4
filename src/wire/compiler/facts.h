#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::wire {

/// One file of models/operations, as it is written (models/README.md has the format).

struct FactMember {
    std::string name, type;
    char location = '-';
    std::string wire_name;   ///< the name where it does not differ
    std::string query_name;  ///< empty if none is given
    std::string flags;
};

struct FactOperation {
    std::string name, method, uri, flags, input, output;  ///< input, output: empty if there is none
    std::vector<std::string> errors;
    std::string event_name, data_type, host_prefix;
};

/// How clients of older models ask for an operation.
struct FactRoute {
    std::string operation, method, uri;
    std::vector<std::string> needed;  ///< "q:NAME", "h:NAME"
};

struct FactService {
    std::string name;
    std::map<std::string, std::string, std::less<>> head;     ///< single lines: "signing", "targets" ...
    std::vector<std::pair<std::string, std::string>> errors;  ///< name, code
    std::vector<std::array<std::string, 3>> item_sets;        ///< member, set, element
    std::vector<FactRoute> routes;
    std::vector<FactOperation> operations;  ///< by name
    std::map<std::string, std::vector<FactMember>, std::less<>> shapes;

    const std::string& text(std::string_view key) const;  ///< of head, or empty
};

/// Reads a file. Throws std::runtime_error with the line that is wrong: the build stops there.
FactService read_facts(const std::string& path);

std::vector<std::string> words_of(std::string_view line, char separator = ' ');

}  // namespace cairn::wire
