#include "backend/sqlite/sqlite_store.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temporary_folder.h"

namespace cairn {
namespace {

class SqliteStore : public ::testing::Test {
protected:
    std::string path() const { return folder_.path() + "/meta.sqlite"; }

    void fill() {
        auto store = open_sqlite(path());
        ASSERT_TRUE(store) << store.error().message;
        ASSERT_TRUE((*store)->transact([](Transaction& transaction) -> Result<void> {
            for (int i = 0; i < 500; ++i) CAIRN_TRY(transaction.put("s", std::to_string(i), std::string(100, 'v')));
            return {};
        }));
    }

    void execute(const char* sql) {
        sqlite3* database = nullptr;
        ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
        sqlite3_close(database);
    }

    static std::size_t count(MetaStore& store) {
        std::size_t count = 0;
        EXPECT_TRUE(store.view([&](Transaction& transaction) -> Result<void> {
            const auto pairs = transaction.scan("s", "", "", 10000);
            if (!pairs) return fail(pairs.error());
            count = pairs->size();
            return {};
        }));
        return count;
    }

    support::TemporaryFolder folder_;
};

TEST_F(SqliteStore, KeepsWhatWasCommitted) {
    fill();
    auto store = open_sqlite(path());
    ASSERT_TRUE(store);
    EXPECT_EQ(count(**store), 500u);
    EXPECT_TRUE(check_sqlite(path()));
}

TEST_F(SqliteStore, OnlyItsOwnerMayReadTheFiles) {
    auto store = open_sqlite(path());
    ASSERT_TRUE(store);
    ASSERT_TRUE((*store)->transact([](Transaction& transaction) { return transaction.put("s", "k", "v"); }));
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
        struct stat status{};
        ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600u) << entry.path();
    }
}

TEST_F(SqliteStore, AViewChangesNothing) {
    fill();
    auto store = open_sqlite(path());
    ASSERT_TRUE(store);
    const auto viewed = (*store)->view([](Transaction& transaction) { return transaction.put("s", "new", "v"); });
    ASSERT_FALSE(viewed);
    EXPECT_EQ(viewed.error().code, Code::invalid);
    EXPECT_EQ(count(**store), 500u);
}

TEST_F(SqliteStore, ANewerSchemaIsRefused) {
    fill();
    execute("PRAGMA user_version = 2");
    const auto store = open_sqlite(path());
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code, Code::invalid);
    EXPECT_NE(store.error().message.find("schema version 2 is newer"), std::string::npos) << store.error().message;
}

TEST_F(SqliteStore, OtherDatabasesAndOtherFilesAreRefused) {
    execute("CREATE TABLE something (x)");
    EXPECT_EQ(open_sqlite(path()).error().code, Code::corrupt);
    std::filesystem::remove(path());
    std::ofstream(path()) << std::string(8192, 'x');
    EXPECT_EQ(open_sqlite(path()).error().code, Code::corrupt);
    EXPECT_FALSE(open_sqlite(folder_.path() + "/no/such/folder.sqlite"));
    EXPECT_EQ(check_sqlite(folder_.path() + "/nothing").error().code, Code::not_found);
}

TEST_F(SqliteStore, DamageIsFoundByTheCheck) {
    fill();
    {
        std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(3 * 4096 + 2);
        file << std::string(200, '\xee');
    }
    const auto checked = check_sqlite(path());
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, Code::corrupt) << checked.error().message;
}

TEST_F(SqliteStore, NoCutAndNoFlipIsMoreThanAnError) {
    fill();
    std::ifstream in(path(), std::ios::binary);
    const std::string whole(std::istreambuf_iterator<char>(in), {});
    in.close();
    for (std::size_t at = 0; at < whole.size(); at += 1021) {
        for (const bool cut : {false, true}) {
            SCOPED_TRACE((cut ? "cut at " : "flipped at ") + std::to_string(at));
            auto bytes = cut ? whole.substr(0, at) : whole;
            if (!cut) bytes[at] ^= 0x40;
            std::ofstream(path(), std::ios::binary) << bytes;
            const auto checked = check_sqlite(path());
            EXPECT_FALSE(cut && checked) << "a file that was cut is not whole";
            if (auto store = open_sqlite(path()))
                (void)(*store)->transact([](Transaction& transaction) { return transaction.put("s", "k", "v"); });
            for (const char* const end : {"-wal", "-shm"}) std::filesystem::remove(path() + end);
        }
    }
}

TEST_F(SqliteStore, TwoStoresOnOneFileSeeEachOther) {
    auto one = open_sqlite(path());
    auto two = open_sqlite(path());
    ASSERT_TRUE(one && two);
    EXPECT_EQ(count(**two), 0u);
    ASSERT_TRUE((*one)->transact([](Transaction& transaction) { return transaction.put("s", "k", "v"); }));
    EXPECT_EQ(count(**two), 1u);
    ASSERT_TRUE((*two)->transact([](Transaction& transaction) { return transaction.put("s", "l", "v"); }));
    EXPECT_EQ(count(**one), 2u);
}

TEST_F(SqliteStore, AKilledProcessLosesNothingCommittedAndLeavesNothingHalf) {
    int acknowledgements[2];
    ASSERT_EQ(::pipe(acknowledgements), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto store = open_sqlite(path());
        for (int i = 0; store && i < 10000; ++i) {
            const auto done = (*store)->transact([&](Transaction& transaction) -> Result<void> {
                CAIRN_TRY(transaction.put("s", std::to_string(i), "v"));
                return transaction.put("s", "last", std::to_string(i));
            });
            if (!done || ::write(acknowledgements[1], "x", 1) != 1) break;
        }
        ::_exit(0);
    }
    char byte = 0;
    std::size_t acknowledged = 0;
    while (acknowledged < 50 && ::read(acknowledgements[0], &byte, 1) == 1) ++acknowledged;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(acknowledgements[0]);
    ::close(acknowledgements[1]);

    auto store = open_sqlite(path());
    ASSERT_TRUE(store) << store.error().message;
    const auto pairs = count(**store);
    EXPECT_GE(pairs, acknowledged + 1);
    EXPECT_TRUE((*store)->view([&](Transaction& transaction) -> Result<void> {
        const auto last = transaction.get("s", "last");
        EXPECT_TRUE(last && *last && std::stoul(**last) + 2 == pairs);
        return {};
    }));
    EXPECT_TRUE(check_sqlite(path()));
}

TEST(SqliteScan, BeginsBehindWhatItIsGivenAndWithinItsPrefix) {
    const support::TemporaryFolder folder;
    const auto store = open_sqlite(folder.path() + "/meta.db").value();
    ASSERT_TRUE(store->transact([&](Transaction& transaction) -> Result<void> {
        for (const auto* key : {"a", "k", "k1", "k2", "k3", "l"}) CAIRN_TRY(transaction.put("s", key, "value"));
        return {};
    }));
    const struct {
        const char *prefix, *after, *found;
    } cases[] = {{"k", "", "k k1 k2 k3 "}, {"k", "k", "k1 k2 k3 "},
                 {"k", "k1", "k2 k3 "},    {"k", "k15", "k2 k3 "},
                 {"k", "k3", ""},          {"k", "a", "k k1 k2 k3 "},
                 {"k", "l", ""},           {"", "", "a k k1 k2 k3 l "},
                 {"", "k3", "l "},         {"m", "", ""}};
    for (const auto& row : cases) {
        std::string found;
        EXPECT_TRUE(store->view([&](Transaction& transaction) -> Result<void> {
            const auto pairs = transaction.scan("s", row.prefix, row.after, 100);
            if (!pairs) return fail(pairs.error());
            found.clear();
            for (const auto& [key, value] : *pairs) found += key + " ";
            return {};
        }));
        EXPECT_EQ(found, row.found) << row.prefix << " after " << row.after;
    }
}

}  // namespace
}  // namespace cairn
