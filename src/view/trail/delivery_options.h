#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "view/trail/gzip_member.h"

namespace cairn::trail {

struct DeliveryOptions {
    std::chrono::milliseconds delivery_interval = std::chrono::minutes(5);  ///< 0: at once
    std::chrono::milliseconds digest_interval = std::chrono::hours(1);
    std::chrono::milliseconds give_up_after = std::chrono::days(30);
    std::size_t file_bytes_max = 50'000'000;  ///< of a log file, before compression
    Compression compression = Compression::fast;
    std::vector<std::string> regions;  ///< that exist: a multi-region trail has a digest chain in each
    std::string spool_folder = "view/trail/spool";
};

}  // namespace cairn::trail
