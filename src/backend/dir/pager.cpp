#include "backend/dir/pager.h"

#include "backend/dir/object_row.h"
#include "base/bytes.h"

namespace cairn::dir {

Result<void> Pager::take(const std::string& key, std::string_view row) {
    if (key <= after_) return {};  // below a common prefix that was counted
    if (page_.entries.size() + page_.common_prefixes.size() == request_.count_max) {
        full_ = true;
        return {};
    }
    const auto end =
        request_.delimiter.empty() ? std::string::npos : key.find(request_.delimiter, request_.prefix.size());
    if (end != std::string::npos) {
        page_.common_prefixes.push_back(key.substr(0, end + request_.delimiter.size()));
        after_ = page_.common_prefixes.back() + '\xff';  // no UTF-8 text has this byte
        return {};
    }
    const auto object = decode_row(key, row);
    if (!object) return fail(object.error());
    page_.entries.push_back({key, object->info.etag, object->info.size, object->info.modified});
    after_ = key;
    return {};
}

ListPage Pager::finish() {
    if (full_) page_.continuation = to_base64(after_);
    return std::move(page_);
}

}  // namespace cairn::dir
