#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cairn::journal {

/// The hash chain over all blocks of a log: each link is SHA-256 of the link before, the block's place and its bytes,
/// so that no block can be changed, removed or moved without every later link being different.
using Chain = std::array<unsigned char, 32>;

/// The link after `before` for a block of `event_count` events from `first_number` on.
Chain next_link(const Chain& before, std::uint64_t first_number, std::uint32_t event_count, std::string_view block);

/// SHA-256 of bytes that come in pieces.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    void add(std::string_view bytes);
    Chain finish();  ///< once

private:
    struct State;
    std::unique_ptr<State> state_;
};

std::string to_hex(const Chain& chain);

}  // namespace cairn::journal
