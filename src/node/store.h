#pragma once

#include <memory>
#include <string>

#include "base/hash.h"
#include "base/result.h"
#include "identity/directory.h"
#include "node/config.h"
#include "seam/clock.h"
#include "seam/meta_store.h"
#include "sign/seal.h"

namespace cairn::node {

/// The wall clock of this machine.
class SystemClock : public Clock {
public:
    Time now() const override;
};

/// What a data directory keeps beside events: the meta store, and the key that seals secrets in it. May be open in
/// several processes at once (`cairn keys` beside a running node).
struct Store {
    std::unique_ptr<MetaStore> meta;
    std::string master_key;  ///< 32 bytes of `master.key` (mode 0600)
    std::string hash_key;    ///< 32 bytes: what fingerprints are keyed with; made once per data directory
    std::string id;          ///< no secret; different for every data directory
};

/// Makes what is missing. Blocks. Errors: those of the files, each named; corrupt for a key file of another size, and
/// for a master key that is none of the directory's.
Result<Store> open_store(const std::string& data);

/// Whether `key` is a master key that the directory of this meta store has, or had; true, too, when it knows of none.
/// Blocks. Errors: those of the meta store.
Result<bool> is_known_master_key(MetaStore& meta, const std::string& key);

/// The key in a file. Errors: not_found, corrupt when it has another size, unavailable; each names the file.
Result<std::string> read_key_file(const std::string& path);

/// What tells such a key from others, no secret: Store::id.
std::string fingerprint_key_id(const std::string& key);

/// Who may call, by this configuration and store. The store must outlive it.
std::unique_ptr<identity::Directory> open_directory(const Config& config, const Store& store, const Clock& clock);

}  // namespace cairn::node
