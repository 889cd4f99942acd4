#include "journal/dictionary_store.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/log.h"
#include "journal/frame.h"

namespace cairn::journal {

namespace {

constexpr std::string_view magic = "CAIRNDCT";
constexpr std::size_t header_bytes = 32;
constexpr std::size_t crc_at = 28;

std::string path_of(const std::string& folder, std::uint32_t id) {
    return fmt::format("{}/dictionaries/{:08x}.zdict", folder, id);
}

}  // namespace

std::string encode_dictionary_file(const Dictionary& dictionary, std::uint64_t order) {
    std::string out(magic);
    append(out, format_version);
    out.resize(12);
    append(out, dictionary.id());
    append(out, order);
    append(out, static_cast<std::uint32_t>(dictionary.bytes().size()));
    append(out, crc32c(dictionary.bytes(), crc32c(out)));
    out.append(dictionary.bytes());
    return out;
}

Result<DictionaryFile> read_dictionary_file(std::string_view bytes, const std::string& path) {
    const auto damaged = fail(Code::corrupt, fmt::format("{}: damaged dictionary", path));
    if (bytes.size() < header_bytes || !bytes.starts_with(magic)) return damaged;
    const auto body = bytes.substr(header_bytes);
    if (load<std::uint32_t>(bytes.data() + crc_at) != crc32c(body, crc32c(bytes.substr(0, crc_at)))) return damaged;
    const auto version = load<std::uint16_t>(bytes.data() + 8);
    if (version > format_version)
        return fail(Code::unavailable,
                    fmt::format("{} has format version {}, this cairn reads up to {}", path, version, format_version));
    if (body.size() != load<std::uint32_t>(bytes.data() + 24)) return damaged;
    DictionaryFile file{load<std::uint64_t>(bytes.data() + 16), std::make_shared<Dictionary>(std::string(body))};
    if (file.dictionary->id() != load<std::uint32_t>(bytes.data() + 12)) return damaged;
    return file;
}

Result<std::unique_ptr<DictionaryStore>> DictionaryStore::open(Disk& disk, std::string folder) {
    CAIRN_TRY(disk.make_folder(folder + "/dictionaries"));
    std::unique_ptr<DictionaryStore> store(new DictionaryStore(disk, std::move(folder)));
    CAIRN_TRY(disk.sync_folder(store->folder_ + "/dictionaries"));  // before a block names what is seen here
    const auto names = disk.list(store->folder_ + "/dictionaries");
    if (!names) return fail(names.error());
    std::vector<DictionaryFile> files;
    for (const auto& name : *names) {
        if (!name.ends_with(".zdict")) continue;
        const auto path = store->folder_ + "/dictionaries/" + name;
        const auto bytes = read_file(disk, path);
        if (!bytes) return fail(bytes.error());
        auto file = read_dictionary_file(*bytes, path);
        if (file) {
            files.push_back(std::move(*file));
        } else {
            if (file.error().code == Code::unavailable) return fail(file.error());
            log_error("dictionary is damaged", {{"error", file.error().message}});
        }
    }
    std::ranges::sort(files, {}, &DictionaryFile::order);
    for (auto& file : files) store->dictionaries_.push_back(std::move(file.dictionary));
    return store;
}

DictionaryPointer DictionaryStore::find(std::uint32_t id) const {
    std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(dictionaries_, id, [](const auto& one) { return one->id(); });
    return found == dictionaries_.end() ? nullptr : *found;
}

FindDictionary DictionaryStore::finder() const {
    return [this](std::uint32_t id) { return find(id); };
}

Result<void> DictionaryStore::add(DictionaryPointer dictionary) {
    std::lock_guard lock(mutex_);
    const auto same = [&](const auto& one) { return one->id() == dictionary->id(); };
    if (std::ranges::any_of(dictionaries_, same)) return {};
    CAIRN_TRY(replace_file(disk_, path_of(folder_, dictionary->id()),
                           encode_dictionary_file(*dictionary, dictionaries_.size())));
    dictionaries_.push_back(std::move(dictionary));
    return {};
}

DictionaryPointer DictionaryStore::newest() const {
    std::lock_guard lock(mutex_);
    return dictionaries_.empty() ? nullptr : dictionaries_.back();
}

}  // namespace cairn::journal
