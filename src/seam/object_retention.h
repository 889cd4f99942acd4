#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "seam/object_store.h"

namespace cairn {

/// What is left of an object that retention removed.
struct ObjectTombstone {
    std::uint64_t size = 0;
    Time modified{};  ///< when it was put
    Time removed{};
    std::string etag;    ///< without quotes
    std::string sha256;  ///< 32 bytes, of the content as it was put
    std::string reason;  ///< the rule or setting that removed it

    bool operator==(const ObjectTombstone&) const = default;
};

/// How objects go by their age. Implemented by backend/dir. All members may be called from any thread; all block.
/// Errors: those of the store.
class ObjectRetention {
public:
    virtual ~ObjectRetention() = default;

    /// Takes an object away and leaves a tombstone, both at once, durable on return. Nothing is done, and false
    /// returned, unless it is there as it was put at `modified`. The next put of the key removes the tombstone.
    virtual Result<bool> expire(const std::string& bucket, const std::string& key, Time modified,
                                const std::string& reason) = 0;

    virtual Result<std::optional<ObjectTombstone>> find_tombstone(const std::string& bucket,
                                                                  const std::string& key) = 0;
};

/// A store of cairn's own.
class EmbeddedStore : public ObjectStore, public ObjectRetention {
public:
    /// After an end that was none: takes away what puts left behind that did not come to an end. Looks at every object,
    /// beside whoever uses the store. Once it was asked to stop, the next start has to do it. Errors: those of the
    /// store.
    virtual Result<void> sweep(const std::stop_token& stop) = 0;
};

}  // namespace cairn
