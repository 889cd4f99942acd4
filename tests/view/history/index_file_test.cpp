#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>

#include "base/hash.h"
#include "view/history/posting_list.h"
#include "view/history/section_writers.h"
#include "view/history/token.h"
#include "view/history/world.h"

namespace cairn::history::test {
namespace {

struct Bytes : MappedFile {
    explicit Bytes(std::string text) : text(std::move(text)) {}
    std::string_view bytes() const override { return text; }
    void will_need(std::size_t, std::size_t) const override {}
    std::string text;
};

/// A file whose lists hold what is given, under the hashes 10, 20, 30, ...
std::string file_bytes(const std::vector<std::vector<std::uint32_t>>& lists, std::uint32_t rows) {
    support::MemoryDisk disk;
    EXPECT_TRUE(disk.make_folder("f"));
    auto file = FileWriter::create(disk, "f/x");
    file->header().end_number = rows;
    RowWriter row_writer(*file);
    row_writer.begin_scope({"account", "region", Category::data});
    for (std::uint32_t i = 0; i < rows; ++i)
        row_writer.add({static_cast<std::int64_t>(rows - i) * 1000, i, static_cast<std::uint16_t>(i)});
    row_writer.end_scope();
    row_writer.finish();
    KeyWriter keys(*file);
    std::uint64_t hash = 10;
    for (const auto& list : lists) {
        for (const auto row : list) keys.add_row(row);
        keys.end_key(hash);
        hash += 10;
    }
    EXPECT_TRUE(keys.finish());
    IdWriter ids(*file, rows);
    for (std::uint32_t i = 0; i < rows; ++i) ids.add(std::uint64_t{i} * 1000, i);
    ids.finish();
    EXPECT_TRUE(file->finish());
    return std::string(disk.map("f/x").value()->bytes());
}

std::shared_ptr<const IndexFile> file_of(const std::vector<std::vector<std::uint32_t>>& lists, std::uint32_t rows) {
    ScopeRegistry registry;
    auto opened = IndexFile::open(std::make_shared<Bytes>(file_bytes(lists, rows)), registry);
    EXPECT_TRUE(opened) << opened.error().message;
    return *opened;
}

TEST(PostingList, IsReadAsItWasWritten) {
    std::mt19937_64 random(1);
    std::vector<std::vector<std::uint32_t>> lists;
    constexpr std::uint32_t rows = 70'000;
    for (const std::uint32_t count : {1u, 2u, 5u, 127u, 128u, 129u, 256u, 1000u, 20'000u, rows}) {
        for (const bool clustered : {false, true}) {
            std::vector<std::uint32_t> list(count);
            for (auto& row : list)
                row = static_cast<std::uint32_t>(clustered && random() % 9 ? random() % 3000 : random() % rows);
            if (count == rows) std::iota(list.begin(), list.end(), 0);
            std::ranges::sort(list);
            list.erase(std::unique(list.begin(), list.end()), list.end());
            lists.push_back(list);
        }
    }
    const auto file = file_of(lists, rows);
    for (std::size_t i = 0; i < lists.size(); ++i) {
        SCOPED_TRACE(i);
        const auto& list = lists[i];
        const auto key = file->find_key((i + 1) * 10);
        ASSERT_TRUE(key);
        ListCursor all(*file, key->reference);
        EXPECT_EQ(all.count(), list.size());
        ListCursor forward = all, backward = all, anywhere = all;
        std::uint32_t at = 0;
        for (const auto row : list) {
            ASSERT_EQ(forward.at_or_after(at), row);
            at = row + 1;
        }
        EXPECT_EQ(forward.at_or_after(at), no_row);
        for (auto row = list.rbegin(); row != list.rend(); ++row) {
            ASSERT_EQ(backward.at_or_before(*row + (row == list.rbegin() ? 5 : 0)), *row);
        }
        for (int probe = 0; probe < 2000; ++probe) {
            const auto wanted = static_cast<std::uint32_t>(random() % (rows + 10));
            const auto behind = std::ranges::lower_bound(list, wanted);
            ASSERT_EQ(anywhere.at_or_after(wanted), behind == list.end() ? no_row : *behind);
            const auto after = std::ranges::upper_bound(list, wanted);
            ASSERT_EQ(anywhere.at_or_before(wanted), after == list.begin() ? no_row : *(after - 1));
        }
    }
    EXPECT_FALSE(file->find_key(5));
    EXPECT_FALSE(file->find_key(15));
    EXPECT_FALSE(file->find_key(~0ull));
    EXPECT_FALSE(file->damaged());
    EXPECT_TRUE(file->check_all());
}

TEST(IndexFile, RowsAndIds) {
    const auto file = file_of({{0, 1}}, 1'000);
    for (std::uint32_t i = 0; i < 1'000; ++i) {
        const auto row = file->row(i);
        ASSERT_EQ(row.time_ms, static_cast<std::int64_t>(1'000 - i) * 1000);
        ASSERT_EQ(row.number, i);
        ASSERT_EQ(row.code, static_cast<std::uint16_t>(i));
        ASSERT_EQ(file->rows_of_id(std::uint64_t{i} * 1000 << 24), std::vector<std::uint32_t>{i});
    }
    EXPECT_TRUE(file->rows_of_id(std::uint64_t{5} << 24).empty());
}

std::string sample_file() {
    World world(3);
    world.open();
    world.add(65);
    world.settle();
    return world.disk->content(std::string(folder) + "/" + file_name({0, 64}));
}

TEST(IndexFile, HintsAskOnceForWhatWasNotTouched) {
    struct Counting final : Bytes {
        using Bytes::Bytes;
        void will_need(std::size_t offset, std::size_t size) const override { asked.emplace_back(offset, size); }
        void read_at_random() const override { random = true; }
        mutable std::vector<std::pair<std::size_t, std::size_t>> asked;
        mutable bool random = false;
    };
    constexpr std::uint32_t rows = 20'000;
    const auto plain = file_of({{1, 2}}, rows);
    const auto mapped = std::make_shared<Counting>(file_bytes({{1, 2}}, rows));
    ScopeRegistry registry;
    const auto file = IndexFile::open(mapped, registry).value();
    EXPECT_TRUE(mapped->random);
    EXPECT_TRUE(mapped->asked.empty());

    const std::uint32_t wanted[] = {3, 4, 9'000, 19'999, rows, no_row};
    file->expect_rows(wanted);
    EXPECT_GE(mapped->asked.size(), 3u) << "pages of three groups";
    for (const auto row : {3u, 4u, 9'000u, 19'999u}) EXPECT_EQ(file->row(row).number, plain->row(row).number);
    mapped->asked.clear();
    file->expect_rows(wanted);
    EXPECT_TRUE(mapped->asked.empty()) << "they were touched";

    const auto hash = (std::uint64_t{700} * 1000) << (64 - id_hash_bits);
    file->expect_id_bucket(hash);
    EXPECT_EQ(mapped->asked.size(), 1u);
    file->expect_ids(hash);
    EXPECT_GE(mapped->asked.size(), 2u);
    EXPECT_EQ(file->rows_of_id(hash), std::vector<std::uint32_t>{700});
    file->expect_ids(~std::uint64_t{0});
    file->expect_rows({});
    mapped->asked.clear();
    for (std::uint32_t row = 0; row < rows; ++row) file->row(row);
    EXPECT_FALSE(mapped->asked.empty()) << "who reads on and on is read ahead for";
    EXPECT_LT(mapped->asked.size(), 4u);
    EXPECT_FALSE(file->damaged());
}

TEST(IndexFile, DamageAtEveryByteIsSeen) {
    const auto whole = sample_file();
    const auto intact = [](std::string text) {
        ScopeRegistry registry;
        const auto file = IndexFile::open(std::make_shared<Bytes>(std::move(text)), registry);
        return file && (*file)->check_all();
    };
    ASSERT_TRUE(intact(whole));
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
        ASSERT_FALSE(intact(damaged)) << at;
    }
    for (std::size_t size = 0; size < whole.size(); ++size) ASSERT_FALSE(intact(whole.substr(0, size))) << size;
    EXPECT_FALSE(intact(whole + "x"));
}

TEST(IndexFile, IsTheGoldenFile) {
    const std::string path = CAIRN_SOURCE_DIR "/tests/view/history/golden/history_index_1.index";
    const auto made = sample_file();
    if (std::getenv("CAIRN_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << made;
    std::ifstream stream(path, std::ios::binary);
    const std::string golden((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    EXPECT_TRUE(made == golden) << "the format changed: raise its version and keep reading this one";
}

TEST(Order, CodesNeverContradictPrefixes) {
    std::mt19937_64 random(2);
    const std::string_view alphabet = "0123456789abcdef0123456789abcdef-AZz~ /:`g\x7f\xc3";
    std::vector<std::string> ids = {"", "0", "00", "a", "fffffffff", "\x01", "\xff"};
    for (int i = 0; i < 3000; ++i) {
        std::string id;
        for (auto n = random() % 12; n-- > 0;) id.push_back(alphabet[random() % alphabet.size()]);
        ids.push_back(id);
    }
    std::ranges::sort(ids);
    for (std::size_t i = 1; i < ids.size(); ++i) {
        ASSERT_LE(id_prefix(ids[i - 1]), id_prefix(ids[i]));
        ASSERT_LE(id_code(id_prefix(ids[i - 1])), id_code(id_prefix(ids[i]))) << ids[i - 1] << " " << ids[i];
    }
    EXPECT_LT(id_code(id_prefix("0a10")), id_code(id_prefix("0a15")));
}

TEST(Token, ComesBack) {
    const Token token{{-5, std::string(order_id_bytes, 'x'), 77}, 99, 1234567};
    const auto decoded = Token::decode(token.encode());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->after, token.after);
    EXPECT_EQ(decoded->number_bound, token.number_bound);
    EXPECT_EQ(decoded->search, token.search);
    for (const char* text : {"", "AAAA", "not base64!", "AQ=="}) EXPECT_FALSE(Token::decode(text)) << text;
}

TEST(Catalog, Names) {
    EXPECT_EQ(file_name({0, 65536}), "0000000000000000-0000000000010000.index");
    EXPECT_EQ(parse_file_name("0000000000000000-0000000000010000.index"), (NumberRange{0, 65536}));
    for (const char* name :
         {"", "x", "0000000000000000-0000000000010000.index.new", "0000000000010000-0000000000010000.index",
          "000000000000000G-0000000000010000.index", "000000000000000A-0000000000010000.index"})
        EXPECT_EQ(parse_file_name(name), std::nullopt) << name;
}

}  // namespace
}  // namespace cairn::history::test
