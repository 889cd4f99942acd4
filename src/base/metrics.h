#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cairn {

/// Only grows. Lock-free, from any thread.
class Counter {
public:
    void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
    std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

/// Durations in seconds, in fixed buckets from 50 us to 10 s. Lock-free, from any thread.
class Histogram {
public:
    static constexpr double bounds[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                        0.05,    0.1,    0.25,    0.5,    1,     2.5,    5,     10};
    static constexpr std::size_t bucket_count = std::size(bounds) + 1;

    void observe(double seconds);
    std::uint64_t bucket(std::size_t i) const { return buckets_[i].load(std::memory_order_relaxed); }
    double sum() const { return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) * 1e-9; }

private:
    std::atomic<std::uint64_t> buckets_[bucket_count]{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

/// All numbers of one process, rendered as Prometheus text (exposition format 0.0.4). Members may be called from any
/// thread; what they return lives as long as the registry. The same name and labels give the same counter.
class Metrics {
public:
    Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
    Histogram& histogram(std::string_view name, std::string_view help, Labels labels = {});

    /// `read` is called at every rendering, from the rendering thread; it must not block.
    void gauge(std::string_view name, std::string_view help, std::function<double()> read, Labels labels = {});

    std::string render() const;

private:
    struct Series {
        Labels labels;
        std::unique_ptr<Counter> counter;
        std::unique_ptr<Histogram> histogram;
        std::function<double()> read;
    };
    struct Family {
        std::string name, help, type;
        std::vector<std::unique_ptr<Series>> series;
    };

    Series& find_or_add(std::string_view name, std::string_view help, std::string_view type, Labels labels);

    mutable std::mutex mutex_;
    std::vector<std::unique_ptr<Family>> families_;  // guarded by mutex_
};

}  // namespace cairn
