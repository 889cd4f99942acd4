#include "journal/check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "event/block.h"
#include "journal/archive.h"
#include "journal/archive_writer.h"
#include "journal/dictionary_store.h"
#include "journal/manifest.h"
#include "journal/opening.h"

namespace cairn::journal {

namespace {

/// One check of one log.
class Checker {
public:
    Checker(Disk& disk, const std::string& folder, const CheckProgress& progress)
        : disk_(disk), folder_(folder), progress_(progress) {}

    Result<CheckReport> run() {
        bool both = false;
        auto manifest = load_manifest(disk_, folder_, report_.findings, both);
        if (!manifest && manifest.error().code == Code::corrupt) {
            // load_manifest has reported each copy
            return std::move(report_);
        }
        if (!manifest) return fail(std::move(manifest).error());
        manifest_ = std::move(*manifest);
        CAIRN_TRY(load_dictionaries());
        CAIRN_TRY(open_files());
        auto slots = find_slots(disk_, folder_, manifest_.first_generation, report_.findings);
        if (!slots) return fail(std::move(slots).error());
        for (const auto& slot : *slots)
            if (slot.live) total_ += slot.slot->bytes;

        check_archive_frames();
        for (const auto& file : files_) CAIRN_TRY(check_archive_file(*file));
        for (const auto& loss : manifest_.losses) report_.findings.push_back(loss);
        CAIRN_TRY(check_journal(*slots));
        progress_(total_, total_);
        report_.bytes = done_;
        return std::move(report_);
    }

private:
    void find(const std::string& path, std::uint64_t offset, std::uint64_t first, std::uint64_t end, std::string what) {
        report_.findings.push_back({path, offset, first, end, std::move(what)});
    }
    void find(const std::string& path, std::uint64_t offset, const FrameHeader& header, std::string what) {
        find(path, offset, header.first_number, header.end_number(),
             fmt::format("{} (events {} to {})", what, header.first_number, header.end_number() - 1));
    }

    void advance(std::uint64_t bytes) {
        done_ += bytes;
        if (done_ - shown_ >= (4u << 20)) progress_(shown_ = done_, std::max(total_, done_));
    }

    Result<void> load_dictionaries() {
        const auto lane = folder_ + "/dictionaries";
        const auto names = disk_.list(lane);
        if (!names) return fail(names.error());
        for (const auto& name : *names) {
            if (!name.ends_with(".zdict")) continue;
            const auto path = lane + "/" + name;
            const auto bytes = read_file(disk_, path);
            if (!bytes) return fail(bytes.error());
            if (auto file = read_dictionary_file(*bytes, path))
                dictionaries_[file->dictionary->id()] = file->dictionary;
            else if (file.error().code == Code::unavailable)
                return fail(file.error());
            else
                find(path, 0, 0, 0, file.error().message);
        }
        return {};
    }

    Result<void> open_files() {
        for (const auto& info : manifest_.files) {
            const auto path = folder_ + "/" + info.path;
            auto file = ArchiveFile::open(disk_, folder_, info, report_.findings);
            if (!file && file.error().code == Code::not_found) {
                find(path, 0, info.first_number, info.end_number,
                     fmt::format("archive file is missing (events {} to {})", info.first_number, info.end_number - 1));
                continue;
            }
            if (!file && file.error().code == Code::corrupt) {
                find(path, 0, info.first_number, info.end_number, file.error().message);
                continue;
            }
            if (!file) return fail(std::move(file).error());
            total_ += info.bytes;
            if (info.closed) {
                // Copies of dictionaries count where their own files are lost.
                if (const auto footer = read_archive_footer((*file)->bytes().substr(0, info.bytes), path))
                    for (const auto& [id, bytes] : footer->dictionaries) {
                        const auto copy = std::make_shared<Dictionary>(std::string(bytes));
                        if (copy->id() != id) find(path, 0, 0, 0, fmt::format("damaged copy of dictionary {:08x}", id));
                        dictionaries_.try_emplace(copy->id(), copy);
                    }
            }
            view_.files[static_cast<std::size_t>(info.retention)].push_back(*file);
            files_.push_back(std::move(*file));
        }
        return {};
    }

    /// In number order over all classes, so that the chain can be followed.
    void check_archive_frames() {
        ArchiveCursor cursor(std::make_shared<ArchiveView>(view_), 0);
        while (const auto place = cursor.next()) {
            const auto path = folder_ + "/" + place->file->info().path;
            const auto frame = place->file->frame(place->entry);
            if (!frame) {
                find(path, place->entry.offset, place->entry.first_number, place->entry.end_number(),
                     fmt::format("damaged frame (events {} to {})", place->entry.first_number,
                                 place->entry.end_number() - 1));
                continue;
            }
            check_frame(path, place->entry.offset, frame->header, frame->bytes);
            advance(frame->bytes.size());
        }
    }

    void check_frame(const std::string& path, std::uint64_t offset, const FrameHeader& header, std::string_view frame) {
        if (!link_is_right(header, frame)) find(path, offset, header, "block does not have the hash of its link");
        if (last_ && last_->end_number() == header.first_number && last_->chain != header.chain_before)
            find(path, offset, header, "hash chain is broken");
        last_ = header;
        if (check_block(path, offset, header, block_of(header, frame))) {
            report_.events += header.event_count;
            ++report_.blocks;
        }
    }

    bool check_block(const std::string& path, std::uint64_t offset, const FrameHeader& header, std::string_view block) {
        const auto finder = [&](std::uint32_t id) {
            const auto found = dictionaries_.find(id);
            return found == dictionaries_.end() ? nullptr : found->second;
        };
        const auto bad = [&](const std::string& what) {
            find(path, offset, header, what);
            return false;
        };
        const auto reader = BlockReader::open(block, finder);
        if (!reader) return bad(reader.error().message);
        if (reader->retention() != header.retention || reader->event_count() != header.event_count)
            return bad("block and frame do not agree");
        std::uint32_t events = 0;
        for (std::uint32_t i = 0; i < reader->sub_block_count(); ++i) {
            if (const auto read = reader->read_sub_block(i, records_); !read) return bad(read.error().message);
            events += static_cast<std::uint32_t>(records_.ends.size());
        }
        if (events != header.event_count) return bad("block has another number of events");
        for (std::uint32_t i = 0; i < events; ++i)
            if (const auto envelope = reader->envelope(i); !envelope) return bad(envelope.error().message);
        return true;
    }

    /// What the manifest and the table say of a file against what is in it.
    Result<void> check_archive_file(const ArchiveFile& file) {
        const auto& info = file.info();
        const auto path = folder_ + "/" + info.path;
        std::vector<Finding> walked_findings;
        const auto walked = walk_frames(file.bytes(), file.frames_end(), path, walked_findings);
        const auto same = [](const BlockEntry& one, const BlockEntry& other) {
            return one.first_number == other.first_number && one.offset == other.offset &&
                   one.event_count == other.event_count && one.block_bytes == other.block_bytes;
        };
        if (walked_findings.empty() && !std::ranges::equal(walked.table, file.table(), same))
            find(path, file.frames_end(), 0, 0, "block table does not fit the frames");
        for (const auto& finding : walked_findings)
            if (std::ranges::none_of(report_.findings, [&](const Finding& known) { return known.path == path; }))
                report_.findings.push_back(finding);
        if (const auto header = read_archive_header(file.bytes(), path);
            header && (header->retention != info.retention || header->first_number != info.first_number ||
                       header->day != info.day))
            find(path, 0, 0, 0, "file header and manifest do not agree");
        std::uint64_t events = 0;
        for (const auto& entry : file.table()) events += entry.event_count;
        if (events != info.event_count || file.table().size() != info.block_count)
            find(path, 0, 0, 0,
                 fmt::format("file has {} events in {} blocks, manifest says {} in {}", events, file.table().size(),
                             info.event_count, info.block_count));
        if (!info.closed) return {};
        const auto sha256 = sha256_of_file(disk_, path, info.bytes);
        if (!sha256 && sha256.error().code != Code::corrupt) return fail(sha256.error());
        if (!sha256 || *sha256 != info.sha256) find(path, 0, 0, 0, "file does not have the hash the manifest knows");
        return {};
    }

    Result<void> check_journal(const std::vector<FoundSlot>& slots) {
        std::uint64_t number = manifest_.sealed_number;
        for (std::size_t i = 0; i < slots.size() && slots[i].live; ++i) {
            const auto& slot = slots[i];
            const auto bytes = slot.slot->map->bytes();
            const auto scan = scan_slot(bytes, slot.path, slot.header, limits_of(slots, i, manifest_));
            if (!scan) return fail(scan.error());
            if (slot.header.first_number > number) report_missing(slot.path, number, slot.header.first_number);
            report_.findings.insert(report_.findings.end(), scan->findings.begin(), scan->findings.end());
            for (const auto& entry : scan->entries) {
                const auto frame = bytes.substr(entry.offset);
                check_frame(slot.path, entry.offset, *read_frame_header(frame), frame);
            }
            number = scan->end_number;
            advance(slot.slot->bytes);
        }
        if (number < manifest_.durable_number) report_missing(folder_ + "/journal", number, manifest_.durable_number);
        return {};
    }

    void report_missing(const std::string& path, std::uint64_t first, std::uint64_t end) {
        find(path, 0, first, end, fmt::format("journal file is missing (events {} to {})", first, end - 1));
    }

    Disk& disk_;
    const std::string& folder_;
    const CheckProgress& progress_;
    CheckReport report_;
    Manifest manifest_;
    std::map<std::uint32_t, DictionaryPointer> dictionaries_;
    std::vector<ArchiveFilePointer> files_;
    ArchiveView view_;
    std::optional<FrameHeader> last_;
    BlockReader::Records records_;
    std::uint64_t done_ = 0, shown_ = 0, total_ = 0;
};

}  // namespace

Result<CheckReport> check(Disk& disk, const std::string& folder, const CheckProgress& progress) {
    return Checker(disk, folder, progress).run();
}

}  // namespace cairn::journal
