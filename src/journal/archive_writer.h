#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "journal/archive.h"
#include "journal/manifest.h"
#include "journal/merge.h"
#include "seam/disk.h"

namespace cairn::journal {

struct ArchiveLimits {
    std::uint64_t file_bytes_max = std::uint64_t{1} << 30;
    MergeLimits merge;
};

/// Moves the frames of one journal file into archive files: one use per journal file, by one thread. Nothing it writes
/// belongs to the log before the manifest that finish() changed is stored. Blocks.
class ArchiveWriter {
public:
    /// Goes on with the open files of `view`. All references outlive it.
    ArchiveWriter(Disk& disk, const std::string& folder, const ArchiveView& view, ArchiveLimits limits,
                  const FindDictionary& find_dictionary, const std::function<BlockCodec()>& codec);
    ~ArchiveWriter();

    /// Frames come in number order, whole and checked. Their bytes stay valid until finish().
    Result<void> add(const FrameHeader& header, std::string_view frame);

    /// Makes everything durable but the manifest: changes `manifest.files`, and returns the archive as it is then, to
    /// be published when the manifest is stored.
    Result<ArchiveViewPointer> finish(Manifest& manifest);

    /// Closes the open file of a class, as finish() would when its day is over. To be called before finish().
    Result<void> close(RetentionClass retention);

    std::uint64_t blocks_joined() const { return blocks_joined_; }

private:
    struct Growing;

    Result<void> flush_run(std::size_t retention);
    Result<void> put(const FrameHeader& header, std::string_view frame, std::uint32_t raw_bytes,
                     std::uint32_t dictionary_id);
    Result<Growing*> file_for(const FrameHeader& header, std::size_t frame_bytes);
    Result<void> open_last(std::size_t retention);
    Result<void> close(Growing& growing);
    Result<void> settle(Growing& growing, Manifest& manifest, ArchiveView& view);

    Disk& disk_;
    const std::string& folder_;
    const ArchiveView& view_;
    const ArchiveLimits limits_;
    const FindDictionary& find_dictionary_;
    const std::function<BlockCodec()>& codec_;
    std::array<std::vector<SealedFrame>, retention_class_count> runs_;
    std::array<bool, retention_class_count> opened_{};
    std::array<std::vector<std::unique_ptr<Growing>>, retention_class_count> growing_;  // the last one takes frames
    std::uint64_t blocks_joined_ = 0;
};

/// The hex SHA-256 of the first `bytes` of a file. Blocks.
Result<std::string> sha256_of_file(Disk& disk, const std::string& path, std::uint64_t bytes);

}  // namespace cairn::journal
