#pragma once

#include <string>
#include <string_view>

#include "base/time.h"

namespace cairn::trail {

/// Where objects of a trail lie in its bucket (CloudTrail user guide, "Getting and viewing your CloudTrail log files").

/// What kind of events a file holds: each has a tree of its own.
enum class Tree : unsigned char { events, insight, network, aggregated };
inline constexpr std::size_t tree_count = 4;

/// "CloudTrail", "CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated".
std::string_view tree_name(Tree tree);

struct Folder {
    std::string_view prefix;        ///< without slashes at its ends; may be empty
    std::string_view organization;  ///< id, or empty
    std::string_view account, tree, region;
};

/// "PREFIX/AWSLogs/ORG/ACCOUNT/TREE/REGION/YYYY/MM/DD/".
std::string folder(const Folder& folder, Time day);

/// "PREFIX/AWSLogs/ORG/": below it lies everything of a trail. With `account` also "ACCOUNT/TREE/", the place of a
/// marker.
std::string root_folder(std::string_view prefix, std::string_view organization);
std::string marker_key(std::string_view prefix, std::string_view organization, std::string_view account,
                       std::string_view tree);

/// The key of a log file closed at `closed`, which is rounded up to five minutes; `unique` are 16 letters and digits.
std::string log_file_key(const Folder& place, Time closed, std::string_view unique);

/// 16 random letters and digits.
std::string unique_name();

}  // namespace cairn::trail
