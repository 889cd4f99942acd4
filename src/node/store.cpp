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
    const bool master_lost = std::filesystem::exists(meta_path, error) && !std::filesystem::exists(master_path, error);
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
    return store;
}

std::unique_ptr<identity::Directory> open_directory(const Config& config, const Store& store, const Clock& clock) {
    return std::make_unique<identity::Directory>(*store.meta, sign::SecretBox(store.master_key), clock, config.accounts,
                                                 config.account);
}

}  // namespace cairn::node
