#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace cairn::cli {

void add_config(CLI::App& program, Run& run) {
    auto* command = program.add_subcommand(
        "config", "List every setting with its default, its environment variable and its meaning");
    const auto markdown = std::make_shared<bool>(false);
    command->add_flag("--markdown", *markdown, "as the table of docs/configuration.md");
    command->callback([&run, markdown] {
        run = [markdown] {
            if (*markdown) fmt::print("| Key | Kind | Default | Environment | Meaning |\n|---|---|---|---|---|\n");
            for (const auto& setting : node::settings()) {
                const auto environment = node::environment_name(setting.key);
                if (*markdown)
                    fmt::print("| `{}` | {} | {} | `{}` | {} |\n", setting.key, setting.kind,
                               setting.default_text.empty() ? "" : "`" + setting.default_text + "`", environment,
                               setting.meaning);
                else
                    fmt::print("{} = {}    ({}, {})\n    {}\n", setting.key,
                               setting.default_text.empty() ? "\"\"" : setting.default_text, setting.kind, environment,
                               setting.meaning);
            }
            return 0;
        };
    });
}

}  // namespace cairn::cli
