#include "event/compression.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

#define ZSTD_STATIC_LINKING_ONLY  // the parameters of a dictionary's tables
#include <zstd.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/memory.h"

namespace cairn {

namespace {

constexpr std::size_t magic_size = 4;
constexpr int level_max = 19;
constexpr unsigned dictionary_hash_log = 17;

template <class T, auto destroy>
struct Deleter {
    void operator()(T* pointer) const { destroy(pointer); }
};
template <class T, auto destroy>
using Handle = std::unique_ptr<T, Deleter<T, destroy>>;

/// The tables of a dictionary are read at random: each lies in memory of its own, which stands at its front.
constexpr std::size_t front_bytes = 64;
static_assert(sizeof(ZeroedMemory) <= front_bytes);

void* take_table(void*, std::size_t bytes) try {
    ZeroedMemory memory(front_bytes + bytes);
    char* const front = memory.data();
    new (front) ZeroedMemory(std::move(memory));
    return front + front_bytes;
} catch (const std::bad_alloc&) {
    return nullptr;
}

void give_back_table(void*, void* table) {
    if (table == nullptr) return;
    const auto memory = std::move(*reinterpret_cast<ZeroedMemory*>(static_cast<char*>(table) - front_bytes));
}

constexpr ZSTD_customMem table_memory{take_table, give_back_table, nullptr};

/// The fastest level's table is made for its own small windows: of a large dictionary it remembers one place in
/// sixty-four, and blocks grow by a sixth. With as many slots as level 3 has it is no slower.
ZSTD_CDict* make_encoder(std::string_view dictionary, int level) {
    auto parameters = ZSTD_getCParams(level, ZSTD_CONTENTSIZE_UNKNOWN, dictionary.size());
    if (parameters.strategy == ZSTD_fast) {
        const auto useful = static_cast<unsigned>(std::bit_width(dictionary.size()));
        parameters.hashLog = std::max(parameters.hashLog, std::min(dictionary_hash_log, useful));
    }
    return ZSTD_createCDict_advanced(dictionary.data(), dictionary.size(), ZSTD_dlm_byCopy, ZSTD_dct_auto, parameters,
                                     table_memory);
}

ZSTD_DDict* make_decoder(std::string_view dictionary) {
    return ZSTD_createDDict_advanced(dictionary.data(), dictionary.size(), ZSTD_dlm_byCopy, ZSTD_dct_auto,
                                     table_memory);
}

ZSTD_CCtx& compression_context() {
    thread_local const Handle<ZSTD_CCtx, ZSTD_freeCCtx> context = [] {
        Handle<ZSTD_CCtx, ZSTD_freeCCtx> made(ZSTD_createCCtx());
        CAIRN_CHECK(made != nullptr);
        ZSTD_CCtx_setParameter(made.get(), ZSTD_c_dictIDFlag, 0);
        ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 0);
        return made;
    }();
    return *context;
}

ZSTD_DCtx& decompression_context() {
    thread_local const Handle<ZSTD_DCtx, ZSTD_freeDCtx> context(ZSTD_createDCtx());
    CAIRN_CHECK(context != nullptr);
    return *context;
}

}  // namespace

struct Dictionary::Tables {
    explicit Tables(std::string_view bytes) : bytes(bytes), decoder(make_decoder(bytes)) {}

    ~Tables() {
        for (auto& encoder : encoders) ZSTD_freeCDict(encoder.load());
    }

    /// Made on first use: most processes use one level, readers none.
    const ZSTD_CDict* encoder(int level) const {
        auto& place = encoders[static_cast<std::size_t>(level)];
        if (auto* made = place.load(std::memory_order_acquire)) return made;
        const std::lock_guard lock(mutex);
        if (place.load(std::memory_order_relaxed) == nullptr)
            place.store(make_encoder(bytes, level), std::memory_order_release);
        CAIRN_CHECK(place.load(std::memory_order_relaxed) != nullptr);
        return place.load(std::memory_order_relaxed);
    }

    std::string_view bytes;                      // the dictionary's own
    Handle<ZSTD_DDict, ZSTD_freeDDict> decoder;  // null for bytes that are no dictionary
    mutable std::mutex mutex;
    mutable std::array<std::atomic<ZSTD_CDict*>, level_max + 1> encoders{};  // written under mutex
};

Dictionary::Dictionary(std::string bytes) : bytes_(std::move(bytes)), id_(static_cast<std::uint32_t>(hash64(bytes_))) {
    if (id_ == 0) id_ = 1;
    tables_ = std::make_unique<Tables>(bytes_);
}

Dictionary::~Dictionary() = default;

bool is_usable(const Dictionary& dictionary) { return dictionary.tables().decoder != nullptr; }

void compress_frame(std::string_view text, int level, const Dictionary* dictionary, std::string& out) {
    auto& context = compression_context();
    level = std::clamp(level, 1, level_max);
    ZSTD_CCtx_refCDict(&context, dictionary == nullptr ? nullptr : dictionary->tables().encoder(level));
    ZSTD_CCtx_setParameter(&context, ZSTD_c_compressionLevel, level);

    const std::size_t begin = out.size();
    out.resize_and_overwrite(begin + ZSTD_compressBound(text.size()), [&](char* data, std::size_t size) {
        char magic[magic_size] = {};
        char* const frame = data + begin;
        const auto written = ZSTD_compress2(&context, frame, size - begin, text.data(), text.size());
        CAIRN_CHECK(!ZSTD_isError(written) && written > magic_size);
        std::memcpy(magic, frame, magic_size);
        CAIRN_CHECK(load<std::uint32_t>(magic) == ZSTD_MAGICNUMBER);
        std::memmove(frame, frame + magic_size, written - magic_size);
        return begin + written - magic_size;
    });
}

Result<void> decompress_frame(std::string_view frame, const Dictionary* dictionary, std::size_t bytes_max,
                              std::string& out) {
    thread_local std::string whole;
    whole.clear();
    append(whole, std::uint32_t{ZSTD_MAGICNUMBER});
    whole.append(frame);

    const auto content = ZSTD_getFrameContentSize(whole.data(), whole.size());
    if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR)
        return fail(Code::corrupt, "no compressed frame");
    if (content > bytes_max) return fail(Code::corrupt, "compressed frame larger than a sub-block may be");

    const ZSTD_DDict* decoder = dictionary == nullptr ? nullptr : dictionary->tables().decoder.get();
    if (dictionary != nullptr && decoder == nullptr) return fail(Code::corrupt, "dictionary is damaged");
    std::size_t written = 0;
    out.resize_and_overwrite(content, [&](char* data, std::size_t size) {
        written = ZSTD_decompress_usingDDict(&decompression_context(), data, size, whole.data(), whole.size(), decoder);
        return ZSTD_isError(written) ? 0 : written;
    });
    if (ZSTD_isError(written))
        return fail(Code::corrupt, std::string("damaged compressed frame: ") + ZSTD_getErrorName(written));
    if (written != content) return fail(Code::corrupt, "compressed frame shorter than it says");
    return {};
}

}  // namespace cairn
