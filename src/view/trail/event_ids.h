#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::trail {

/// Finds every `"eventID":"..."` in a JSON text that comes piece by piece, on whatever level it is.
class EventIdFinder {
public:
    /// Calls `use` with the text between the quotes.
    template <class Use>
    void add(std::string_view piece, Use&& use) {
        std::string_view id;
        std::size_t at = 0;
        if (!rest_.empty()) {  // what began in the piece before ends in the first bytes of this one
            const auto before = rest_.size();
            const auto head = piece.substr(0, begun_bytes_max);
            rest_.append(head);
            while (next(rest_, at, id)) use(id);
            if (head.size() == piece.size()) {
                rest_.erase(0, at);
                return;
            }
            at -= before;
        }
        while (next(piece, at, id)) use(id);
        rest_.assign(piece.substr(at));
    }

private:
    static constexpr std::string_view member = "\"eventID\"";
    static constexpr std::size_t id_bytes_max = 256;
    static constexpr std::size_t begun_bytes_max = member.size() + id_bytes_max;  // more is no member with an ID

    /// The next ID from `at` on, which moves behind it; false: what stands before `at` is of no use any more.
    static bool next(std::string_view text, std::size_t& at, std::string_view& id);

    std::string rest_;
};

/// The event IDs of the records in the text of a whole log file, in their order: those at the place where CloudTrail
/// puts them only.
std::vector<std::string> record_event_ids(std::string_view text);

/// Tells which IDs (their 64-bit hashes) were noted for two files. What does not fit into its memory goes to a
/// temporary file, sorted. One thread.
class RepeatedIds {
public:
    explicit RepeatedIds(std::size_t entries_max = std::size_t{4} << 20) : entries_max_(entries_max) {}

    /// Error: unavailable, when the temporary file cannot be written.
    Result<void> note(std::uint64_t id_hash, std::uint32_t file);

    /// The first and each later file of those that share an ID (by its hash), each pair once. Ends the work.
    Result<std::vector<std::pair<std::uint32_t, std::uint32_t>>> pairs();

private:
    struct Entry {
        std::uint64_t hash;
        std::uint32_t file, padding;
        friend auto operator<=>(const Entry&, const Entry&) = default;
    };
    class Run;
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    Result<void> spill();

    const std::size_t entries_max_;
    std::vector<Entry> entries_;
    std::vector<std::uint64_t> run_ends_;  // in entries, of the runs in the file
    std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace cairn::trail
