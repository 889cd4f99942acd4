#include "gateway/certificate_authority.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/host_names.h"

namespace cairn::gateway {

namespace {

constexpr std::chrono::hours renewal_before_end{24}, warning_before_end{30 * 24};
constexpr std::size_t file_bytes_max = 64 * 1024;

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    explicit operator bool() const { return number_ >= 0; }
    int number() const { return number_; }

private:
    const int number_;
};

std::unexpected<Error> denied(const std::string& path) {
    return fail(Code::denied, fmt::format("{}: {}", path, std::strerror(errno)));
}

Result<std::string> read_file(int file, const std::string& path) {
    std::string text(file_bytes_max, '\0');
    const auto got = ::read(file, text.data(), text.size());
    if (got < 0) return denied(path);
    text.resize(static_cast<std::size_t>(got));
    return text;
}

/// Empty when there is none.
Result<std::optional<std::string>> read_certificate(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return std::optional<std::string>();
    if (!file) return denied(path);
    auto text = read_file(file.number(), path);
    if (!text) return fail(std::move(text).error());
    return std::optional(std::move(*text));
}

Result<std::string> read_key(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return denied(path);
    struct stat status;
    if (::fstat(file.number(), &status) != 0) return denied(path);
    if ((status.st_mode & 077) != 0)
        return fail(Code::denied, fmt::format("{}: others than its owner may use this key: chmod 600 it, or remove the "
                                              "folder if somebody may have read it",
                                              path));
    return read_file(file.number(), path);
}

/// Whole and synced under its name, or not at all.
Result<void> write_file(const std::string& path, const std::string& text, mode_t mode) {
    const auto fresh = path + ".new";
    ::unlink(fresh.c_str());
    const Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file) return denied(fresh);
    if (::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return denied(fresh);
    if (::fsync(file.number()) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) return denied(path);
    return {};
}

}  // namespace

Result<std::unique_ptr<CertificateAuthority>> CertificateAuthority::open(const std::string& folder,
                                                                         const std::vector<std::string>& names,
                                                                         const Clock& clock) {
    std::error_code error;
    const auto place = std::filesystem::absolute(folder, error).lexically_normal();
    std::filesystem::create_directories(place, error);
    if (error) return fail(Code::denied, fmt::format("{}: {}", place.string(), error.message()));
    const Descriptor held(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!held || ::flock(held.number(), LOCK_EX) != 0) return denied(place);

    const std::string certificate_file = place / "ca.pem", key_file = place / "ca.key";
    auto certificate = read_certificate(certificate_file);
    if (!certificate) return fail(std::move(certificate).error());
    if (!*certificate) {
        const auto made = make_authority(names, clock.now());
        if (!made) return fail(made.error());
        // The certificate comes last: a key alone was never used.
        CAIRN_TRY(write_file(key_file, made->key, 0600));
        CAIRN_TRY(write_file(certificate_file, made->certificate, 0644));
        if (::fsync(held.number()) != 0) return denied(place);
        *certificate = made->certificate;
        log_info("the gateway has made an authority for the names that it intercepts",
                 {{"certificate", certificate_file}});
    }
    auto key = read_key(key_file);
    if (!key) return fail(std::move(key).error());
    auto issuer = Issuer::read({**certificate, std::move(*key)}, names, clock.now());
    if (!issuer)
        return fail(issuer.error().code, fmt::format("{}: {}; remove the folder to have a new one made",
                                                     certificate_file, issuer.error().message));
    if (issuer->ends() - clock.now() < warning_before_end)
        log_warning("the authority of the gateway ends soon",
                    {{"certificate", certificate_file}, {"ends", format_time(issuer->ends())}});
    return std::unique_ptr<CertificateAuthority>(
        new CertificateAuthority(std::move(*issuer), names, certificate_file, clock));
}

bool CertificateAuthority::covers(std::string_view host) const {
    return is_host_name(host) &&
           std::ranges::any_of(names_, [&](const auto& name) { return matches_host(name, host); });
}

/// What a client gets that asks for `asked` on a connection to `own`; null: the certificate of `own`.
net::TlsContext CertificateAuthority::chosen(const std::string& own, std::string asked) {
    std::ranges::transform(asked, asked.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (asked == own || !covers(asked)) return nullptr;
    auto other = context(asked);
    return other ? std::move(*other) : nullptr;
}

Result<net::TlsContext> CertificateAuthority::context(const std::string& host) {
    std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    if (const auto known = places_.find(host); known != places_.end()) {
        if (now < known->second->renewal) {
            leaves_.splice(leaves_.begin(), leaves_, known->second);
            return known->second->context;
        }
        leaves_.erase(known->second);
        places_.erase(known);
    }
    const auto leaf = issuer_.issue(host, now);
    if (!leaf) return fail(leaf.error());
    auto context = net::make_tls(leaf->certificate, leaf->key,
                                 [this, host](std::string asked) { return chosen(host, std::move(asked)); });
    if (!context) return context;
    if (leaves_.size() >= hosts_max) {
        places_.erase(leaves_.back().host);
        leaves_.pop_back();
    }
    leaves_.push_front({host, *context, now + Issuer::leaf_life - renewal_before_end});
    places_[host] = leaves_.begin();
    return context;
}

}  // namespace cairn::gateway
