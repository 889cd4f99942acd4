#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "seam/meta_store.h"
#include "view/trail/digest.h"
#include "view/trail/signing_keys.h"
#include "view/trail/trail.h"

namespace cairn::trail {

/// The digests of one trail in one account and region (CloudTrail user guide, "Validating CloudTrail log file
/// integrity"): a window follows the other without a gap, each is closed by a digest that names the files published in
/// it and links to the digest before. Closing a window and publishing a file change the same row, so that every file is
/// in one digest.
struct ChainName {
    std::string trail_id, account, region;
    friend auto operator<=>(const ChainName&, const ChainName&) = default;
};

struct Chain {
    bool active = false;
    bool ending = false;  ///< the window that is open is the last one, once no file is on its way from before `ended`
    Time ended{};
    Time window_start{}, window_end{};
    std::optional<PreviousDigest> previous;
    std::int64_t last_published_ms = 0;  ///< publish times never run backwards
    std::uint64_t open_files = 0;        ///< planned and not yet published
    std::uint64_t late_files = 0;        ///< of an ending one: likewise, but planned after `ended`
};

/// An inactive one when there is no row. Errors: corrupt; those of the store.
Result<Chain> load_chain(Transaction& transaction, const ChainName& name);
Result<void> save_chain(Transaction& transaction, const ChainName& name, const Chain& chain);

/// Every chain that is active.
Result<std::vector<std::pair<ChainName, Chain>>> load_active_chains(Transaction& transaction);

/// A digest that is to be delivered.
struct DigestToDeliver {
    std::string bucket, key;
    SignedDigest digest;
};

struct ChainContext {
    const Trail& trail;           ///< as it is now, or was last
    const SigningKeys::Key* key;  ///< never null where a digest is signed
    std::chrono::milliseconds interval;
};

/// Begins the chain with a starting digest at `now`, later than any digest before; of one that is ending the last
/// digest comes before. Nothing when it goes on. Without a key, which only one that is not active may lack, the window
/// of the starting digest is left open, for close_windows(); files published from now on are in the window after it.
Result<std::vector<DigestToDeliver>> begin_chain(Transaction& transaction, const ChainName& name,
                                                 const ChainContext& context, Time now);

/// Lets the chain end with the window that is open. Files planned after `now` do not keep it.
Result<void> end_chain(Transaction& transaction, const ChainName& name, Time now);

/// Closes the windows that are over at `now`, at most `digests_max` of them.
Result<std::vector<DigestToDeliver>> close_windows(Transaction& transaction, const ChainName& name,
                                                   const ChainContext& context, Time now, std::size_t digests_max);

/// A file is on its way since `planned`.
Result<void> open_file(Transaction& transaction, const ChainName& name, Time planned);

/// It was published. Its delivery time is now, or later than everything before.
Result<void> add_file(Transaction& transaction, const ChainName& name, const LoggedFile& file, Time planned, Time now);

/// It was given up.
Result<void> drop_file(Transaction& transaction, const ChainName& name, Time planned);

}  // namespace cairn::trail
