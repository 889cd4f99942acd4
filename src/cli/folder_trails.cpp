#include "cli/folder_trails.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/json.h"
#include "cli/folder_store.h"
#include "sign/rsa.h"
#include "view/trail/keys.h"
#include "view/trail/read_digest.h"

namespace cairn::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view digest_folder = "CloudTrail-Digest";
constexpr std::string_view logs_folder = "AWSLogs/";

/// The parts of "ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOME_TIME.json.gz". Names of trails may hold `_`, those of
/// regions do not.
std::optional<FolderTrail> parse_name(std::string_view name) {
    const auto take = [&](std::string_view& text, bool from_end) -> std::optional<std::string> {
        const auto at = from_end ? text.rfind('_') : text.find('_');
        if (at == std::string_view::npos) return std::nullopt;
        const std::string part(from_end ? text.substr(at + 1) : text.substr(0, at));
        text = from_end ? text.substr(0, at) : text.substr(at + 1);
        return part;
    };
    constexpr std::string_view backfill = "_backfill.json.gz", regular = ".json.gz";
    const auto tail = name.ends_with(backfill) ? backfill : regular;
    if (!name.ends_with(tail)) return std::nullopt;
    auto rest = name.substr(0, name.size() - tail.size());
    const auto account = take(rest, false), kind = take(rest, false), region = take(rest, false);
    const auto time = take(rest, true), home = take(rest, true);
    if (!account || !kind || *kind != digest_folder || !region || !time || !home || rest.empty()) return std::nullopt;
    return FolderTrail{"", "", *account, *region, std::string(rest), *home};
}

/// Prefix and organization, from the whole key: "PREFIX/AWSLogs/ORGANIZATION/ACCOUNT/CloudTrail-Digest/...".
bool read_place(std::string_view key, FolderTrail& trail) {
    const auto below = fmt::format("{}/{}/", trail.account, digest_folder);
    const auto at = key.find(below);
    const auto before = key.substr(0, at);
    const auto logs = at == std::string_view::npos ? at : before.rfind(logs_folder);
    if (logs == std::string_view::npos) return false;
    trail.prefix = before.substr(0, logs);
    if (trail.prefix.ends_with('/')) trail.prefix.pop_back();
    trail.organization = before.substr(logs + logs_folder.size());
    if (trail.organization.ends_with('/')) trail.organization.pop_back();
    return true;
}

/// What else CloudTrail puts into an account's folder.
bool holds_logs(std::string_view name) { return name.starts_with("CloudTrail") && name != digest_folder; }

/// Paths of all digests below `root`. What else lies in an account's folder is passed over.
Result<std::vector<std::string>> find_digests(const std::string& root) {
    std::vector<std::string> paths;
    std::error_code error;
    auto item = fs::recursive_directory_iterator(root, error);
    for (; !error && item != fs::recursive_directory_iterator(); item.increment(error)) {
        const auto name = item->path().filename().string();
        if (holds_logs(name) && item->is_directory()) item.disable_recursion_pending();
        if (parse_name(name)) paths.push_back(item->path().lexically_relative(root).generic_string());
    }
    if (error) return fail(Code::unavailable, fmt::format("{}: {}", root, error.message()));
    std::ranges::sort(paths);
    return paths;
}

using Trails = std::set<FolderTrail>;

void add_trail(std::string_view key, Trails& trails) {
    auto trail = parse_name(key.substr(key.rfind('/') + 1));
    if (trail && read_place(key, *trail)) trails.insert(std::move(*trail));
}

/// Folder by folder, to pass over those of log files; digests are listed all at once.
Result<void> find_below(ObjectStore& store, const std::string& bucket, const std::string& folder, Trails& trails) {
    ListRequest request;
    request.prefix = folder;
    if (folder.find(fmt::format("/{}/", digest_folder)) == std::string::npos) request.delimiter = "/";
    std::vector<std::string> folders;
    do {
        auto page = store.list(bucket, request);
        if (!page) return fail(std::move(page).error());
        for (const auto& entry : page->entries) add_trail(entry.key, trails);
        for (auto& below : page->common_prefixes) {
            const auto name = std::string_view(below).substr(folder.size(), below.size() - folder.size() - 1);
            if (!holds_logs(name)) folders.push_back(std::move(below));
        }
        request.continuation = std::move(page->continuation);
    } while (!request.continuation.empty());
    for (const auto& below : folders) CAIRN_TRY(find_below(store, bucket, below, trails));
    return {};
}

}  // namespace

Result<std::vector<FolderTrail>> find_bucket_trails(ObjectStore& store, const std::string& bucket, std::string prefix) {
    if (!prefix.empty() && !prefix.ends_with('/')) prefix += '/';
    Trails trails;
    CAIRN_TRY(find_below(store, bucket, prefix, trails));
    if (trails.empty())
        return fail(Code::not_found, fmt::format("there are no digest files in s3://{}/{}", bucket, prefix));
    return std::vector<FolderTrail>(trails.begin(), trails.end());
}

Result<FolderContent> read_folder_content(const std::string& root) {
    const auto paths = find_digests(root);
    if (!paths) return fail(paths.error());
    if (paths->empty()) return fail(Code::not_found, fmt::format("there are no digest files below {}", root));
    const auto files = read_folder_store(root, "folder", "");
    FolderContent content;
    for (const auto& path : *paths) {
        const auto read = trail::read_digest(*files, "folder", path);
        if (!read || !read->digest.key.ends_with(path)) continue;
        content.bucket = read->digest.bucket;
        content.key_prefix = read->digest.key.substr(0, read->digest.key.size() - path.size());
        break;
    }
    if (content.bucket.empty())
        return fail(Code::invalid,
                    fmt::format("none of the digest files below {} lies where it says that it lay", root));
    Trails trails;
    for (const auto& path : *paths) add_trail(content.key_prefix + path, trails);
    content.trails.assign(trails.begin(), trails.end());
    return content;
}

namespace {

/// Seconds since 1970, or text.
std::optional<Time> time_of(const Json* json) {
    if (!json) return std::nullopt;
    if (json->is_number()) return from_milliseconds(static_cast<std::int64_t>(json->as_number() * 1000));
    return parse_time(json->as_string());
}

}  // namespace

Result<std::vector<trail::PublicKey>> parse_public_keys(std::string_view text) {
    const auto json = parse_json(text);
    if (!json) return fail(Code::invalid, fmt::format("no JSON: {}", json.error().message));
    const auto* list = json->find("PublicKeyList");
    if (!list || !list->is_array())
        return fail(Code::invalid, "it has no PublicKeyList, as `aws cloudtrail list-public-keys` answers it");
    std::vector<trail::PublicKey> keys;
    for (const auto& item : list->as_array()) {
        const auto der = from_base64(item.text("Value"));
        const auto from = time_of(item.find("ValidityStartTime")), to = time_of(item.find("ValidityEndTime"));
        if (!der || der->empty() || !from || !to)
            return fail(Code::invalid, fmt::format("key {} lacks its value or its validity", keys.size() + 1));
        keys.push_back({*der, sign::rsa_fingerprint(*der), *from, *to});
    }
    return keys;
}

}  // namespace cairn::cli
