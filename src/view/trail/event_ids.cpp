#include "view/trail/event_ids.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <queue>
#include <set>

#include <fmt/format.h>

#include "event/json_check.h"
#include "event/json_scan.h"

namespace cairn::trail {

namespace {

constexpr std::size_t read_entries = 4096;  // of each run at a time

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::unexpected<Error> file_failed() {
    return fail(Code::unavailable, fmt::format("temporary file for event IDs: {}", std::strerror(errno)));
}

}  // namespace

bool EventIdFinder::next(std::string_view text, std::size_t& at, std::string_view& id) {
    for (;;) {
        const auto* const hit = ::memmem(text.data() + at, text.size() - at, member.data(), member.size());
        const auto found =
            hit ? static_cast<std::size_t>(static_cast<const char*>(hit) - text.data()) : std::string::npos;
        if (!hit) {
            at = std::max(at, text.size() - std::min(text.size(), member.size() - 1));
            return false;
        }
        auto place = found + member.size();
        const auto step = [&](char wanted) {
            while (place < text.size() && is_space(text[place])) ++place;
            return place < text.size() && text[place++] == wanted;
        };
        if (step(':') && step('"')) {
            const auto end = text.find('"', place);
            if (end != std::string::npos) {
                id = text.substr(place, end - place);
                at = end + 1;
                return true;
            }
        }
        if (text.size() - found < begun_bytes_max) {
            at = found;  // the rest comes with the next piece
            return false;
        }
        at = found + member.size();
    }
}

std::vector<std::string> record_event_ids(std::string_view text) {
    std::vector<std::string> ids;
    std::vector<JsonOddity> oddities;
    if (!check_json(text, 64, oddities)) return ids;
    JsonScan scan(text);
    if (scan.peek() != '{') return ids;
    scan.take();
    while (scan.more()) {
        if (scan.name() != "Records" || scan.peek() != '[') {
            scan.value();
            continue;
        }
        scan.take();
        while (scan.more()) {
            if (scan.peek() != '{') {
                scan.value();
                continue;
            }
            scan.take();
            while (scan.more()) {
                const bool wanted = scan.name() == "eventID" && scan.peek() == '"';
                if (wanted)
                    ids.emplace_back(scan.string());
                else
                    scan.value();
            }
        }
    }
    return ids;
}

/// A sorted run in the file, read bit by bit.
class RepeatedIds::Run {
public:
    Run(std::FILE* file, std::uint64_t begin, std::uint64_t end) : file_(file), at_(begin), end_(end) {}

    /// False at its end, or when the file cannot be read (ferror tells).
    bool next(Entry& entry) {
        if (used_ == buffer_.size()) {
            buffer_.resize(std::min<std::uint64_t>(read_entries, end_ - at_));
            if (buffer_.empty() || std::fseek(file_, static_cast<long>(at_ * sizeof(Entry)), SEEK_SET) != 0)
                return false;
            buffer_.resize(std::fread(buffer_.data(), sizeof(Entry), buffer_.size(), file_));
            at_ += buffer_.size();
            used_ = 0;
            if (buffer_.empty()) return false;
        }
        entry = buffer_[used_++];
        return true;
    }

private:
    std::FILE* file_;
    std::uint64_t at_, end_;
    std::vector<Entry> buffer_;
    std::size_t used_ = 0;
};

Result<void> RepeatedIds::note(std::uint64_t id_hash, std::uint32_t file) {
    entries_.push_back({id_hash, file, 0});
    return entries_.size() < entries_max_ ? Result<void>() : spill();
}

Result<void> RepeatedIds::spill() {
    if (!file_) file_.reset(std::tmpfile());
    if (!file_) return file_failed();
    std::ranges::sort(entries_);
    if (std::fwrite(entries_.data(), sizeof(Entry), entries_.size(), file_.get()) != entries_.size())
        return file_failed();
    run_ends_.push_back((run_ends_.empty() ? 0 : run_ends_.back()) + entries_.size());
    entries_.clear();
    return {};
}

Result<std::vector<std::pair<std::uint32_t, std::uint32_t>>> RepeatedIds::pairs() {
    std::set<std::pair<std::uint32_t, std::uint32_t>> found;
    std::vector<Entry> same;  // the first of each file
    const auto take = [&](const Entry& entry) {
        if (!same.empty() && same.front().hash != entry.hash) same.clear();
        if (!same.empty() && same.back().file == entry.file) return;
        if (!same.empty())
            found.emplace(std::min(same.front().file, entry.file), std::max(same.front().file, entry.file));
        same.push_back(entry);
    };
    if (!file_) {
        std::ranges::sort(entries_);
        for (const auto& entry : entries_) take(entry);
        return std::vector(found.begin(), found.end());
    }
    CAIRN_TRY(spill());
    if (std::fflush(file_.get()) != 0) return file_failed();
    std::vector<Run> runs;
    for (std::size_t i = 0; i < run_ends_.size(); ++i)
        runs.emplace_back(file_.get(), i == 0 ? 0 : run_ends_[i - 1], run_ends_[i]);
    using Head = std::pair<Entry, std::size_t>;
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    Entry entry{};
    for (std::size_t i = 0; i < runs.size(); ++i)
        if (runs[i].next(entry)) heads.emplace(entry, i);
    while (!heads.empty()) {
        const auto [least, run] = heads.top();
        heads.pop();
        take(least);
        if (runs[run].next(entry)) heads.emplace(entry, run);
    }
    if (std::ferror(file_.get())) return file_failed();
    return std::vector(found.begin(), found.end());
}

}  // namespace cairn::trail
