#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "journal/archive_file.h"
#include "seam/event_log.h"

namespace cairn::journal {

/// The archive at one moment: files per class in number order. Immutable, shared with readers.
struct ArchiveView {
    std::array<std::vector<ArchiveFilePointer>, retention_class_count> files;

    /// Where event `number` is, or nothing.
    struct Place {
        ArchiveFilePointer file;
        BlockEntry entry;
    };
    std::optional<Place> find(std::uint64_t number) const;

    /// The oldest event, or nothing when the archive is empty.
    std::optional<std::uint64_t> begin() const;

    std::uint64_t bytes() const;
};

using ArchiveViewPointer = std::shared_ptr<const ArchiveView>;

/// Walks the blocks of all classes in number order.
class ArchiveCursor {
public:
    /// From the block that holds `from` (or the next one) on.
    ArchiveCursor(ArchiveViewPointer view, std::uint64_t from);

    /// The next block, or nothing at the end.
    std::optional<ArchiveView::Place> next();

private:
    struct Lane {
        std::size_t file = 0;
        std::size_t entry = 0;
    };
    const BlockEntry* head(std::size_t retention) const;

    ArchiveViewPointer view_;
    std::array<Lane, retention_class_count> lanes_;
};

}  // namespace cairn::journal
