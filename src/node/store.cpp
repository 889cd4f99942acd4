#include "node/store.h"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/sqlite/sqlite_store.h"
#include "base/log.h"
#include "base/uuid.h"
#include "sign/digest.h"

namespace cairn::node {

namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::string_view space = "node", master_keys = "master_keys";

std::unexpected<Error> errno_failure(const std::string& path) {
    const auto code = errno == ENOENT ? Code::not_found : Code::unavailable;
    return fail(code, fmt::format("{}: {}", path, std::strerror(errno)));
}

Result<std::string> read_key(const std::string& path, int file) {
    std::string key(key_bytes + 1, '\0');
    const auto got = ::read(file, key.data(), key.size());
    if (got < 0) return errno_failure(path);
    if (static_cast<std::size_t>(got) != key_bytes)
        return fail(Code::corrupt, fmt::format("{} does not hold a key of {} bytes", path, key_bytes));
    key.resize(key_bytes);
    return key;
}

/// The key in `path`; made there first if the file is absent. Two processes that start at once get the same one.
Result<std::string> load_or_make_key(const std::string& path) {
    auto existing = read_key_file(path);
    if (existing || existing.error().code != Code::not_found) return existing;

    const auto temporary = fmt::format("{}.{}", path, ::getpid());
    const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return errno_failure(temporary);
    const auto key = random_bytes(key_bytes);
    const bool written =
        ::write(file, key.data(), key.size()) == static_cast<ssize_t>(key.size()) && ::fsync(file) == 0;
    ::close(file);
    const bool linked = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
    ::unlink(temporary.c_str());
    if (!linked) return errno_failure(path);
    return load_or_make_key(path);
}

}  // namespace

Result<std::string> read_key_file(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno_failure(path);
    auto key = read_key(path, file);
    ::close(file);
    return key;
}

std::string fingerprint_key_id(const std::string& key) { return sign::sha256_hex("cairn store " + key).substr(0, 32); }

namespace {

std::string master_key_id(const std::string& key) { return sign::sha256_hex("cairn master key " + key).substr(0, 32); }

/// Ids of all master keys that the directory had, in order of their use, each with a blank behind it.
Result<std::string> read_master_keys(Transaction& transaction) {
    auto ids = transaction.get(space, master_keys);
    if (!ids) return fail(std::move(ids).error());
    return std::move(*ids).value_or("");
}

Result<void> remember_master_key(MetaStore& meta, const std::string& key) {
    return meta.transact([&](Transaction& transaction) -> Result<void> {
        const auto ids = read_master_keys(transaction);
        if (!ids) return fail(ids.error());
        const auto id = master_key_id(key) + ' ';
        return ids->contains(id) ? Result<void>() : transaction.put(space, master_keys, *ids + id);
    });
}

}  // namespace

Result<bool> is_known_master_key(MetaStore& meta, const std::string& key) {
    bool known = false;
    CAIRN_TRY(meta.view([&](Transaction& transaction) -> Result<void> {
        const auto ids = read_master_keys(transaction);
        if (!ids) return fail(ids.error());
        known = ids->empty() || ids->contains(master_key_id(key));
        return {};
    }));
    return known;
}

namespace {

/// A lost key that is made anew is taken; one that changed is not, for it opens nothing.
Result<void> check_master_key(MetaStore& meta, const std::string& key, const std::string& path, bool made) {
    const auto known = is_known_master_key(meta, key);
    if (!known) return fail(known.error());
    if (*known || made) return remember_master_key(meta, key);
    return fail(
        Code::corrupt,
        fmt::format("{} is not the key that the secrets in meta.sqlite are sealed with: bring that one back, or "
                    "remove the file, for a new one to be made, and make keys with cairn keys create",
                    path));
}

/// Whether something was written to the log.
bool has_log(const std::string& data) {
    std::error_code error;
    return std::filesystem::exists(data + "/log/manifest", error);
}

/// A key that others can read is taken, so that a copied directory starts, but is theirs no longer.
void keep_to_owner(const std::string& path) {
    struct stat file;
    constexpr mode_t of_others = S_IRWXG | S_IRWXO;
    if (::stat(path.c_str(), &file) != 0 || !(file.st_mode & of_others)) return;
    const bool closed = ::chmod(path.c_str(), file.st_mode & 07777 & ~of_others) == 0;
    log_warning("a key file could be read by others", {{"file", path}, {"closed to them now", closed ? "yes" : "no"}});
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

Result<Store> open_store(const std::string& data) {
    std::error_code error;
    std::filesystem::create_directories(data, error);
    if (error) return fail(Code::unavailable, fmt::format("data directory {}: {}", data, error.message()));

    Store store;
    const auto master_path = data + "/master.key", meta_path = data + "/meta.sqlite";
    const bool has_meta = std::filesystem::exists(meta_path, error);
    const bool has_master = std::filesystem::exists(master_path, error), master_lost = has_meta && !has_master;
    auto master = load_or_make_key(master_path);
    if (!master) return fail(std::move(master).error());
    store.master_key = std::move(*master);
    if (master_lost)
        log_warning("the master key was gone and is made anew: what was sealed with it can not be opened",
                    {{"file", master_path}, {"remedy", "bring it back, or make keys with cairn keys create"}});
    keep_to_owner(master_path);
    auto hash = load_or_make_key(data + "/fingerprint.key");
    if (!hash) return fail(std::move(hash).error());
    store.hash_key = std::move(*hash);
    store.id = fingerprint_key_id(store.hash_key);
    auto meta = open_sqlite(meta_path);
    if (!meta) return fail(std::move(meta).error());
    store.meta = std::move(*meta);
    if (!has_meta && has_log(data))
        log_warning(
            "meta.sqlite was gone beside a log and is made anew: accounts, users and keys, trails, and what "
            "belongs to the objects of buckets are lost",
            {{"file", meta_path}, {"remedy", "bring it back before anything is changed, or make them anew"}});
    CAIRN_TRY(check_master_key(*store.meta, store.master_key, master_path, !has_master));
    return store;
}

std::unique_ptr<identity::Directory> open_directory(const Config& config, const Store& store, const Clock& clock) {
    return std::make_unique<identity::Directory>(*store.meta, sign::SecretBox(store.master_key), clock, config.accounts,
                                                 config.account);
}

}  // namespace cairn::node
