#include "node/mortal_disk.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "backend/posix/posix_disk.h"

namespace cairn::node {

namespace {

[[noreturn]] void die() {
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

struct Plan {
    std::uint64_t count = 0;
    std::string begin, end;
    bool only_removals = false;
    std::atomic<std::uint64_t> seen{0};

    /// True when this change is the last one.
    bool reached(const std::string& path, bool removal = false) {
        return (removal || !only_removals) && path.starts_with(begin) && path.ends_with(end) && ++seen == count;
    }
};

/// Null when it is not of the form.
std::shared_ptr<Plan> parse_plan(std::string_view text) {
    auto plan = std::make_shared<Plan>();
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), plan->count);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    if (error != std::errc() || plan->count == 0 || !text.starts_with(':')) return nullptr;
    text.remove_prefix(1);
    if (const auto colon = text.find(':'); colon != std::string_view::npos) {
        if (text.substr(colon) != ":remove") return nullptr;
        plan->only_removals = true;
        text = text.substr(0, colon);
    }
    const auto star = text.find('*');
    if (star == std::string_view::npos) return nullptr;
    plan->begin = text.substr(0, star);
    plan->end = text.substr(star + 1);
    return plan;
}

class MortalFile final : public File {
public:
    MortalFile(std::unique_ptr<File> file, std::string path, std::shared_ptr<Plan> plan)
        : file_(std::move(file)), path_(std::move(path)), plan_(std::move(plan)) {}

    Result<void> read(std::uint64_t offset, char* into, std::size_t size) const override {
        return file_->read(offset, into, size);
    }
    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        if (plan_->reached(path_)) {
            (void)file_->write(offset, bytes.substr(0, bytes.size() / 2));
            die();
        }
        return file_->write(offset, bytes);
    }
    Result<void> sync() override {
        return change([&] { return file_->sync(); });
    }
    Result<void> preallocate(std::uint64_t size) override {
        return change([&] { return file_->preallocate(size); });
    }
    Result<void> truncate(std::uint64_t size) override {
        return change([&] { return file_->truncate(size); });
    }
    Result<std::uint64_t> size() const override { return file_->size(); }

private:
    template <class Work>
    Result<void> change(Work&& work) {
        if (plan_->reached(path_)) die();
        return work();
    }

    std::unique_ptr<File> file_;
    std::string path_;
    std::shared_ptr<Plan> plan_;
};

class MortalDisk final : public Disk {
public:
    MortalDisk(std::unique_ptr<Disk> disk, std::shared_ptr<Plan> plan)
        : disk_(std::move(disk)), plan_(std::move(plan)) {}

    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
        auto file = disk_->open(path, mode);
        if (!file) return file;
        return std::make_unique<MortalFile>(std::move(*file), path, plan_);
    }
    Result<std::shared_ptr<const MappedFile>> map(const std::string& path) override { return disk_->map(path); }
    Result<void> make_folder(const std::string& path) override { return disk_->make_folder(path); }
    Result<void> remove(const std::string& path) override {
        if (plan_->reached(path, true)) die();
        return disk_->remove(path);
    }
    Result<void> rename(const std::string& from, const std::string& to) override {
        if (plan_->reached(to)) die();
        return disk_->rename(from, to);
    }
    Result<void> sync_folder(const std::string& folder) override { return disk_->sync_folder(folder); }
    Result<std::vector<std::string>> list(const std::string& folder) const override { return disk_->list(folder); }
    Result<bool> exists(const std::string& path) const override { return disk_->exists(path); }
    Result<std::uint64_t> free_bytes() const override { return disk_->free_bytes(); }

private:
    std::unique_ptr<Disk> disk_;
    std::shared_ptr<Plan> plan_;
};

}  // namespace

Result<std::unique_ptr<Disk>> make_mortal(std::unique_ptr<Disk> disk, std::string_view plan) {
    auto parsed = parse_plan(plan);
    if (!parsed)
        return fail(Code::invalid, fmt::format("CAIRN_TEST_KILL \"{}\" is not of the form COUNT:PATTERN", plan));
    return std::make_unique<MortalDisk>(std::move(disk), std::move(parsed));
}

Result<std::unique_ptr<Disk>> open_disk(const std::string& root) {
    auto disk = open_posix_disk(root);
    const char* plan = std::getenv("CAIRN_TEST_KILL");
    if (!disk || !plan) return disk;
    return make_mortal(std::move(*disk), plan);
}

}  // namespace cairn::node
