#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::cli {

/// True when standard output (or error) is a terminal and NO_COLOR is not set.
bool colours_wanted(int file_descriptor);

enum class Colour { plain, dim, bold, red, green, yellow, cyan };
std::string coloured(std::string_view text, Colour colour, bool wanted);

/// Printable: control characters of recorded text become "\xNN" or "\uNNNN", and those that turn the direction of
/// writing, so that a record can neither drive the terminal nor show itself as another.
std::string printable(std::string_view text);

/// The colour of a cell, by row and column.
using CellColour = std::function<Colour(std::size_t row, std::size_t column)>;

/// Columns as wide as their widest cell, but the table no wider than `width` (0: no limit): the widest cells are cut.
std::string render_table(const std::vector<std::string>& header, const std::vector<std::vector<std::string>>& rows,
                         std::size_t width, bool colours, const CellColour& colour_of = {});

/// Columns of the terminal behind standard output, or 0.
std::size_t terminal_width();

/// One line on standard error, redrawn at most ten times a second; nothing unless it is a terminal.
class ProgressBar {
public:
    explicit ProgressBar(std::string title);
    ~ProgressBar();
    void show(std::uint64_t done, std::uint64_t total, std::string_view note);
    void clear();

private:
    std::string title_;
    bool enabled_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace cairn::cli
