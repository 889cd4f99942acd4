#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "event/block.h"
#include "seam/event_log.h"

namespace cairn::node {

/// Learns the compression dictionary from the node's own events: a small one as soon as there is something to learn
/// from, the full one from the first 40,000 or so. Whenever the log has doubled it looks whether the dictionary still
/// does for the newest events what it did for the first (after a start nobody knows: it is taken for drift), learns
/// anew if not, and keeps a fresh one that compresses at least 7 % better. Blocks written before stay as they are.
class DictionaryTrainer {
public:
    struct Parts {
        EventLog& log;
        FindDictionary find_dictionary;
        std::function<DictionaryPointer()> current;            ///< may be null
        std::function<Result<void>(DictionaryPointer)> adopt;  ///< stores it; later blocks use it
    };

    /// `bytes_max`: of the dictionary.
    DictionaryTrainer(Parts parts, std::size_t bytes_max);

    /// To be called now and then, by one thread; returns at once unless the log has doubled.
    void look();

private:
    bool fits_still() const;
    void learn();

    Parts parts_;
    const std::size_t bytes_max_;
    std::uint64_t next_at_events_;
    double share_ = 0;  ///< encoded bytes per raw byte when the dictionary was last judged; 0: unknown
};

}  // namespace cairn::node
