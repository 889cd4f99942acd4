#pragma once

#include <map>
#include <string>

#include "gateway/callers.h"
#include "wire/own_paths.h"

namespace cairn::gateway {

/// Whose keys an upstream has.
struct KeySpace {
    std::string account;  ///< of keys that do not tell theirs
    wire::UpstreamProfile profile = wire::UpstreamProfile::generic;
};

/// Who a call claims to be by, from its key alone. Nothing is learned.
class ClaimedCallers final : public Callers {
public:
    /// By name of upstream; of others nothing is known.
    explicit ClaimedCallers(std::map<std::string, KeySpace, std::less<>> spaces) : spaces_(std::move(spaces)) {}

    Caller caller(std::string_view upstream, const wire::Credential& credential, Confidence confidence,
                  Time at) const override;
    void learn(const LearnedCall&) override {}

private:
    const std::map<std::string, KeySpace, std::less<>> spaces_;
};

/// The account that an access key id is of; empty if it does not tell. Key ids since 2019 hold it in bits 1 to 40 of
/// the 80 that follow their four letters, if bit 0 is set (A. Steele, "AWS Access Key ID formats").
std::string account_of_key(std::string_view key_id);

}  // namespace cairn::gateway
