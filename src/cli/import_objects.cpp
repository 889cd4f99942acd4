#include <fmt/format.h>

#include "cli/import_source.h"
#include "sign/text.h"

namespace cairn::cli {

namespace {

constexpr std::size_t reads_at_once_max = 8;  // an object is small, a call takes long

class ObjectSource final : public ImportSource {
public:
    ObjectSource(std::string bucket, std::string prefix, ObjectStore& store, std::string endpoint)
        : bucket_(std::move(bucket)), prefix_(std::move(prefix)), store_(store), endpoint_(std::move(endpoint)) {}

    Result<ImportListing> list() override {
        ImportListing found;
        ListRequest request;
        request.prefix = prefix_;
        do {
            auto page = store_.list(bucket_, request);
            if (!page) return fail(page.error().code, fmt::format("{}: {}", name_of(prefix_), page.error().message));
            for (auto& entry : page->entries) {
                const bool marker = entry.size == 0 && entry.key.ends_with('/');
                if (!marker) found.files.push_back({name_of(entry.key), entry.size, std::move(entry.etag)});
            }
            request.continuation = std::move(page->continuation);
        } while (!request.continuation.empty());
        if (found.files.empty() && !prefix_.empty())
            return fail(Code::not_found, fmt::format("there is nothing at {}", name_of(prefix_)));
        return found;
    }

    std::string key_of(const ImportFile& file) const override {
        std::string key = fmt::format("{} {} {} ", file.bytes, file.etag, endpoint_);
        sign::append_encoded(key, file.name, true);  // a key may hold any character
        return key;
    }

    Result<std::string> read(const ImportFile& file) override {
        auto object = store_.get(bucket_, file.name.substr(name_of("").size()));
        if (!object) return fail(std::move(object).error());
        return std::move(object->bytes);
    }

    std::size_t reads_at_once() const override { return reads_at_once_max; }

private:
    std::string name_of(std::string_view key) const { return fmt::format("{}{}/{}", s3_scheme, bucket_, key); }

    const std::string bucket_, prefix_;
    ObjectStore& store_;
    const std::string endpoint_;
};

}  // namespace

Result<std::unique_ptr<ImportSource>> object_source(std::string_view url, ObjectStore& store, std::string endpoint) {
    const auto path = url.substr(std::min(url.size(), s3_scheme.size()));
    const auto slash = std::min(path.find('/'), path.size());
    if (!url.starts_with(s3_scheme) || slash == 0)
        return fail(Code::invalid, fmt::format("{} is not of the form s3://BUCKET/PREFIX", url));
    return std::make_unique<ObjectSource>(std::string(path.substr(0, slash)),
                                          std::string(path.substr(std::min(slash + 1, path.size()))), store,
                                          std::move(endpoint));
}

}  // namespace cairn::cli
