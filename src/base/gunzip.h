#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn {

/// Inflates gzip data (RFC 1952) member by member into memory of the caller. One thread.
class Gunzip {
public:
    /// Views `bytes`, which outlive it. The first member begins with them.
    explicit Gunzip(std::string_view bytes);
    ~Gunzip();
    Gunzip(const Gunzip&) = delete;
    Gunzip& operator=(const Gunzip&) = delete;

    enum class State {
        more,        ///< there is, or may be, more of this member
        member_end,  ///< it ended, and its checksum fits
        cut,         ///< the bytes end inside it
        damaged,     ///< it is no gzip member, or not what its checksum says
    };
    struct Step {
        State state = State::damaged;
        std::size_t written = 0;
    };
    /// Writes what comes next of the member to `out`, which has `room` bytes, at least one. Nothing comes after
    /// anything but `more`, until next_member().
    Step read(char* out, std::size_t room);

    /// What follows the member that ended. It is taken for the next one by next_member().
    std::string_view rest() const;
    void next_member();

    /// What is wrong with a damaged member, in a few words.
    const char* problem() const { return problem_; }

private:
    struct Inflater;
    void begin_member();
    void refill();

    std::string_view bytes_;
    std::size_t given_ = 0;  // of bytes_, to the library
    std::unique_ptr<Inflater> inflater_;
    const char* problem_ = "";
    bool known_ = false;  // the member's first bytes are those of gzip
};

/// How the first member of an object ended.
enum class MemberEnd {
    whole,     ///< at the end of the bytes
    trailing,  ///< before it: something follows
    cut,       ///< the bytes end inside the member
    damaged,   ///< it is no gzip, or its checksum does not fit
};

/// Hands on what the member holds, piece by piece; the memory it takes does not depend on the size.
MemberEnd inflate_member(std::string_view bytes, const std::function<void(std::string_view)>& use);

/// The content at once. Error: exhausted, beyond `bytes_max`.
struct InflatedMember {
    MemberEnd end = MemberEnd::damaged;
    std::string content;
};
Result<InflatedMember> inflate_member(std::string_view bytes, std::size_t bytes_max);

}  // namespace cairn
