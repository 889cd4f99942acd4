#include "gateway/setting_aside.h"

#include <utility>

#include <fmt/format.h>

#include "base/log.h"

namespace cairn::gateway {

SettingAside::SettingAside(RecordSink& sink, Disk* disk, Metrics& metrics, SettingAsideOptions options)
    : sink_(sink),
      disk_(disk),
      options_(std::move(options)),
      refused_(metrics.counter("cairn_gateway_refused_records_total",
                               "Records that will never be taken where they were to be kept")) {}

void SettingAside::submit(GatewayRecord record, Done done) {
    auto given = record;
    sink_.submit(std::move(given),
                 [this, record = std::move(record), done = std::move(done)](Result<void> result) mutable {
                     if (result || result.error().code != Code::invalid) return done(std::move(result));
                     refused_.add();
                     const auto kept = keep(record);
                     log_error(kept ? "a record is refused for good; it is set aside" : "a record is refused for good",
                               {{"reason", result.error().message},
                                {"sequence", static_cast<unsigned long>(record.sequence)},
                                {"kept", kept ? options_.folder : kept.error().message}});
                     done(kept ? Result<void>() : std::move(result));
                 });
}

Result<void> SettingAside::keep(const GatewayRecord& record) {
    if (!disk_) return fail(Code::not_found, "there is no folder to set it aside in");
    std::string line;
    append_gateway_line(line, record);
    std::lock_guard lock(mutex_);
    if (!file_) {
        CAIRN_TRY(disk_->make_folder(options_.folder));
        auto file = disk_->open(options_.folder + "/records.ndjson", OpenMode::create);
        if (!file) return fail(std::move(file).error());
        const auto size = (*file)->size();
        if (!size) return fail(size.error());
        CAIRN_TRY(disk_->sync_folder(options_.folder));
        end_ = *size;
        file_ = std::move(*file);
    }
    if (end_ + line.size() > options_.bytes_max) return fail(Code::exhausted, "the file of records set aside is full");
    CAIRN_TRY(file_->write(end_, line));
    CAIRN_TRY(file_->sync());
    end_ += line.size();
    return {};
}

void append_gateway_line(std::string& out, const GatewayRecord& record) {
    out += fmt::format("{{\"sequence\":{},", record.sequence);
    if (!record.evidence.empty()) out.append("\"evidence\":").append(record.evidence).push_back(',');
    out.append("\"record\":").append(record.text).append("}\n");
}

}  // namespace cairn::gateway
