#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn::wire {

/// The fields that stand before the file in a form upload to S3 (Amazon S3 API reference, "POST Object"), at most
/// 20,000 bytes in all. Fields that are whole in `body`, its first bytes, are read; others are left out.
struct PostForm {
    std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
    std::string file_name;                                    ///< of the file part, once it has begun
    bool complete = false;                                    ///< the file part has begun: no more fields come

    /// Empty if there is no such field. `name` in lower case.
    std::string_view find(std::string_view name) const;

    /// The key that is written, with ${filename} replaced.
    std::string key() const;
};

inline constexpr std::size_t post_form_bytes_max = 20'000;

/// `content_type`: "multipart/form-data; boundary=...". Nothing is read without a boundary.
PostForm read_post_form(std::string_view content_type, std::string_view body);

}  // namespace cairn::wire
