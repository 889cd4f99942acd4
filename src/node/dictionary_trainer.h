#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

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

    /// `bytes_max` 0: never trains. Works on a thread of its own.
    DictionaryTrainer(Parts parts, std::size_t bytes_max);
    ~DictionaryTrainer();

    /// Looks once, on the calling thread: for tests.
    void look();

private:
    void run();
    bool fits_still() const;
    void learn();

    Parts parts_;
    const std::size_t bytes_max_;
    std::uint64_t next_at_events_;
    double share_ = 0;  ///< encoded bytes per raw byte when the dictionary was last judged; 0: unknown
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace cairn::node
