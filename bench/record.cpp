// Cost of checking a record and showing its fields, against the bare parser on the same bytes.
// Usage: bench_record [FILE.ndjson] [RECORDS]

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <simdjson.h>
#include <time.h>

#include "event/canonical.h"
#include "event/index_row.h"
#include "event/record.h"

using namespace cairn;

namespace {

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

/// Best of five runs, nanoseconds of CPU per record.
template <class Use>
double measured(const std::vector<std::string_view>& records, Use&& use) {
    double best = 1e9;
    for (int round = 0; round < 5; ++round) {
        const double begin = cpu_seconds();
        for (const auto record : records) use(record);
        best = std::min(best, (cpu_seconds() - begin) * 1e9 / static_cast<double>(records.size()));
    }
    return best;
}

}  // namespace

int main(int argc, char** argv) {
    std::ifstream file(argc > 1 ? argv[1] : "/dev/stdin");
    const std::size_t wanted = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 50'000;
    std::string text;
    std::vector<std::size_t> ends;
    for (std::string line; ends.size() < wanted && std::getline(file, line);) {
        text += line;
        ends.push_back(text.size());
    }
    if (ends.empty()) return std::fprintf(stderr, "no records\n"), 2;
    text.reserve(text.size() + RecordParser::padding);
    std::vector<std::string_view> records;
    for (std::size_t begin = 0; const auto end : ends) {
        records.push_back(std::string_view(text).substr(begin, end - begin));
        begin = end;
    }

    simdjson::dom::parser bare;
    std::size_t refused = 0;
    const double bound = measured(records, [&](std::string_view record) {
        refused += bare.parse(record.data(), record.size(), false).error() != simdjson::SUCCESS;
    });
    RecordParser parser;
    std::size_t resources = 0, rejected = 0;
    const double whole = measured(records, [&](std::string_view record) {
        const auto view = parser.parse(record);
        if (view)
            resources += (*view)->resources.size();
        else
            ++rejected;
    });
    IndexBatch batch;
    const double indexed = measured(records, [&](std::string_view record) {
        if (batch.rows.size() == 1000) batch.clear();
        if (const auto view = parser.parse(record)) batch.add(**view, 0);
    });
    const double canonical =
        measured(records, [&](std::string_view record) { resources += canonical_record(record).size() == 0; });

    const double bytes = static_cast<double>(text.size()) / static_cast<double>(records.size());
    std::printf("%zu records of %.0f bytes, %.2f resources each, %zu refused, %zu rejected\n", records.size(), bytes,
                static_cast<double>(resources) / 5 / static_cast<double>(records.size()), refused / 5, rejected / 5);
    std::printf("bare parser         %6.0f ns\n", bound);
    std::printf("checked view        %6.0f ns  %.2f of the bound, %.2f GB/s\n", whole, whole / bound, bytes / whole);
    std::printf("view and index row  %6.0f ns\n", indexed);
    std::printf("canonical text      %6.0f ns\n", canonical);
}
