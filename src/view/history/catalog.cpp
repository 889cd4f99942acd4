#include "view/history/catalog.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::history {

namespace {

constexpr std::string_view suffix = ".index";
constexpr std::size_t digits = 16;

void discard(Disk& disk, const std::string& path, std::string_view reason) {
    log_warning("history: an index file is dropped, its events are indexed again",
                {{"file", path}, {"reason", reason}});
    static_cast<void>(disk.remove(path));
}

}  // namespace

std::string file_name(const NumberRange& range) {
    return fmt::format("{:016x}-{:016x}{}", range.first, range.end, suffix);
}

std::optional<NumberRange> parse_file_name(std::string_view name) {
    if (name.size() != 2 * digits + 1 + suffix.size() || !name.ends_with(suffix) || name[digits] != '-')
        return std::nullopt;
    NumberRange range;
    const auto number = [&](std::size_t at, std::uint64_t& value) {
        const char* const end = name.data() + at + digits;
        return std::from_chars(name.data() + at, end, value, 16).ptr == end;
    };
    if (!number(0, range.first) || !number(digits + 1, range.end) || range.first >= range.end) return std::nullopt;
    if (file_name(range) != name) return std::nullopt;
    return range;
}

Result<Files> open_files(Disk& disk, const std::string& folder, std::uint64_t log_end, ScopeRegistry& registry) {
    auto names = disk.list(folder);
    if (!names) return fail(std::move(names).error());
    std::vector<NumberRange> ranges;
    for (const auto& name : *names) {
        if (const auto range = parse_file_name(name))
            ranges.push_back(*range);
        else if (name.ends_with(".new"))
            static_cast<void>(disk.remove(folder + "/" + name));
    }
    std::ranges::sort(ranges, [](const NumberRange& one, const NumberRange& other) {
        return one.first != other.first ? one.first < other.first : one.end > other.end;
    });

    Files files;
    for (const auto& range : ranges) {
        const auto path = folder + "/" + file_name(range);
        if (!files.empty() && range.first < files.back()->end_number()) {  // merged into that one
            CAIRN_TRY(disk.remove(path));
            continue;
        }
        if (range.end > log_end) {
            discard(disk, path, "it names events that the log does not have");
            continue;
        }
        auto file = IndexFile::open(disk, path, registry);
        if (!file && file.error().code != Code::corrupt && file.error().code != Code::not_found)
            return fail(std::move(file).error());
        if (!file)
            discard(disk, path, file.error().message);
        else if (range_of(**file) != range)
            discard(disk, path, "it holds other events than its name says");
        else
            files.push_back(std::move(*file));
    }
    return files;
}

std::vector<NumberRange> holes_between(const Files& files, std::uint64_t first, std::uint64_t end) {
    std::vector<NumberRange> holes;
    for (const auto& file : files) {
        if (file->first_number() > first && first < end) holes.push_back({first, std::min(end, file->first_number())});
        first = std::max(first, file->end_number());
    }
    if (first < end) holes.push_back({first, end});
    return holes;
}

Tiers Tiers::of(std::size_t head_events, const std::size_t (&file_events)[3]) {
    Tiers tiers;
    tiers.widths.push_back(std::max<std::size_t>(1, head_events));
    for (const auto events : file_events) {
        const auto width = tiers.widths.back();
        tiers.widths.push_back(width * std::max<std::uint64_t>(2, (events + width / 2) / width));
    }
    return tiers;
}

Files plan_merge(const Files& files, const Tiers& tiers, std::uint64_t alive_from,
                 const std::set<NumberRange>& except) {
    for (std::size_t tier = 1; tier < tiers.widths.size(); ++tier) {
        const auto width = tiers.widths[tier];
        for (std::size_t begin = 0; begin < files.size();) {
            const auto start = files[begin]->first_number() / width * width;
            const NumberRange range{start, start + width};
            auto end = begin;
            while (end < files.size() && range.contains(range_of(*files[end]))) ++end;
            const Files part(files.begin() + static_cast<std::ptrdiff_t>(begin),
                             files.begin() + static_cast<std::ptrdiff_t>(end));
            const auto needed_from = std::max(range.first, std::min(alive_from, range.end));
            const bool whole = part.size() > 1 && holes_between(part, needed_from, range.end).empty();
            if (whole && !except.contains({part.front()->first_number(), range.end})) return part;
            begin = std::max(end, begin + 1);
        }
    }
    return {};
}

}  // namespace cairn::history
