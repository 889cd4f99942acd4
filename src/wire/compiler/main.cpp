// compile_operations FOLDER OUT: the files of models/operations as one blob (wire/operations_format.h). Run by the
// build.

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "wire/compiler/blob.h"

int main(int count, char** arguments) try {
    if (count != 3) {
        std::fputs("usage: compile_operations FOLDER OUT\n", stderr);
        return 2;
    }
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(arguments[1]))
        if (entry.path().extension() == ".txt") paths.push_back(entry.path().string());
    std::vector<cairn::wire::FactService> services;
    for (const auto& path : paths) services.push_back(cairn::wire::read_facts(path));
    std::ranges::sort(services, {}, &cairn::wire::FactService::name);
    const auto blob = cairn::wire::write_blob(services);
    std::ofstream out(arguments[2], std::ios::binary);
    out.write(blob.data(), static_cast<std::streamsize>(blob.size()));
    out.close();
    return out ? 0 : 1;
} catch (const std::exception& problem) {
    std::fprintf(stderr, "compile_operations: %s\n", problem.what());
    return 1;
}
