#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "view/trail/batch.h"
#include "view/trail/chain.h"
#include "view/trail/keys.h"

namespace cairn::trail {

/// What is to be delivered, as a plan keeps it.
struct PlannedDelivery {
    enum class Kind { file, digest, notice, logs } kind = Kind::file;
    std::string trail_id, trail_arn, account, region;
    std::string bucket, key;
    std::optional<std::string> key_arn;     ///< that encrypts
    std::optional<std::string> topic_arn;   ///< that is told of it
    std::string log_group_arn, log_stream;  ///< of logs: where the records of the file go, too
    Time planned{};

    Tree tree = Tree::events;    ///< of a file
    std::string hash;            ///< of a file, uncompressed
    Time oldest{}, newest{};     ///< of a file
    std::optional<Time> window;  ///< of a file that sums up the data events of this window

    std::string digest, signature;  ///< of a digest: its JSON, and the signature in hex

    ChainName chain() const { return {trail_id, account, region}; }
};

std::string encode(const PlannedDelivery& planned);
/// Error: corrupt.
Result<PlannedDelivery> decode_delivery(std::string_view body);

}  // namespace cairn::trail
