#include "admit/run.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/check.h"

namespace cairn::admit {

namespace {

constexpr std::uint64_t mask40 = (std::uint64_t{1} << 40) - 1;

// Bits 12 to 51 of the hash, counted from the top.
std::uint64_t rest_of(std::uint64_t hash) { return hash >> 12 & mask40; }

std::uint64_t rest_at(const char* entry) { return load<std::uint64_t>(entry) & mask40; }
std::uint64_t number_at(const char* entry) { return load<std::uint64_t>(entry + 5) & mask40; }

unsigned bucket_bits_for(std::uint64_t entries) {
    return std::max<unsigned>(Run::prefix_bits, static_cast<unsigned>(std::bit_width(entries / 128)));
}

std::uint64_t directory_pages(unsigned bucket_bits) {
    return ((std::uint64_t{1} << bucket_bits) + Run::buckets_per_page) / Run::buckets_per_page;
}

std::uint64_t entry_pages(std::uint64_t entries) {
    return (entries + Run::entries_per_page - 1) / Run::entries_per_page;
}

}  // namespace

Result<std::shared_ptr<const Run>> Run::open(Disk& disk, const std::string& path, std::uint64_t file_id) {
    auto file = PagedFile::open(disk, path, FileKind::run, file_id);
    if (!file) return fail(std::move(file).error());
    auto run = std::make_shared<Run>();
    const auto& header = (*file)->header();
    run->first_ = header.fields[0];
    run->end_ = header.fields[1];
    run->entry_count_ = header.fields[2];
    run->bucket_bits_ = static_cast<unsigned>(header.fields[3]);
    const bool possible = header.fields[3] >= prefix_bits && header.fields[3] <= 32 &&
                          run->entry_count_ <= 0xffffffff &&
                          header.page_count == 1 + directory_pages(run->bucket_bits_) + entry_pages(run->entry_count_);
    if (!possible) return fail(Code::corrupt, path + ": header contradicts itself");
    run->entries_page_ = 1 + directory_pages(run->bucket_bits_);
    run->file_ = std::move(*file);
    return std::shared_ptr<const Run>(std::move(run));
}

void Run::prefetch_directory(std::uint64_t hash) const {
    const auto bucket = hash >> (64 - bucket_bits_);
    __builtin_prefetch(file_->page(1 + bucket / buckets_per_page) + bucket % buckets_per_page * 4);
}

bool Run::bucket_begin(std::uint64_t bucket, std::uint32_t& index) const {
    const auto page = 1 + bucket / buckets_per_page;
    if (!file_->check(page)) return false;
    index = load<std::uint32_t>(file_->page(page) + bucket % buckets_per_page * 4);
    return true;
}

bool Run::find_bucket(std::uint64_t hash, Place& place) const {
    const auto bucket = hash >> (64 - bucket_bits_);
    if (!bucket_begin(bucket, place.begin) || !bucket_begin(bucket + 1, place.end)) return false;
    if (place.begin > place.end || place.end > entry_count_) return false;
    const auto within = hash << bucket_bits_ >> 32;
    place.guess = place.begin + static_cast<std::uint32_t>(within * (place.end - place.begin) >> 32);
    if (place.begin < place.end) {
        __builtin_prefetch(entry(place.guess));
        __builtin_prefetch(entry(place.guess) + 40);
    }
    return true;
}

bool Run::search(std::uint64_t hash, const Place& place, std::vector<std::uint64_t>& numbers) const {
    if (place.begin == place.end) return true;
    const auto first_page = entries_page_ + place.begin / entries_per_page;
    const auto last_page = entries_page_ + (place.end - 1) / entries_per_page;
    for (auto page = first_page; page <= last_page; ++page)
        if (!file_->check(page)) return false;

    const auto rest = rest_of(hash);
    auto at = place.guess;
    while (at > place.begin && rest_at(entry(at - 1)) >= rest) --at;
    while (at < place.end && rest_at(entry(at)) < rest) ++at;
    for (; at < place.end && rest_at(entry(at)) == rest; ++at) numbers.push_back(number_at(entry(at)));
    return true;
}

bool Run::find(std::uint64_t hash, std::vector<std::uint64_t>& numbers) const {
    Place place;
    return find_bucket(hash, place) && search(hash, place, numbers);
}

bool Run::read_window(std::uint64_t window, unsigned bits, std::vector<Entry>& out) const {
    CAIRN_CHECK(bits >= prefix_bits && bits <= bucket_bits_);
    std::uint32_t begin = 0, end = 0;
    if (!bucket_begin(window << (bucket_bits_ - bits), begin) ||
        !bucket_begin((window + 1) << (bucket_bits_ - bits), end))
        return false;
    if (begin > end || end > entry_count_) return false;

    const auto prefix = window >> (bits - prefix_bits) << (64 - prefix_bits);
    for (std::uint64_t index = begin; index < end;) {
        const auto page = entries_page_ + index / entries_per_page;
        if (!file_->check(page)) return false;
        const auto stop = std::min<std::uint64_t>(end, (index / entries_per_page + 1) * entries_per_page);
        for (const char* at = entry(index); index < stop; ++index, at += entry_bytes)
            out.push_back({prefix | rest_at(at) << 12, number_at(at)});
    }
    return true;
}

RunWriter::RunWriter(PageWriter pages, std::uint64_t file_id, std::uint64_t first, std::uint64_t end,
                     unsigned bucket_bits)
    : pages_(std::move(pages)),
      file_id_(file_id),
      first_(first),
      end_(end),
      bucket_bits_(bucket_bits),
      counts_((std::size_t{1} << bucket_bits) + 1) {}

Result<RunWriter> RunWriter::create(Disk& disk, const std::string& path, std::uint64_t file_id, std::uint64_t first,
                                    std::uint64_t end, std::uint64_t entries_max) {
    auto file = disk.open(path, OpenMode::create);
    if (!file) return fail(std::move(file).error());
    CAIRN_TRY((*file)->truncate(0));
    const auto bits = bucket_bits_for(entries_max);
    return RunWriter(PageWriter(std::move(*file), file_id, 1 + directory_pages(bits)), file_id, first, end, bits);
}

Result<void> RunWriter::add(const Entry& entry) {
    char* at = pages_.current() + in_page_ * Run::entry_bytes;
    const auto rest = rest_of(entry.hash);
    store<std::uint64_t>(at, rest | entry.number << 40);
    store<std::uint16_t>(at + 8, static_cast<std::uint16_t>(entry.number >> 24));
    ++counts_[entry.hash >> (64 - bucket_bits_)];
    ++entry_count_;
    if (++in_page_ < Run::entries_per_page) return {};
    in_page_ = 0;
    return pages_.next();
}

Result<void> RunWriter::finish() {
    CAIRN_CHECK(entry_count_ <= 0xffffffff);
    if (in_page_ > 0) CAIRN_TRY(pages_.next());
    CAIRN_TRY(pages_.seek(1));

    std::uint32_t begin = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
        const auto slot = bucket % Run::buckets_per_page;
        if (bucket > 0 && slot == 0) CAIRN_TRY(pages_.next());
        store<std::uint32_t>(pages_.current() + slot * 4, begin);
        begin += counts_[bucket];
    }
    CAIRN_TRY(pages_.next());
    CAIRN_TRY(pages_.flush());

    PageHeader header;
    header.kind = FileKind::run;
    header.file_id = file_id_;
    header.page_count = 1 + directory_pages(bucket_bits_) + entry_pages(entry_count_);
    header.fields[0] = first_;
    header.fields[1] = end_;
    header.fields[2] = entry_count_;
    header.fields[3] = bucket_bits_;
    CAIRN_TRY(pages_.file().write(0, encode_header(header)));
    return pages_.file().sync();
}

}  // namespace cairn::admit
