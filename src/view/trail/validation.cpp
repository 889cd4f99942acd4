#include "view/trail/validation.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/gunzip.h"
#include "base/hash.h"
#include "sign/rsa.h"
#include "sign/stream_digest.h"
#include "view/trail/event_ids.h"
#include "view/trail/keys.h"
#include "view/trail/read_digest.h"

namespace cairn::trail {

namespace {

constexpr std::string_view digest_tree = "CloudTrail-Digest";
constexpr std::size_t batch_files = 512;
constexpr std::size_t log_bytes_max = 512u << 20;    // of a file that is read for its event IDs at once
constexpr auto late_by = std::chrono::hours(1);      // digests are written after their time
constexpr auto retried_for = std::chrono::days(31);  // a file may lie in the folder of a day so long ago
constexpr auto grace = std::chrono::minutes(5);      // between a file's delivery and its publication

std::string url(std::string_view bucket, std::string_view key) { return fmt::format("s3://{}/{}", bucket, key); }
std::uint64_t name_hash(std::string_view bucket, std::string_view key) {
    return hash64(fmt::format("{}/{}", bucket, key));
}

/// "FOLDER/2026/11/21", below which everything of that day lies.
std::string day_folder(const std::string& folder, Time time) {
    const auto stamp = format_time(std::max(time, Time{}));
    return fmt::format("{}{}/{}/{}", folder, stamp.substr(0, 4), stamp.substr(5, 2), stamp.substr(8, 2));
}

/// The minute in the name of a log file.
std::optional<Time> minute_of(std::string_view key) {
    const auto end = key.rfind("Z_");
    if (end == std::string_view::npos || end < 13) return std::nullopt;
    return parse_amz_date(fmt::format("{}00Z", key.substr(end - 13, 13)));
}

/// Where a trail delivered for a while.
struct Place {
    std::string bucket, prefix;
    friend auto operator<=>(const Place&, const Place&) = default;
};

Place place_of(const std::string& bucket, const std::string& key) {
    const auto root = key.rfind("AWSLogs/");
    return {bucket, root == std::string::npos || root == 0 ? "" : key.substr(0, root - 1)};
}

struct Segment {
    Place place;
    Time start{}, end{};
};

struct ListedDigest {
    std::string key;
    Time end{};
};

struct LogTask {
    std::string bucket, key, hash;
    std::uint32_t number = 0;  // of all files
    std::optional<FindingKind> wrong;
    std::string message;
    std::uint64_t bytes = 0;
    bool removed = false;  // by retention
};

class Validator {
public:
    Validator(ObjectStore& store, const ValidationRequest& request, const FindKeys& find_keys,
              const ValidationProgress& progress)
        : store_(store),
          request_(request),
          find_keys_(find_keys),
          progress_(progress),
          name_start_(fmt::format("{}_{}_{}_{}_{}_", request.account, digest_tree, request.region, request.trail,
                                  request.home_region)),
          ids_(request.event_ids_max) {}

    Result<ValidationReport> run() {
        auto keys = find_keys_(request_.region, request_.from, request_.to + 2 * late_by);
        if (!keys) return fail(std::move(keys).error());
        keys_ = std::move(*keys);
        const Place newest{request_.bucket, request_.prefix};
        auto regular = list_digests(newest, request_.to + late_by, false);
        if (!regular) return fail(std::move(regular).error());
        auto backfill = list_digests(newest, request_.to + late_by, true);
        if (!backfill) return fail(std::move(backfill).error());
        total_ = regular->size() + backfill->size();
        CAIRN_TRY(walk(std::move(*regular), false));
        CAIRN_TRY(walk(std::move(*backfill), true));
        CAIRN_TRY(flush());
        CAIRN_TRY(find_unnamed());
        CAIRN_TRY(find_repeated_events());
        return std::move(report_);
    }

private:
    void find(FindingKind kind, std::string object, std::string message, bool backfill = false) {
        report_.findings.push_back({kind, std::move(object), std::move(message), backfill});
    }

    std::string folder_of(const Place& place, std::string_view tree) const {
        return fmt::format("{}{}/", marker_key(place.prefix, request_.organization, request_.account, tree),
                           request_.region);
    }

    /// Calls `use` for every object below `folder` from the day of `from` to the day of `to`, in the order of keys.
    template <class Use>
    Result<void> list(const std::string& bucket, const std::string& folder, Time from, Time to, Use&& use) {
        ListRequest request;
        request.prefix = folder;
        request.start_after = day_folder(folder, from);
        const auto stop = day_folder(folder, to) + "0";  // the byte after '/'
        for (;;) {
            auto page = store_.list(bucket, request);
            if (!page) return fail(std::move(page).error());
            for (const auto& entry : page->entries) {
                if (entry.key >= stop) return {};
                use(entry);
            }
            if (page->continuation.empty()) return {};
            request.continuation = std::move(page->continuation);
        }
    }

    /// The trail's digests, oldest first.
    Result<std::vector<ListedDigest>> list_digests(const Place& place, Time to, bool backfill) {
        std::vector<ListedDigest> digests;
        CAIRN_TRY(
            list(place.bucket, folder_of(place, digest_tree), request_.from, to, [&](const ListPage::Entry& entry) {
                const auto name = parse_digest_name(entry.key, name_start_);
                if (name && name->backfill == backfill && name->end >= request_.from && name->end <= to)
                    digests.push_back({entry.key, name->end});
            }));
        return digests;
    }

    /// From the newest digest to the oldest, each with the one after it.
    Result<void> walk(std::vector<ListedDigest> listed, bool backfill) {
        Place place{request_.bucket, request_.prefix};
        const auto& bucket = place.bucket;
        std::optional<ReadDigest> next;  // the digest after, if it is valid
        for (;;) {
            const auto* link = next && next->digest.previous ? &*next->digest.previous : nullptr;
            if (link && next->digest.start < request_.from) return {};
            if (link && place_of(link->bucket, link->key) != place) {  // the trail was given another bucket or prefix
                const auto name = parse_digest_name(link->key, name_start_);
                place = place_of(link->bucket, link->key);
                auto older = list_digests(place, name ? name->end : next->digest.start, backfill);
                listed = older ? std::move(*older) : std::vector<ListedDigest>();
            }
            if (link && (listed.empty() || listed.back().key < link->key)) {
                missing(bucket, link->key, *next, listed.empty() ? std::nullopt : std::optional(listed.back().end),
                        backfill);
                next.reset();
                continue;
            }
            if (listed.empty()) return {};
            const auto one = std::move(listed.back());
            listed.pop_back();
            const bool linked = link && link->key == one.key;
            if (next && !link && one.end < next->digest.start)
                find(FindingKind::gap, "",
                     fmt::format("No log files were delivered by CloudTrail between {} and {}", format_time(one.end),
                                 format_time(next->digest.start)),
                     backfill);
            auto read = examine(bucket, one.key, backfill, linked ? &*next : nullptr);
            ++done_;
            if (progress_) progress_(done_, std::max(done_, total_), report_.bytes);
            if (link && !linked) {
                if (read)
                    find(FindingKind::digest_unlinked, url(bucket, one.key),
                         "the digest after it names another one before it", backfill);
            } else {
                next = std::move(read);
            }
            if (tasks_.size() >= batch_files) CAIRN_TRY(flush());
        }
    }

    void missing(const std::string& bucket, const std::string& key, const ReadDigest& next,
                 std::optional<Time> older_end, bool backfill) {
        if (removed(bucket, key)) {
            ++report_.removed_digests;
            return;
        }
        count(backfill).invalid += 1;
        find(FindingKind::digest_missing, url(bucket, key), "not found", backfill);
        if (!older_end) return;
        segments_.push_back({place_of(bucket, key), *older_end, next.digest.start});
        const auto window = next.digest.end - next.digest.start;
        const auto gone = window.count() > 0 ? (next.digest.start - *older_end + window / 2) / window : 0;
        if (gone > 1)
            find(FindingKind::digest_run_missing, url(bucket, key),
                 fmt::format("{} digests in a row are not found, between {} and {}", gone, format_time(*older_end),
                             format_time(next.digest.start)),
                 backfill);
    }

    bool removed(const std::string& bucket, const std::string& key) const {
        return request_.removed && request_.removed(bucket, key);
    }

    ValidationReport::Count& count(bool backfill) { return backfill ? report_.backfill_digests : report_.digests; }

    /// The digest if it is valid; its log files are put in line. `next` names it as the one before.
    std::optional<ReadDigest> examine(const std::string& bucket, const std::string& key, bool backfill,
                                      const ReadDigest* next) {
        const auto invalid = [&](FindingKind kind, std::string message) {
            count(backfill).invalid += 1;
            find(kind, url(bucket, key), std::move(message), backfill);
            return std::nullopt;
        };
        auto read = read_digest(store_, bucket, key);
        if (!read && read.error().code == Code::not_found) return invalid(FindingKind::digest_missing, "not found");
        if (!read && read.error().code == Code::invalid) return invalid(FindingKind::digest_format, "invalid format");
        if (!read) return invalid(FindingKind::digest_unreadable, "cannot be read: " + read.error().message);
        const auto number = static_cast<std::uint32_t>(digests_.size());
        digests_.push_back({bucket, key, files_});
        files_ += static_cast<std::uint32_t>(read->digest.files.size());

        const auto& digest = read->digest;
        if (digest.bucket != bucket || digest.key != key)
            return invalid(FindingKind::digest_moved, "has been moved from its original location");
        for (const auto& file : digest.files) note_named(file, number, backfill);
        if (backfill && request_.metadata_kept && !read->backfilled)
            return invalid(FindingKind::digest_format, "invalid format");
        if (!request_.metadata_kept && read->signature.empty() && next)
            read->signature = next->digest.previous->signature;
        if (!request_.metadata_kept && read->signature.empty()) {
            find(FindingKind::digest_unsigned, url(bucket, key),
                 "its signature is not in the copy, and no digest after it holds it: only its log files are checked",
                 backfill);
        } else {
            if (const auto wrong = check_signature(*read, backfill)) return invalid(wrong->first, wrong->second);
            count(backfill).valid += 1;
            cover(*read);
        }
        if (read->trailing)
            find(FindingKind::digest_trailing, url(bucket, key), "unexpected data after end of compressed stream",
                 backfill);
        if (next) check_link(*read, *next, backfill);
        for (std::size_t i = 0; i < digest.files.size(); ++i)
            tasks_.push_back({digest.files[i].bucket,
                              digest.files[i].key,
                              digest.files[i].hash,
                              digests_.back().first_file + static_cast<std::uint32_t>(i),
                              {},
                              {},
                              0});
        return std::move(*read);
    }

    std::optional<std::pair<FindingKind, std::string>> check_signature(const ReadDigest& read, bool backfill) {
        const auto wrong = [](FindingKind kind, std::string message) { return std::pair(kind, std::move(message)); };
        const auto& digest = read.digest;
        if (request_.metadata_kept && !read.metadata_whole)
            return wrong(FindingKind::digest_signature, "signature verification failed");
        const auto* key = find_key(read, backfill);
        if (!key)
            return wrong(FindingKind::digest_key_unknown,
                         fmt::format("public key not found in region {} for fingerprint {}", request_.home_region,
                                     digest.fingerprint));
        const auto signature = from_hex(read.signature);
        const auto verified = sign::rsa_verify(
            key->der, text_to_sign(read.end_text, digest.bucket, digest.key, read.hash, read.previous_signature_text),
            signature.value_or(""));
        if (!verified)
            return wrong(FindingKind::digest_key_unreadable,
                         fmt::format("Unable to load PKCS #1 key with fingerprint {}", digest.fingerprint));
        if (!signature || !*verified) return wrong(FindingKind::digest_signature, "signature verification failed");
        const auto signed_first = read.backfilled.value_or(digest.end),
                   signed_last = std::max(signed_first, read.modified);
        if (key->valid_to < signed_first || key->valid_from > signed_last)
            find(FindingKind::digest_key_period, url(digest.bucket, digest.key),
                 fmt::format("signed with key {}, which was valid from {} to {} only", digest.fingerprint,
                             format_time(key->valid_from), format_time(key->valid_to)),
                 backfill);
        return std::nullopt;
    }

    const PublicKey* find_key(const ReadDigest& read, bool backfill) {
        const auto known = [&] { return std::ranges::find(keys_, read.digest.fingerprint, &PublicKey::fingerprint); };
        if (known() == keys_.end() && backfill && read.backfilled) {
            const auto more = find_keys_(request_.region, *read.backfilled - late_by, *read.backfilled + late_by);
            if (more) keys_.insert(keys_.end(), more->begin(), more->end());
        }
        const auto found = known();
        return found == keys_.end() ? nullptr : &*found;
    }

    void cover(const ReadDigest& read) {
        const auto& digest = read.digest;
        const auto from = std::max(request_.from, digest.start), to = std::min(request_.to, digest.end);
        report_.found_from = std::min(report_.found_from.value_or(from), from);
        report_.found_to = std::max(report_.found_to.value_or(to), to);
        // What was delivered in the window of a starting digest belongs to nobody.
        if (digest.previous) segments_.push_back({place_of(digest.bucket, digest.key), digest.start, digest.end});
    }

    void check_link(const ReadDigest& read, const ReadDigest& next, bool backfill) {
        const auto object = url(read.digest.bucket, read.digest.key), later = url(next.digest.bucket, next.digest.key);
        const auto& link = *next.digest.previous;
        if (link.hash != read.hash)
            find(FindingKind::digest_link_hash, object,
                 fmt::format("{} was written after a digest with another content", later), backfill);
        if (link.signature != read.signature)
            find(FindingKind::digest_link_signature, object,
                 fmt::format("{} was written after a digest with another signature", later), backfill);
        if (read.digest.end != next.digest.start)
            find(FindingKind::digest_time_hole, object,
                 fmt::format("its window ends at {}, that of the digest after it begins at {}",
                             format_time(read.digest.end), format_time(next.digest.start)),
                 backfill);
    }

    void note_named(const LoggedFile& file, std::uint32_t digest, bool backfill) {
        const auto [at, fresh] = named_.emplace(name_hash(file.bucket, file.key), digest);
        if (fresh) return;
        const auto& one = digests_[digest];
        const auto& other = digests_[at->second];
        find(FindingKind::log_in_two_digests, url(file.bucket, file.key),
             fmt::format("is named twice: by {} and by {}", url(one.bucket, one.key), url(other.bucket, other.key)),
             backfill);
    }

    void check_log(LogTask& task) {
        const auto wrong = [&](FindingKind kind, std::string message) {
            task.wrong = kind;
            task.message = std::move(message);
        };
        const auto object = store_.get(task.bucket, task.key);
        if (!object && object.error().code == Code::not_found && removed(task.bucket, task.key)) {
            task.removed = true;
            return;
        }
        if (!object && object.error().code == Code::not_found) return wrong(FindingKind::log_missing, "not found");
        if (!object) return wrong(FindingKind::log_unreadable, "cannot be read: " + object.error().message);
        sign::StreamDigest digest;
        EventIdFinder finder;
        std::vector<std::uint64_t> ids;
        const auto end = inflate_member(object->bytes, [&](std::string_view piece) {
            digest.add(piece);
            task.bytes += piece.size();
            if (request_.check_events) finder.add(piece, [&](std::string_view id) { ids.push_back(hash64(id)); });
        });
        if (end == MemberEnd::damaged) return wrong(FindingKind::log_format, "invalid format");
        if (end == MemberEnd::trailing)
            return wrong(FindingKind::log_trailing, "unexpected data after end of compressed stream");
        if (digest.hex() != task.hash) return wrong(FindingKind::log_hash, "hash value doesn't match");
        if (end == MemberEnd::cut) wrong(FindingKind::log_cut, "ends before the end of its compressed stream");
        const std::lock_guard lock(ids_mutex_);
        for (const auto id : ids) {
            if (ids_failed_) return;
            if (const auto noted = ids_.note(id, task.number); !noted) ids_failed_ = noted.error();
        }
    }

    /// Checks the log files in line, on all threads.
    Result<void> flush() {
        std::atomic<std::size_t> next = 0;
        const auto work = [&] {
            for (std::size_t at; (at = next++) < tasks_.size();) check_log(tasks_[at]);
        };
        {
            std::vector<std::jthread> threads;
            for (int i = 1; i < request_.threads && tasks_.size() > 1; ++i) threads.emplace_back(work);
            work();
        }
        for (auto& task : tasks_) {
            if (task.removed) {
                ++report_.removed_logs;
                continue;
            }
            report_.bytes += task.bytes;
            (task.wrong ? report_.logs.invalid : report_.logs.valid) += 1;
            if (task.wrong) find(*task.wrong, url(task.bucket, task.key), std::move(task.message));
        }
        tasks_.clear();
        if (progress_) progress_(done_, std::max(done_, total_), report_.bytes);
        if (ids_failed_) return fail(*ids_failed_);
        return {};
    }

    /// Log files that were delivered while this trail's digests were written.
    Result<void> find_unnamed() {
        if (segments_.empty()) return {};
        const auto newest = std::ranges::max_element(segments_, {}, &Segment::end);
        // The newest files may be in the digest that is not written yet.
        newest->end -= std::min<std::chrono::milliseconds>(grace, newest->end - newest->start);
        std::set<Place> places;
        for (const auto& segment : segments_) places.insert(segment.place);
        for (const auto& place : places) {
            CAIRN_TRY(note_other_trails(place));
            for (std::size_t tree = 0; tree < tree_count; ++tree)
                CAIRN_TRY(find_unnamed_in(place, folder_of(place, tree_name(static_cast<Tree>(tree)))));
        }
        return {};
    }

    Result<void> find_unnamed_in(const Place& place, const std::string& folder) {
        const auto& bucket = place.bucket;
        const auto earliest = std::ranges::min_element(segments_, {}, &Segment::start)->start;
        const auto latest = std::ranges::max_element(segments_, {}, &Segment::end)->end;
        return list(bucket, folder, earliest - retried_for, latest + grace, [&](const ListPage::Entry& entry) {
            if (entry.key.ends_with('/')) return;
            const auto delivered = request_.metadata_kept ? std::optional(entry.modified) : minute_of(entry.key);
            const auto covers = [&](const Segment& segment) {
                return segment.place == place && segment.start < *delivered && *delivered < segment.end;
            };
            if (!delivered || std::ranges::none_of(segments_, covers)) return;
            const auto name = name_hash(bucket, entry.key);
            if (!named_.contains(name) && !named_by_others_.contains(name))
                find(FindingKind::log_unnamed, url(bucket, entry.key), "no digest names it");
        });
    }

    /// Trails may share a folder: what the digests of another one name is no stranger.
    Result<void> note_other_trails(const Place& place) {
        const auto& bucket = place.bucket;
        std::vector<std::string> others;
        CAIRN_TRY(list(bucket, folder_of(place, digest_tree), request_.from, request_.to + late_by,
                       [&](const ListPage::Entry& entry) {
                           if (!entry.key.ends_with('/') && !parse_digest_name(entry.key, name_start_))
                               others.push_back(entry.key);
                       }));
        for (const auto& key : others) {
            const auto read = read_digest(store_, bucket, key);
            if (!read) continue;  // found when that trail is validated
            for (const auto& file : read->digest.files) named_by_others_.insert(name_hash(file.bucket, file.key));
        }
        return {};
    }

    Result<void> find_repeated_events() {
        const auto pairs = ids_.pairs();
        if (!pairs) return fail(pairs.error());
        for (const auto& [first, second] : *pairs) {
            const auto one = file_of(first), other = file_of(second);
            if (!one || !other) continue;                                          // gone since
            if (one->bucket == other->bucket && one->key == other->key) continue;  // named twice
            const auto ids = ids_of(*one);
            const std::unordered_set<std::string> known(ids.begin(), ids.end());
            std::vector<std::string> both;
            for (auto& id : ids_of(*other))
                if (known.contains(id)) both.push_back(std::move(id));
            if (!both.empty())
                find(FindingKind::event_in_two_files, url(other->bucket, other->key),
                     fmt::format("{} of its events {} in {}, too: eventID {}", both.size(),
                                 both.size() == 1 ? "is" : "are", url(one->bucket, one->key), both.front()));
        }
        return {};
    }

    std::optional<LoggedFile> file_of(std::uint32_t number) {
        const auto after = std::ranges::upper_bound(digests_, number, {}, &SeenDigest::first_file);
        const auto& digest = *std::prev(after);
        auto read = read_digest(store_, digest.bucket, digest.key);
        if (!read || number - digest.first_file >= read->digest.files.size()) return std::nullopt;
        return std::move(read->digest.files[number - digest.first_file]);
    }

    std::vector<std::string> ids_of(const LoggedFile& file) {
        const auto object = store_.get(file.bucket, file.key);
        if (!object) return {};
        const auto content = inflate_member(object->bytes, log_bytes_max);
        return content ? record_event_ids(content->content) : std::vector<std::string>();
    }

    struct SeenDigest {
        std::string bucket, key;
        std::uint32_t first_file = 0;  // the number of its first one
    };

    ObjectStore& store_;
    const ValidationRequest& request_;
    const FindKeys& find_keys_;
    const ValidationProgress& progress_;
    const std::string name_start_;
    std::vector<PublicKey> keys_;
    std::vector<SeenDigest> digests_;
    std::uint32_t files_ = 0;
    std::vector<LogTask> tasks_;
    std::unordered_map<std::uint64_t, std::uint32_t> named_;  // hash of a file's place, digest
    std::unordered_set<std::uint64_t> named_by_others_;
    std::vector<Segment> segments_;  // in which a delivered file must be named
    std::mutex ids_mutex_;
    RepeatedIds ids_;  // guarded by ids_mutex_ while threads run, as is the next
    std::optional<Error> ids_failed_;
    std::uint64_t done_ = 0, total_ = 0;
    ValidationReport report_;
};

}  // namespace

std::string_view finding_name(FindingKind kind) {
    static constexpr std::string_view names[] = {"digest_signature",
                                                 "digest_format",
                                                 "digest_moved",
                                                 "digest_key_unknown",
                                                 "digest_key_unreadable",
                                                 "digest_missing",
                                                 "log_hash",
                                                 "log_missing",
                                                 "log_format",
                                                 "log_trailing",
                                                 "log_cut",
                                                 "digest_trailing",
                                                 "digest_key_period",
                                                 "digest_link_hash",
                                                 "digest_link_signature",
                                                 "digest_unlinked",
                                                 "digest_run_missing",
                                                 "digest_time_hole",
                                                 "digest_unreadable",
                                                 "log_unreadable",
                                                 "log_unnamed",
                                                 "log_in_two_digests",
                                                 "event_in_two_files",
                                                 "gap",
                                                 "digest_unsigned"};
    static_assert(std::size(names) == static_cast<std::size_t>(FindingKind::digest_unsigned) + 1);
    return names[static_cast<std::size_t>(kind)];
}

bool is_problem(FindingKind kind) { return kind != FindingKind::gap && kind != FindingKind::digest_unsigned; }

std::uint64_t ValidationReport::problems() const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(findings, [](const Finding& finding) { return is_problem(finding.kind); }));
}

Result<ValidationReport> validate(ObjectStore& store, const ValidationRequest& request, const FindKeys& find_keys,
                                  const ValidationProgress& progress) {
    return Validator(store, request, find_keys, progress).run();
}

}  // namespace cairn::trail
