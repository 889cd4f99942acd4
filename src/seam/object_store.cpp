#include "seam/object_store.h"

#include <fmt/format.h>

namespace cairn {

namespace {

class AskedAgain final : public OpenObject {
public:
    AskedAgain(ObjectStore& store, std::string bucket, std::string key, ObjectInfo info)
        : OpenObject(std::move(info)), store_(store), bucket_(std::move(bucket)), key_(std::move(key)) {}

    Result<std::string> read(std::uint64_t begin, std::size_t size) override {
        if (size == 0) return std::string();
        auto part = store_.get(bucket_, key_, {begin, size, false}, {info().etag, ""});
        if (!part) return fail(std::move(part).error());
        if (part->bytes.size() != size)
            return fail(Code::corrupt, fmt::format("object {} ends before byte {}", key_, begin + size));
        return std::move(part->bytes);
    }

private:
    ObjectStore& store_;
    const std::string bucket_, key_;
};

}  // namespace

Result<std::unique_ptr<OpenObject>> ObjectStore::open(const std::string& bucket, const std::string& key) {
    auto info = head(bucket, key);
    if (!info) return fail(std::move(info).error());
    return std::make_unique<AskedAgain>(*this, bucket, key, std::move(*info));
}

}  // namespace cairn
