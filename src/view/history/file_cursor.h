#pragma once

#include <vector>

#include "view/history/posting_list.h"
#include "view/history/walk.h"

namespace cairn::history {

/// The lists of one term in a file.
struct TermLists {
    std::vector<std::uint32_t> references;
    std::uint64_t count = 0;  ///< entries in all of them
};

/// The rows of one scope of one file that are in some list of every term.
class FileCursor : public WalkCursor {
public:
    FileCursor(const IndexFile& file, const FileScope& scope, const std::vector<TermLists>& terms,
               const WalkRange& range, Records& records);
    bool step() override;
    void expect(std::size_t count) override;

private:
    struct Term {
        std::vector<ListCursor> lists;
        std::uint32_t at_or_after(std::uint32_t row);
        std::uint32_t at_or_before(std::uint32_t row);
    };

    std::uint32_t next_forward(std::uint32_t from);
    std::uint32_t next_backward(std::uint32_t from);
    bool too_new(std::uint32_t row);
    bool too_old(std::uint32_t row);
    template <class Predicate>
    std::uint32_t first_not(Predicate&& predicate) const;

    const IndexFile& file_;
    const FileScope& scope_;
    const WalkRange& range_;
    Records& records_;
    std::vector<Term> terms_;            // fewest entries first
    std::uint32_t begin_ = 0, end_ = 0;  // what is left to walk
};

}  // namespace cairn::history
