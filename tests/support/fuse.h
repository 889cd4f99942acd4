#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "seam/meta_store.h"

namespace cairn::support {

/// A process dies.
struct Crash {};

/// Counts the places where a process can die, and dies at one of them.
class Fuse {
public:
    std::atomic<std::uint64_t> passed = 0;
    std::uint64_t burns_at = 0;       ///< 0: never
    std::function<void()> meanwhile;  ///< what others do while the process is at such a place
    void pass() {
        if (++passed == burns_at) throw Crash{};
        if (meanwhile) meanwhile();
    }
};

/// A store that may be the last thing a process did: before a commit, or right after it.
class FusedStore final : public MetaStore {
public:
    FusedStore(MetaStore& store, Fuse& fuse) : store_(store), fuse_(fuse) {}
    Result<void> transact(const std::function<Result<void>(Transaction&)>& work) override {
        fuse_.pass();
        auto done = store_.transact(work);
        fuse_.pass();
        return done;
    }
    Result<void> view(const std::function<Result<void>(Transaction&)>& work) override {
        fuse_.pass();
        return store_.view(work);
    }

private:
    MetaStore& store_;
    Fuse& fuse_;
};

}  // namespace cairn::support
