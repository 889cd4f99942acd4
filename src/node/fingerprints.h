#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/hash.h"
#include "base/result.h"
#include "event/block.h"
#include "journal/journal.h"
#include "seam/meta_store.h"

namespace cairn::node {

/// The fingerprints of the stored events. Frames of the log hold those that admission made, keyed with
/// `fingerprint.key`. Once that key is another one, because its file was lost and made anew or damaged, those of the
/// events before are of no use and are made from their records again.
class Fingerprints {
public:
    struct Parts {
        journal::Journal& log;
        FindDictionary find_dictionary;
        MetaStore& meta;
        const HashKey& key;
        std::string key_id;  ///< tells keys apart, no secret
    };

    /// Looks in the meta store since which event the key is in use, or, when that is not known, whether the newest
    /// event's fingerprint is of it. Blocks. Errors: those of the meta store.
    static Result<Fingerprints> open(Parts parts);

    /// The key is not the one of the last start: what was made of fingerprints must go before remember().
    bool key_changed() const { return key_changed_; }

    /// Writes into the meta store what open() found, if that is new. Blocks.
    Result<void> remember() const;

    /// Calls `use` for every stored event from `from` on, or from an earlier one, in order of their numbers. Damaged
    /// blocks are left out. Blocks; any thread.
    using Use = std::function<void(std::uint64_t number, const Fingerprint& fingerprint)>;
    Result<void> for_each(std::uint64_t from, const Use& use) const;

private:
    explicit Fingerprints(Parts parts) : parts_(std::move(parts)) {}

    bool is_of_newest_event() const;
    Result<void> make_again(std::uint64_t from, const Use& use) const;

    Parts parts_;
    std::uint64_t key_since_ = 0;  ///< the first event whose frame has fingerprints of the key
    bool key_changed_ = false, known_ = false;
};

/// The key_id that the meta store remembers, or empty. For checks.
Result<std::string> remembered_fingerprint_key(MetaStore& meta);

}  // namespace cairn::node
