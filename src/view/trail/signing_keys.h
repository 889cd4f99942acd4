#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "seam/meta_store.h"
#include "sign/rsa.h"
#include "sign/seal.h"

namespace cairn::trail {

/// A public key as ListPublicKeys answers it.
struct PublicKey {
    std::string der;          ///< PKCS#1 RSAPublicKey
    std::string fingerprint;  ///< as digest files name it
    Time valid_from{}, valid_to{};
};

/// The keys that sign digests, one pair per region, valid for 30 days. The next one is made a day before the last ends;
/// private keys are sealed in the meta store and erased when they are of no use, public ones stay for ever. Any thread.
class SigningKeys {
public:
    /// Both outlive it.
    SigningKeys(MetaStore& store, const sign::SecretBox& box) : store_(store), box_(box) {}

    struct Key {
        PublicKey shown;
        std::shared_ptr<const sign::RsaKey> secret;
    };

    struct Found {
        std::optional<Key> key;
        bool wants_new = false;  ///< there is none, or it does not last a day
    };
    /// The key that signs in `region` now: the newest that is valid. Makes none.
    Result<Found> find(std::string_view region, Time now);

    /// The same, where a new one is wanted after making it. Takes long then; find() does not wait for it.
    Result<Key> current(std::string_view region, Time now);

    /// Every key of a region whose validity meets [from, to], oldest first.
    Result<std::vector<PublicKey>> list(std::string_view region, Time from, Time to) const;

private:
    struct Stored {
        PublicKey shown;
        std::string sealed;  ///< private key; empty when it was erased
    };
    static Result<std::vector<Stored>> load(Transaction& transaction, std::string_view region);
    static Result<void> save(Transaction& transaction, std::string_view region, const Stored& key);
    Result<Key> unsealed(const Stored& stored);
    Result<void> add(std::string_view region, Time now);

    MetaStore& store_;
    const sign::SecretBox& box_;
    std::mutex making_;  // held while a key is made, so that one is made
    std::mutex mutex_;
    std::vector<Key> known_;  // guarded by mutex_
};

}  // namespace cairn::trail
