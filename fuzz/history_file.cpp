// Index files of event history: bytes as they are, and bytes with a sound first page and sound checksums around them.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "view/history/index_file.h"
#include "view/history/posting_list.h"
#include "view/history/token.h"

namespace {

using namespace cairn;
using namespace cairn::history;

struct Bytes : MappedFile {
    explicit Bytes(std::string text) : text(std::move(text)) {}
    std::string_view bytes() const override { return text; }
    void will_need(std::size_t, std::size_t) const override {}
    std::string text;
};

/// A file whose counts and section places are what the input says, and whose checksums are right.
std::string with_checksums(std::string_view input) {
    ByteReader reader(input);
    FileHeader header;
    header.end_number = 1'000'000;
    header.rows = reader.integer<std::uint16_t>();
    header.keys = reader.integer<std::uint16_t>();
    header.scopes = reader.integer<std::uint8_t>();
    header.id_bucket_bits = reader.integer<std::uint8_t>() % 16;
    std::uint64_t offsets[section_count];
    std::uint64_t sizes[section_count];
    for (std::size_t i = 0; i < section_count; ++i) {
        offsets[i] = reader.integer<std::uint16_t>();
        sizes[i] = reader.integer<std::uint16_t>();
    }
    std::string body(reader.rest());
    body.resize((body.size() / page_bytes + 2) * page_bytes);
    for (std::size_t i = 0; i < section_count; ++i)
        header.sections[i] = {page_bytes + offsets[i] % body.size(), sizes[i]};
    header[Section::keys].size = std::uint64_t{header.keys} * 12;
    header[Section::directory].size = (std::uint64_t{header.rows} + group_rows - 1) / group_rows * 16;
    header[Section::id_buckets].size = ((std::uint64_t{1} << header.id_bucket_bits) + 1) * 4;
    std::string sums;
    for (std::size_t at = 0; at < body.size(); at += page_bytes)
        append(sums, crc32c(std::string_view(body).substr(at, page_bytes)));
    header[Section::page_sums] = {page_bytes + body.size(), sums.size()};
    header.page_sums_sum = crc32c(sums);
    header.file_bytes = page_bytes + body.size() + sums.size();
    return encode_header(header) + body + sums;
}

void read_everything(std::string text) {
    ScopeRegistry registry;
    const auto opened = IndexFile::open(std::make_shared<Bytes>(std::move(text)), registry);
    if (!opened) return;
    const auto& file = **opened;
    FileRow rows[group_rows];
    for (std::uint32_t group = 0; group * group_rows < file.rows() + group_rows; ++group) file.read_group(group, rows);
    for (std::uint32_t row = 0; row <= file.rows(); row += 7) file.row(row);
    for (std::uint64_t hash = 1; hash != 0; hash <<= 1) {
        file.rows_of_id(hash);
        file.find_key(hash);
    }
    for (std::uint32_t i = 0; i < std::min(file.keys(), 200u); ++i) {
        ListCursor forward(file, file.key(i).reference), backward = forward, whole = forward;
        std::uint32_t row = 0;
        for (int step = 0; step < 300 && row != no_row; ++step) row = forward.at_or_after(row + 1);
        row = no_row - 1;
        for (int step = 0; step < 300 && row != no_row && row != 0; ++step) row = backward.at_or_before(row - 1);
        std::uint32_t count = 0;
        for (std::uint32_t group = 0; group < std::min(whole.groups(), 50u); ++group) whole.load_group(group, count);
    }
    file.check_all();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    static_cast<void>(Token::decode(input));
    read_everything(std::string(input));
    read_everything(with_checksums(input));
    return 0;
}
