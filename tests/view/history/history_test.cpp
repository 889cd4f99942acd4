#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <map>
#include <set>

#include "view/history/world.h"

namespace cairn::history::test {
namespace {

Search search_of(const std::string& text, std::size_t limit = 50) {
    return {.scope = Scope::all(),
            .categories = {},
            .from = {},
            .to = {},
            .query = query_of(text),
            .oldest_first = false,
            .limit = limit,
            .token = {}};
}

TEST(History, IsEmptyAtFirst) {
    World world;
    world.open();
    const auto page = world.history->search(search_of(""));
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->events.empty());
    EXPECT_TRUE(page->token.empty());
    EXPECT_EQ(world.history->covered(), 0u);
}

TEST(History, FindsAnEventAsSoonAsItIsPublished) {
    World world;
    world.open();
    for (int i = 0; i < 300; ++i) {
        world.add(1);
        const auto& newest = world.known.back();
        const auto page = world.history->search(search_of("eventID=\"" + newest.position.event_id + "\""));
        ASSERT_TRUE(page);
        ASSERT_TRUE(
            std::ranges::any_of(page->events, [&](const Found& found) { return found.number == newest.number; }));
        ASSERT_EQ(world.history->covered(), newest.number + 1);
    }
}

TEST(History, AnswersAsAPlainListDoes) {
    for (const std::uint64_t seed : {1, 2, 3}) {
        SCOPED_TRACE(seed);
        World world(seed);
        world.open();
        for (int round = 0; round < 12; ++round) {
            world.add(1 + world.generator.draw(400));
            world.expect_random_searches(15);
            if (world.generator.draw(4) == 0) world.open();
            if (HasFatalFailure()) return;
        }
        world.settle();
        world.expect_random_searches(60);
    }
}

TEST(History, EveryTierIsReached) {
    World world;
    world.open();
    world.add(9'000);
    world.settle();
    const auto files = world.files();
    EXPECT_EQ(files.front(), file_name({0, 4096}));
    EXPECT_EQ(files.at(1), file_name({4096, 8192}));
    world.expect_random_searches(100);
}

TEST(History, IsBuiltAgainWithTheSameAnswersAndBytes) {
    World world;
    world.open();
    for (int i = 0; i < 40; ++i) world.add(100);
    world.settle();
    std::map<std::string, std::string> before;
    for (const auto& name : world.files()) before[name] = world.disk->content(std::string(folder) + "/" + name);

    world.history.reset();
    world.disk = std::make_unique<support::MemoryDisk>();
    world.open();
    world.expect_random_searches(50);
    world.settle();
    for (const auto& [name, bytes] : before)
        EXPECT_EQ(world.disk->content(std::string(folder) + "/" + name), bytes) << name;
}

TEST(History, IsBuiltAgainWithTheSameAnswersWhileEventsComeIn) {
    World world(9);
    world.open();
    const std::size_t old_events = 3'000;
    world.add(old_events);
    world.settle();
    std::vector<std::pair<Search, std::vector<std::uint64_t>>> before;
    for (int i = 0; i < 40; ++i) {
        auto search = world.random_search();
        before.emplace_back(search, world.found(search));
    }
    world.history.reset();
    world.disk = std::make_unique<support::MemoryDisk>();
    world.open();
    for (const auto& [search, numbers] : before) {
        SCOPED_TRACE(search.query.text());
        world.add(20);
        auto after = world.found(search);
        std::erase_if(after, [&](std::uint64_t number) { return number >= old_events; });
        ASSERT_EQ(after, numbers);
    }
}

TEST(History, ReadsWhatWasNotPublished) {
    World world;
    world.open();
    world.add(10);
    world.add(world.generator.records(500), false);
    ASSERT_TRUE(world.history->wait_covered(510, 60'000));
    world.expect_random_searches(20);
    world.add(world.generator.records(5), false);
    world.add(20);  // a gap before them
    ASSERT_TRUE(world.history->wait_covered(535, 60'000));
    world.expect_random_searches(20);
}

TEST(History, PublishedTwiceIsFoundOnce) {
    World world;
    world.open();
    world.add(50);
    IndexBatch batch;
    RecordParser parser;
    for (const auto& event : world.known) {
        auto padded = event.record;
        padded.reserve(padded.size() + RecordParser::padding);
        batch.add(**parser.parse(padded), event.number);
    }
    world.history->publish(batch);
    world.expect_random_searches(10);
}

TEST(History, PagesDoNotMoveWhileEventsComeIn) {
    World world(5);
    world.open();
    world.add(1'000);
    for (const bool oldest_first : {false, true}) {
        auto search = search_of("readOnly=true", 17);
        search.oldest_first = oldest_first;
        const auto wanted = world.expected(search);
        std::vector<std::uint64_t> found;
        do {
            const auto page = world.history->search(search);
            ASSERT_TRUE(page) << page.error().message;
            for (const auto& event : page->events) found.push_back(event.number);
            search.token = page->token;
            world.add(40);
            if (found.size() % 4 == 0) world.open();
        } while (!search.token.empty());
        EXPECT_EQ(found, wanted);
    }
}

TEST(History, RefusesForeignTokens) {
    World world;
    world.open();
    world.add(200);
    auto search = search_of("readOnly=true", 5);
    const auto page = world.history->search(search);
    ASSERT_TRUE(page && !page->token.empty());
    const auto code_of = [&](Search other, std::string token) {
        other.token = std::move(token);
        const auto answer = world.history->search(other);
        return answer ? std::optional<Code>() : answer.error().code;
    };
    EXPECT_EQ(code_of(search, page->token), std::nullopt);
    auto larger = search;
    larger.limit = 50;
    larger.scope = Scope::of("111111111111", "");
    EXPECT_EQ(code_of(larger, page->token), std::nullopt);
    EXPECT_EQ(code_of(search_of("readOnly=false"), page->token), Code::invalid);
    auto turned = search;
    turned.oldest_first = true;
    EXPECT_EQ(code_of(turned, page->token), Code::invalid);
    for (std::size_t i = 0; i < page->token.size(); ++i) {
        auto changed = page->token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_EQ(code_of(search, changed), Code::invalid);
        EXPECT_EQ(code_of(search, page->token.substr(0, i)), i == 0 ? std::optional<Code>() : Code::invalid);
    }
}

TEST(History, EventsThatWereTrimmedAreNotAnswered) {
    World world;
    world.open();
    world.add(3'000);
    world.settle();
    world.log.trim(0, 700);
    world.log.trim(1'500, 1'600);
    world.expect_random_searches(40);
    world.open();
    world.expect_random_searches(20);
    world.history.reset();
    world.disk = std::make_unique<support::MemoryDisk>();
    world.open();
    world.expect_random_searches(40);
    world.add(2'000);
    world.expect_random_searches(40);
}

TEST(History, AnOtherHeadSizeIsFine) {
    World world;
    world.open();
    world.add(1'000);
    world.settle();
    world.options.head_events = 100;
    world.open();
    world.add(1'000);
    world.expect_random_searches(30);
}

TEST(History, ALongSearchEndsEarlyAndGoesOn) {
    World world;
    world.options.scan_records_max = 100;
    world.open();
    world.add(1'000);
    auto search = search_of("-eventName=GetObject eventSource=s3.amazonaws.com \"needle\"", 50);
    EXPECT_EQ(world.found(search), world.expected(search));
    const auto page = world.history->search(search);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->exhausted_budget);
    EXPECT_FALSE(page->token.empty());
    EXPECT_LE(page->scanned, 101u);
}

TEST(History, SaysHowMuchWasReadForAPage) {
    World world;
    world.open();
    world.add(1'000);
    auto search = search_of("-eventName=NoSuchCall", 2'000);
    search.scope = Scope::all();
    const auto all = world.history->search(search);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->events.size(), 1'000u);
    std::uint64_t bytes = 0;
    for (const auto& found : all->events) bytes += found.record.size();
    const auto swept = search_of("\"no such text\"", 50);
    auto nowhere = swept;
    nowhere.scope = Scope::all();
    const auto none = world.history->search(nowhere);
    ASSERT_TRUE(none);
    for (const auto* page : {&*all, &*none}) {
        EXPECT_EQ(page->scanned, 1'000u);
        EXPECT_NEAR(static_cast<double>(page->scanned_bytes), static_cast<double>(bytes), 1'000.0);  // whole bytes each
    }
}

TEST(History, EveryBudgetGivesTheSamePages) {
    World world(5);
    world.options.scan_records_max = 1 + world.generator.draw(70);
    world.open();
    world.add(1'500);
    for (const char* query :
         {"\"needle\"", "\"hay 1\"", "\"no such text\"", "-\"hay 1\"", "eventName=GetObject \"hay 7\""}) {
        SCOPED_TRACE(query);
        for (const bool oldest_first : {false, true}) {
            auto search = search_of(query, 20);
            search.oldest_first = oldest_first;
            EXPECT_EQ(world.found(search), world.expected(search));
        }
    }
}

TEST(History, TextIsFoundInManyEventsAtOneTime) {
    World world;
    world.open();
    auto records = world.generator.records(3'000);
    for (auto& record : records) {
        const auto time = record.find("\"eventTime\":\"") + 13;
        record.replace(time, record.find('"', time) - time, "2026-01-02T03:04:05Z");
    }
    world.add(records);
    for (const char* query : {"\"needle\"", "\"hay\"", "\"no such text\""}) {
        const auto search = search_of(query, 60);
        EXPECT_EQ(world.found(search), world.expected(search));
    }
    world.options.scan_records_max = 64;
    world.open();
    const auto search = search_of("\"needle\"", 10);
    EXPECT_EQ(world.found(search), world.expected(search));
}

TEST(History, BlocksOfAPageAreFetchedAtOneTimeWhenDataIsNotInMemory) {
    World world;
    static std::uint64_t waited = 0;
    world.options.pages_waited_for = [] { return waited; };
    world.open();
    world.add(1'000);
    const auto search = search_of("eventName=GetObject", 20);
    EXPECT_EQ(world.found(search), world.expected(search));
    EXPECT_TRUE(world.log.take_expected().empty()) << "everything is in memory";

    world.options.pages_waited_for = [] { return ++waited; };
    world.open();
    const auto page = world.history->search(search);
    ASSERT_TRUE(page);
    const auto expected = world.log.take_expected();
    ASSERT_EQ(page->events.size(), 20u);
    ASSERT_GE(expected.size(), 20u);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(expected[i], page->events[i].number);
    for (const char* query :
         {"eventName=GetObject", "readOnly=true", "readOnly=true eventName=GetObject \"hay 1\"", ""}) {
        SCOPED_TRACE(query);
        for (const bool oldest_first : {false, true}) {
            auto pages = search_of(query, 7);
            pages.oldest_first = oldest_first;
            EXPECT_EQ(world.found(pages), world.expected(pages));
        }
    }
}

TEST(History, CountsValues) {
    World world(7);
    world.open();
    world.add(2'000);
    world.settle();
    world.add(300);
    world.log.trim(1'000, 1'100);
    for (int i = 0; i < 60; ++i) {
        const auto search = world.random_search();
        static constexpr const char* fields[] = {"eventName", "errorCode", "sourceIP", "readOnly",
                                                 "resource",  "accessKey", "user",     "region"};
        const std::string field = fields[world.generator.draw(std::size(fields))];
        SCOPED_TRACE(world.last_query + " by " + field);
        std::map<std::string, std::uint64_t> counts;
        RecordParser parser;
        const auto matching = world.expected(search);
        for (const auto number : matching) {
            auto padded = world.known[number].record;
            padded.reserve(padded.size() + RecordParser::padding);
            std::set<std::string> values;
            ASSERT_TRUE(match::field_values(**parser.parse(padded), field,
                                            [&](std::string_view value) { values.emplace(value); }));
            for (const auto& value : values) ++counts[value];
        }
        const auto values = world.history->values(search, field, "", 100);
        ASSERT_TRUE(values);
        EXPECT_TRUE(values->exact);
        EXPECT_EQ(values->total, matching.size());
        EXPECT_EQ(values->values.size(), counts.size());
        for (const auto& value : values->values) EXPECT_EQ(value.count, counts[value.value]) << value.value;
        EXPECT_TRUE(std::ranges::is_sorted(values->values, std::greater(), &ValueCount::count));

        const auto count = world.history->count(search, 1'000'000);
        ASSERT_TRUE(count);
        EXPECT_EQ(count->value, matching.size());
        EXPECT_TRUE(count->exact);
        const auto some = world.history->count(search, 10);
        ASSERT_TRUE(some);
        EXPECT_EQ(some->value, std::min<std::size_t>(10, matching.size()));
        EXPECT_EQ(some->exact, matching.size() <= 10);
    }
    const auto prefixed = world.history->values(search_of(""), "eventName", "Put", 100);
    ASSERT_TRUE(prefixed);
    ASSERT_EQ(prefixed->values.size(), 1u);
    EXPECT_EQ(prefixed->values[0].value, "PutObject");
    EXPECT_FALSE(world.history->values(search_of(""), "noSuchField", "", 10));
}

TEST(History, ADefaultScopeSeesNothing) {
    World world;
    world.open();
    world.add(500);
    auto search = search_of("");
    search.scope = Scope();
    EXPECT_TRUE(world.history->search(search)->events.empty());
    EXPECT_EQ(world.history->count(search, 100)->value, 0u);
    EXPECT_EQ(world.history->values(search, "eventName", "", 100)->total, 0u);
    search.query = query_of("eventID=\"" + world.known[3].position.event_id + "\"");
    EXPECT_TRUE(world.history->search(search)->events.empty());
}

TEST(History, ManyEventsWithOneIdAndOneTime) {
    World world;
    world.open();
    std::vector<std::string> records;
    for (int i = 0; i < 1'000; ++i)
        records.push_back(
            R"({"eventVersion":"1.08","userIdentity":{"type":"Root"},"eventTime":"2026-01-01T00:00:00Z","eventSource":"a.b",)"
            R"("eventName":"N","awsRegion":"us-east-1","recipientAccountId":"111111111111","eventID":"one-and-the-same-)" +
            std::string(i % 3 == 0 ? "a" : "b") + R"(","requestParameters":{"n":)" + std::to_string(i) + "}}");
    world.add(records);
    world.settle();
    for (const char* text : {"", "eventName=N", "eventID=\"one-and-the-same-a\""}) {
        SCOPED_TRACE(text);
        for (const bool oldest_first : {false, true}) {
            auto search = search_of(text, 60);
            search.oldest_first = oldest_first;
            EXPECT_EQ(world.found(search), world.expected(search));
        }
    }
}

TEST(History, TellsSubscribers) {
    World world;
    world.open();
    world.add(10);
    std::atomic<std::uint64_t> rows = 0;
    std::latch all(90);
    const auto subscription = world.history->subscribe([&](const IndexBatch& batch) {
        for (const auto& row : batch.rows) EXPECT_EQ(row.number, 10 + rows++);
        all.count_down(static_cast<std::ptrdiff_t>(batch.rows.size()));
    });
    for (int i = 0; i < 9; ++i) world.add(10);
    all.wait();
    world.history->unsubscribe(subscription);
    world.add(10);
    EXPECT_EQ(rows, 90u);
}

TEST(History, WaitsUntilItCovers) {
    World world;
    world.open();
    EXPECT_TRUE(world.history->wait_covered(0, 0));
    EXPECT_FALSE(world.history->wait_covered(1, 1));
    std::thread writer([&] { world.add(300); });
    EXPECT_TRUE(world.history->wait_covered(300, 60'000));
    writer.join();
}

TEST(History, ADamagedFileIsBuiltAgain) {
    World world;
    world.open();
    world.add(700);
    world.settle();
    world.history.reset();
    const auto path = std::string(folder) + "/" + file_name({0, 256});
    const auto whole = world.disk->content(path);
    std::vector<Search> searches;
    std::vector<std::vector<std::uint64_t>> wanted;
    for (const char* text : {"", "readOnly=true", "eventName=GetObject user=user1", "resource=arn:aws:s3:::bucket2"}) {
        searches.push_back(search_of(text, 300));
        wanted.push_back(world.expected(searches.back()));
    }
    const auto expect_all = [&](const std::string& damaged) {
        world.disk->set_content(path, damaged);
        world.open();
        for (std::size_t i = 0; i < searches.size(); ++i) ASSERT_EQ(world.found(searches[i]), wanted[i]);
        world.history.reset();
    };
    for (std::size_t at = 0; at < whole.size(); at += at < 256 ? 5 : 211) {
        SCOPED_TRACE(at);
        auto damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
        expect_all(damaged);
        expect_all(whole.substr(0, at));
        if (HasFatalFailure()) return;
    }
}

TEST(History, ANewerFormatIsRefused) {
    World world;
    world.open();
    world.add(300);
    world.settle();
    world.history.reset();
    const auto path = std::string(folder) + "/" + file_name({0, 256});
    auto page = world.disk->content(path);
    page[8] = 9;
    store<std::uint32_t>(page.data() + 12, 0);
    store(page.data() + 12, crc32c(std::string_view(page).substr(0, page_bytes)));
    world.disk->set_content(path, page);
    const auto opened = History::open({*world.disk, folder, world.log, {}, world.clock, world.metrics}, world.options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Code::unavailable);
    EXPECT_NE(opened.error().message.find("newer"), std::string::npos) << opened.error().message;
}

TEST(History, GoesOnAfterTheDiskFailed) {
    World world;
    world.open();
    world.add(100);
    world.disk->plan_failure(support::Call::sync, 1, Code::exhausted, true);
    world.add(64 * 40);  // more than is kept in memory
    world.disk->heal();
    ASSERT_TRUE(world.history->wait_covered(world.log.end(), 60'000));
    world.expect_random_searches(20);
}

TEST(History, GoesOnAfterTheDiskWasReadOnly) {
    World world;
    world.open();
    world.add(100);
    world.disk->set_read_only(true);
    world.add(64 * 40);  // more than is kept in memory
    world.disk->set_read_only(false);
    ASSERT_TRUE(world.history->wait_covered(world.log.end(), 60'000));
    world.expect_random_searches(20);
}

/// Nothing of what cannot be read is taken for absent: the history does not open, or it answers as it should.
TEST(History, ADeviceThatCannotBeReadGivesNoWrongAnswer) {
    using support::Call;
    World world(12);
    world.open();
    world.add(1'200);
    world.settle();
    world.history.reset();
    const auto whole = world.disk->copy();
    int refused = 0;
    for (const auto call : {Call::open, Call::map, Call::read, Call::size, Call::list, Call::exists})
        for (std::uint64_t nth = 1; nth < 6; ++nth) {
            SCOPED_TRACE(std::string(support::call_name(call)) + " " + std::to_string(nth));
            world.disk = whole->copy();
            world.disk->plan_failure(call, nth, Code::unavailable);
            auto opened =
                History::open({*world.disk, folder, world.log, {}, world.clock, world.metrics}, world.options);
            if (!opened) ++refused;
            opened = fail(Code::unavailable, "closed");
            world.disk->heal();
            world.open();
            world.expect_random_searches(3);
            world.history.reset();
            if (HasFatalFailure()) return;
        }
    EXPECT_GT(refused, 0);
}

TEST(History, AMergeThatFoundTheDiskFullIsTriedAgain) {
    for (std::uint64_t nth = 4; nth <= 6; ++nth) {
        SCOPED_TRACE(nth);
        World world(nth);
        world.open();
        world.disk->plan_failure(support::Call::sync, nth, Code::exhausted);
        world.add(64 * 9);
        const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (world.files() != world.final_files() && std::chrono::steady_clock::now() < late)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        EXPECT_EQ(world.files(), world.final_files());
        world.expect_random_searches(5);
    }
}

TEST(History, ACrashAtAnyCallLosesNothing) {
    World world(11);
    world.open();
    world.add(1'200);
    world.settle();
    const auto calls = world.disk->all_calls();
    world.history.reset();
    for (std::uint64_t call = 1; call < calls; call += 7) {
        SCOPED_TRACE(call);
        world.disk = std::make_unique<support::MemoryDisk>();
        world.disk->stop_at(call);
        auto opened = History::open({*world.disk, folder, world.log, {}, world.clock, world.metrics}, world.options);
        while (opened && !world.disk->stopped() && world.files() != world.final_files()) std::this_thread::yield();
        if (opened) opened->reset();
        world.disk->crash(call);
        world.open();
        world.expect_random_searches(3);
        world.history.reset();
        if (HasFatalFailure()) return;
    }
}

TEST(History, ReadersAndAWriterAtOnce) {
    World world(9);
    world.options.head_events = 128;
    world.options.file_events[0] = 512;
    world.open();
    const auto records = world.generator.records(6'000);
    std::atomic<bool> done = false;
    std::vector<std::thread> readers;
    std::atomic<std::uint64_t> published = 0;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([&, i] {
            for (std::uint64_t n = 0; !done; ++n) {
                const auto before = published.load();
                auto search = search_of(i == 0 ? "" : "readOnly=true", 20);
                search.oldest_first = n % 3 == 0;
                std::optional<Found> last;
                std::uint64_t found = 0;
                for (int pages = 0; pages < 4; ++pages) {
                    const auto page = world.history->search(search);
                    ASSERT_TRUE(page) << page.error().message;
                    for (const auto& event : page->events) {
                        if (last) {
                            ASSERT_EQ(event.time > last->time || event.time == last->time,
                                      search.oldest_first || event.time == last->time);
                            ASSERT_NE(event.number, last->number);
                        }
                        last = event;
                        ++found;
                    }
                    search.token = page->token;
                    if (search.token.empty()) break;
                }
                if (i == 0) {
                    ASSERT_GE(found, std::min<std::uint64_t>(before, 80));
                }
            }
        });
    }
    for (std::size_t at = 0; at < records.size(); at += 30) {
        world.add(std::vector<std::string>(records.begin() + static_cast<std::ptrdiff_t>(at),
                                           records.begin() + static_cast<std::ptrdiff_t>(at) + 30));
        published = at + 30;
    }
    done = true;
    for (auto& reader : readers) reader.join();
    world.expect_random_searches(20);
}

}  // namespace
}  // namespace cairn::history::test
