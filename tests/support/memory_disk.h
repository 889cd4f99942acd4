#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "seam/disk.h"

namespace cairn::support {

/// The kinds of calls a MemoryDisk counts and fails.
enum class Call : std::uint8_t {
    open,
    map,
    read,
    write,
    sync,
    preallocate,
    truncate,
    size,
    make_folder,
    remove,
    rename,
    sync_folder,
    list,
    exists,
    free_bytes,
};
inline constexpr std::size_t call_count = 15;
const char* call_name(Call call);

/// A Disk in memory that is as forgetful as POSIX allows: until File::sync() nothing written is durable, and until
/// sync_folder() no creation, removal or rename in that folder is. It crashes and fails on demand, deterministically.
/// All members may be called from any thread.
///
/// Weaker than a real disk, on purpose: a mapping shows what is written later only as long as the file does not grow;
/// syncing a file does not make its name durable; after a failed sync the writes it covered stay visible but never
/// become durable.
class MemoryDisk final : public Disk {
public:
    MemoryDisk();
    ~MemoryDisk() override;

    // seam/disk.h
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Result<std::shared_ptr<const MappedFile>> map(const std::string& path) override;
    Result<void> make_folder(const std::string& path) override;
    Result<void> remove(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> sync_folder(const std::string& folder) override;
    Result<std::vector<std::string>> list(const std::string& folder) const override;
    Result<bool> exists(const std::string& path) const override;
    Result<std::uint64_t> free_bytes() const override;

    /// Power loss: what was not synced is gone, every open File fails from now on, planned failures are forgotten.
    void crash();

    /// Power loss with some luck: every unsynced write survives whole, in part (by sectors of 512 bytes) or not at
    /// all, every unsynced name change or not, as `seed` draws them.
    void crash(std::uint64_t seed);

    /// The `nth` call of this kind from now on (1 = the next) fails with `code`, once; or that and all later ones.
    /// A failing write leaves half of its bytes in the file.
    void plan_failure(Call call, std::uint64_t nth, Code code, bool for_ever = false);

    /// The `nth` call of any kind from now on and all later ones fail with `unavailable`: the process dies there.
    /// Follow with crash().
    void stop_at(std::uint64_t nth);
    bool stopped() const;

    /// Forgets every planned failure.
    void heal();

    /// From now on everything that changes the disk fails with `denied`.
    void set_read_only(bool read_only);

    /// Bytes the device holds; growing a file beyond fails with `exhausted`.
    void set_capacity(std::uint64_t bytes);

    std::uint64_t calls(Call call) const;
    std::uint64_t all_calls() const;
    std::uint64_t bytes_written() const;

    /// For damage tests: the content of a file as seen now, and replacing it (durably) behind everybody's back.
    std::string content(const std::string& path) const;
    void set_content(const std::string& path, std::string bytes);
    std::vector<std::string> all_files() const;

    /// A second disk with the same durable and visible content, without planned failures.
    std::unique_ptr<MemoryDisk> copy() const;

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace cairn::support
