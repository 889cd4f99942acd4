#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "seam/object_store.h"

namespace cairn::dir {

/// Fills one page from rows of objects that come in the order of their keys, from after() on.
class Pager {
public:
    /// `request` outlives it.
    Pager(const ListRequest& request, std::string after) : request_(request), after_(std::move(after)) {}

    const std::string& after() const { return after_; }
    bool full() const { return full_; }

    /// Errors: those of a row that cannot be read.
    Result<void> take(const std::string& key, std::string_view row);

    ListPage finish();

private:
    const ListRequest& request_;
    std::string after_;
    ListPage page_;
    bool full_ = false;
};

}  // namespace cairn::dir
