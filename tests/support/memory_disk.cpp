#include "support/memory_disk.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace cairn::support {

namespace {

constexpr std::size_t sector_bytes = 512;

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

/// One change of a file's content: bytes at an offset, or (without bytes) a new size.
struct Change {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> size;
};

/// Bytes that stay where they are until they have to grow, so that a mapping shows what is written to them later.
class Content {
public:
    Content() = default;
    explicit Content(std::string_view bytes) { assign(bytes); }

    void assign(std::string_view bytes) {
        *this = Content();
        resize(bytes.size());
        if (!bytes.empty()) std::memcpy(data(), bytes.data(), bytes.size());
    }
    void resize(std::size_t size) {
        if (size > capacity_) {
            std::shared_ptr<char[]> grown(new char[size * 2]());
            if (size_ > 0) std::memcpy(grown.get(), bytes_.get(), size_);
            bytes_ = std::move(grown);
            capacity_ = size * 2;
        }
        if (size < size_) std::memset(bytes_.get() + size, 0, size_ - size);
        size_ = size;
    }
    char* data() { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::string_view view() const { return {bytes_.get(), size_}; }
    const std::shared_ptr<char[]>& shared() const { return bytes_; }

private:
    std::shared_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

template <class Bytes>
void carry_out(Bytes& content, const Change& change) {
    if (change.size) {
        content.resize(*change.size);
        return;
    }
    content.resize(std::max(content.size(), change.offset + change.bytes.size()));
    if (!change.bytes.empty()) std::memcpy(content.data() + change.offset, change.bytes.data(), change.bytes.size());
}

struct Node {
    Content content;               // as everybody sees it
    std::string durable;           // as it is after a crash
    std::vector<Change> unsynced;  // from `durable` to `content`, but for what a failed sync dropped
};
using NodePointer = std::shared_ptr<Node>;

/// One change of names: `node` (null: nothing) is now what `path` names.
struct Naming {
    std::string path;
    NodePointer node;
    std::uint64_t operation = 0;  // a rename is two namings that become durable together
};

struct Mapping final : MappedFile {
    explicit Mapping(const Content& content) : owner(content.shared()), view(content.view()) {}
    std::string_view bytes() const override { return view; }
    void will_need(std::size_t, std::size_t) const override {}
    const std::shared_ptr<char[]> owner;
    const std::string_view view;
};

}  // namespace

struct MemoryDisk::State {
    std::mutex mutex;
    std::map<std::string, NodePointer> names, durable_names;
    std::vector<Naming> unsynced_names;
    std::set<std::string> folders{""};
    std::uint64_t operations = 0;
    std::uint64_t epoch = 0;  // Files of an earlier one are dead
    std::uint64_t capacity = std::numeric_limits<std::uint64_t>::max() / 2;
    std::uint64_t written = 0;
    bool read_only = false;

    struct Failure {
        std::uint64_t at = 0;  // value of the call's counter
        Code code = Code::unavailable;
        bool for_ever = false;
    };
    std::array<std::uint64_t, call_count> counters{};
    std::array<std::vector<Failure>, call_count> failures;
    std::uint64_t total = 0;
    std::optional<std::uint64_t> stop;

    // All below: with the mutex held.

    Result<void> enter(Call call, const std::string& path) {
        const auto kind = static_cast<std::size_t>(call);
        const auto now = ++counters[kind];
        ++total;
        if (stop && total >= *stop)
            return fail(Code::unavailable, fmt::format("{} {}: stopped", call_name(call), path));
        for (const auto& failure : failures[kind])
            if (failure.at == now || (failure.for_ever && failure.at < now))
                return fail(failure.code, fmt::format("{} {}: injected failure", call_name(call), path));
        return {};
    }

    Result<void> enter_change(Call call, const std::string& path) {
        CAIRN_TRY(enter(call, path));
        if (read_only) return fail(Code::denied, fmt::format("{} {}: read-only disk", call_name(call), path));
        return {};
    }

    std::uint64_t used() const {
        std::uint64_t bytes = 0;
        for (const auto& [path, node] : names) bytes += node->content.size();
        return bytes;
    }

    Result<void> grow(const std::string& path, std::uint64_t from, std::uint64_t to) const {
        if (to > from && used() + (to - from) > capacity)
            return fail(Code::exhausted, fmt::format("write {}: no space left on device", path));
        return {};
    }

    NodePointer find(const std::string& path) const {
        const auto found = names.find(path);
        return found == names.end() ? nullptr : found->second;
    }

    void set_name(const std::string& path, NodePointer node) {
        if (node)
            names[path] = node;
        else
            names.erase(path);
        unsynced_names.push_back({path, std::move(node), operations});
    }

    void settle(const Naming& naming) {
        if (naming.node)
            durable_names[naming.path] = naming.node;
        else
            durable_names.erase(naming.path);
    }

    void restart() {
        for (auto& [path, node] : durable_names) {
            node->content.assign(node->durable);
            node->unsynced.clear();
        }
        names = durable_names;
        unsynced_names.clear();
        for (auto& planned : failures) planned.clear();
        stop.reset();
        read_only = false;
        ++epoch;
    }
};

namespace {

class MemoryFile final : public File {
public:
    MemoryFile(std::shared_ptr<MemoryDisk::State> state, NodePointer node, std::string path, bool writable)
        : state_(std::move(state)),
          node_(std::move(node)),
          path_(std::move(path)),
          writable_(writable),
          epoch_(state_->epoch) {}

    Result<void> read(std::uint64_t offset, char* into, std::size_t size) const override {
        std::lock_guard lock(state_->mutex);
        CAIRN_TRY(alive());
        CAIRN_TRY(state_->enter(Call::read, path_));
        if (offset + size > node_->content.size())
            return fail(Code::corrupt, fmt::format("{} ends before offset {}", path_, offset + size));
        if (size > 0) std::memcpy(into, node_->content.data() + offset, size);
        return {};
    }

    Result<void> write(std::uint64_t offset, std::string_view bytes) override {
        std::lock_guard lock(state_->mutex);
        CAIRN_TRY(alive());
        const auto entered = state_->enter_change(Call::write, path_);
        if (!entered) {
            if (!state_->read_only && writable_) change({offset, std::string(bytes.substr(0, bytes.size() / 2)), {}});
            return fail(entered.error());
        }
        CAIRN_TRY(check_writable());
        CAIRN_TRY(state_->grow(path_, node_->content.size(), offset + bytes.size()));
        state_->written += bytes.size();
        change({offset, std::string(bytes), {}});
        return {};
    }

    Result<void> sync() override {
        std::lock_guard lock(state_->mutex);
        CAIRN_TRY(alive());
        if (auto entered = state_->enter(Call::sync, path_); !entered) {
            node_->unsynced.clear();  // the kernel reports a lost page once, then forgets it
            return entered;
        }
        for (const auto& done : node_->unsynced) carry_out(node_->durable, done);
        node_->unsynced.clear();
        return {};
    }

    Result<void> preallocate(std::uint64_t size) override {
        std::lock_guard lock(state_->mutex);
        CAIRN_TRY(alive());
        CAIRN_TRY(state_->enter_change(Call::preallocate, path_));
        CAIRN_TRY(check_writable());
        if (size <= node_->content.size()) return {};
        CAIRN_TRY(state_->grow(path_, node_->content.size(), size));
        change({0, {}, size});
        return {};
    }

    Result<void> truncate(std::uint64_t size) override {
        std::lock_guard lock(state_->mutex);
        CAIRN_TRY(alive());
        CAIRN_TRY(state_->enter_change(Call::truncate, path_));
        CAIRN_TRY(check_writable());
        CAIRN_TRY(state_->grow(path_, node_->content.size(), size));
        change({0, {}, size});
        return {};
    }

    Result<std::uint64_t> size() const override {
        std::lock_guard lock(state_->mutex);
        CAIRN_TRY(alive());
        CAIRN_TRY(state_->enter(Call::size, path_));
        return node_->content.size();
    }

private:
    void change(Change made) {
        carry_out(node_->content, made);
        node_->unsynced.push_back(std::move(made));
    }
    Result<void> alive() const {
        if (epoch_ != state_->epoch) return fail(Code::unavailable, fmt::format("{}: opened before a crash", path_));
        return {};
    }
    Result<void> check_writable() const {
        if (!writable_) return fail(Code::denied, fmt::format("{}: opened for reading", path_));
        return {};
    }

    const std::shared_ptr<MemoryDisk::State> state_;
    const NodePointer node_;
    const std::string path_;
    const bool writable_;
    const std::uint64_t epoch_;
};

/// What an unlucky disk makes of unsynced writes: each whole, by sectors, or not at all.
std::string torn(std::string durable, const std::vector<Change>& unsynced, std::mt19937_64& random) {
    for (const auto& change : unsynced) {
        const auto fate = random() % 4;
        if (fate == 0) continue;
        if (fate < 3 || change.size) {
            carry_out(durable, change);
            continue;
        }
        for (std::size_t begin = 0; begin < change.bytes.size();) {
            const auto end =
                std::min(change.bytes.size(), begin + sector_bytes - (change.offset + begin) % sector_bytes);
            if (random() % 2 == 0)
                carry_out(durable, {change.offset + begin, change.bytes.substr(begin, end - begin), {}});
            begin = end;
        }
    }
    return durable;
}

}  // namespace

const char* call_name(Call call) {
    static constexpr const char* names[call_count] = {
        "open",        "map",    "read",   "write",       "sync", "preallocate", "truncate",  "size",
        "make_folder", "remove", "rename", "sync_folder", "list", "exists",      "free_bytes"};
    return names[static_cast<std::size_t>(call)];
}

MemoryDisk::MemoryDisk() : state_(std::make_shared<State>()) {}
MemoryDisk::~MemoryDisk() = default;

Result<std::unique_ptr<File>> MemoryDisk::open(const std::string& path, OpenMode mode) {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter(Call::open, path));
    auto node = state_->find(path);
    if (node && mode == OpenMode::create_new) return fail(Code::conflict, fmt::format("open {}: file exists", path));
    if (state_->read_only && mode != OpenMode::read)
        return fail(Code::denied, fmt::format("open {}: read-only disk", path));
    if (!node) {
        if (mode == OpenMode::read || mode == OpenMode::write || !state_->folders.contains(folder_of(path)))
            return fail(Code::not_found, fmt::format("open {}: no such file or folder", path));
        node = std::make_shared<Node>();
        ++state_->operations;
        state_->set_name(path, node);
    }
    return std::make_unique<MemoryFile>(state_, std::move(node), path, mode != OpenMode::read);
}

Result<std::shared_ptr<const MappedFile>> MemoryDisk::map(const std::string& path) {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter(Call::map, path));
    const auto node = state_->find(path);
    if (!node) return fail(Code::not_found, fmt::format("map {}: no such file", path));
    return std::make_shared<Mapping>(node->content);
}

Result<void> MemoryDisk::make_folder(const std::string& path) {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter_change(Call::make_folder, path));
    for (std::string folder = path; !folder.empty(); folder = folder_of(folder)) state_->folders.insert(folder);
    return {};
}

Result<void> MemoryDisk::remove(const std::string& path) {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter_change(Call::remove, path));
    if (!state_->find(path)) return fail(Code::not_found, fmt::format("remove {}: no such file", path));
    ++state_->operations;
    state_->set_name(path, nullptr);
    return {};
}

Result<void> MemoryDisk::rename(const std::string& from, const std::string& to) {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter_change(Call::rename, from));
    auto node = state_->find(from);
    if (!node || !state_->folders.contains(folder_of(to)))
        return fail(Code::not_found, fmt::format("rename {}: no such file or folder", from));
    ++state_->operations;
    state_->set_name(from, nullptr);
    state_->set_name(to, std::move(node));
    return {};
}

Result<void> MemoryDisk::sync_folder(const std::string& folder) {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter(Call::sync_folder, folder));
    if (!state_->folders.contains(folder)) return fail(Code::not_found, fmt::format("sync {}: no such folder", folder));
    std::set<std::uint64_t> settled;
    for (const auto& naming : state_->unsynced_names)
        if (folder_of(naming.path) == folder) settled.insert(naming.operation);
    std::vector<Naming> left;
    for (auto& naming : state_->unsynced_names) {
        if (settled.contains(naming.operation))
            state_->settle(naming);
        else
            left.push_back(std::move(naming));
    }
    state_->unsynced_names = std::move(left);
    return {};
}

Result<std::vector<std::string>> MemoryDisk::list(const std::string& folder) const {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter(Call::list, folder));
    if (state_->names.contains(folder)) return fail(Code::not_found, fmt::format("list {}: a file", folder));
    std::set<std::string> found;
    const auto prefix = folder.empty() ? std::string() : folder + "/";
    const auto add = [&](const std::string& path) {
        if (path.size() > prefix.size() && path.starts_with(prefix))
            found.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
    };
    for (const auto& [path, node] : state_->names) add(path);
    for (const auto& path : state_->folders) add(path);
    return std::vector<std::string>(found.begin(), found.end());
}

Result<bool> MemoryDisk::exists(const std::string& path) const {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter(Call::exists, path));
    return state_->names.contains(path) || state_->folders.contains(path);
}

Result<std::uint64_t> MemoryDisk::free_bytes() const {
    std::lock_guard lock(state_->mutex);
    CAIRN_TRY(state_->enter(Call::free_bytes, ""));
    return state_->capacity - std::min(state_->capacity, state_->used());
}

void MemoryDisk::crash() {
    std::lock_guard lock(state_->mutex);
    state_->restart();
}

void MemoryDisk::crash(std::uint64_t seed) {
    std::lock_guard lock(state_->mutex);
    std::mt19937_64 random(seed);
    std::set<std::uint64_t> kept;
    std::uint64_t drawn = 0;
    for (const auto& naming : state_->unsynced_names) {
        if (std::exchange(drawn, naming.operation) != naming.operation && random() % 2 == 0)
            kept.insert(naming.operation);
        if (kept.contains(naming.operation)) state_->settle(naming);
    }
    std::set<Node*> seen;
    for (auto& [path, node] : state_->durable_names)
        if (seen.insert(node.get()).second) node->durable = torn(std::move(node->durable), node->unsynced, random);
    state_->restart();
}

void MemoryDisk::plan_failure(Call call, std::uint64_t nth, Code code, bool for_ever) {
    std::lock_guard lock(state_->mutex);
    const auto kind = static_cast<std::size_t>(call);
    state_->failures[kind].push_back({state_->counters[kind] + nth, code, for_ever});
}

void MemoryDisk::stop_at(std::uint64_t nth) {
    std::lock_guard lock(state_->mutex);
    state_->stop = state_->total + nth;
}

bool MemoryDisk::stopped() const {
    std::lock_guard lock(state_->mutex);
    return state_->stop && state_->total >= *state_->stop;
}

void MemoryDisk::heal() {
    std::lock_guard lock(state_->mutex);
    for (auto& planned : state_->failures) planned.clear();
    state_->stop.reset();
}

void MemoryDisk::set_read_only(bool read_only) {
    std::lock_guard lock(state_->mutex);
    state_->read_only = read_only;
}

void MemoryDisk::set_capacity(std::uint64_t bytes) {
    std::lock_guard lock(state_->mutex);
    state_->capacity = bytes;
}

std::uint64_t MemoryDisk::calls(Call call) const {
    std::lock_guard lock(state_->mutex);
    return state_->counters[static_cast<std::size_t>(call)];
}

std::uint64_t MemoryDisk::all_calls() const {
    std::lock_guard lock(state_->mutex);
    return state_->total;
}

std::uint64_t MemoryDisk::bytes_written() const {
    std::lock_guard lock(state_->mutex);
    return state_->written;
}

std::string MemoryDisk::content(const std::string& path) const {
    std::lock_guard lock(state_->mutex);
    const auto node = state_->find(path);
    CAIRN_CHECK(node != nullptr);
    return std::string(node->content.view());
}

void MemoryDisk::set_content(const std::string& path, std::string bytes) {
    std::lock_guard lock(state_->mutex);
    const auto node = std::make_shared<Node>();
    node->durable = std::move(bytes);
    node->content.assign(node->durable);
    state_->names[path] = state_->durable_names[path] = node;
    for (std::string folder = folder_of(path); !folder.empty(); folder = folder_of(folder))
        state_->folders.insert(folder);
}

std::vector<std::string> MemoryDisk::all_files() const {
    std::lock_guard lock(state_->mutex);
    std::vector<std::string> paths;
    for (const auto& [path, node] : state_->names) paths.push_back(path);
    return paths;
}

std::unique_ptr<MemoryDisk> MemoryDisk::copy() const {
    std::lock_guard lock(state_->mutex);
    auto other = std::make_unique<MemoryDisk>();
    std::map<Node*, NodePointer> copied;
    const auto copy_of = [&](const NodePointer& node) {
        auto& made = copied[node.get()];
        if (node && !made)
            made = std::make_shared<Node>(Node{Content(node->content.view()), node->durable, node->unsynced});
        return made;
    };
    auto& state = *other->state_;
    for (const auto& [path, node] : state_->names) state.names[path] = copy_of(node);
    for (const auto& [path, node] : state_->durable_names) state.durable_names[path] = copy_of(node);
    for (const auto& naming : state_->unsynced_names)
        state.unsynced_names.push_back({naming.path, copy_of(naming.node), naming.operation});
    state.folders = state_->folders;
    state.operations = state_->operations;
    state.capacity = state_->capacity;
    return other;
}

}  // namespace cairn::support
