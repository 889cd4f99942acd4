#include <filesystem>
#include <memory>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "node/store.h"

namespace cairn::cli {

namespace {

/// A directory that `cairn keys` works on; the members keep each other alive in this order.
struct Opened {
    node::Config config;
    node::SystemClock clock;
    node::Store store;
    std::unique_ptr<identity::Directory> directory;
};

Result<std::unique_ptr<Opened>> open(const ConfigFlags& flags, bool may_make) {
    auto config = flags.load();
    if (!config) return fail(std::move(config).error());
    if (std::error_code error; !std::filesystem::exists(config->data, error)) {
        if (!may_make)
            return fail(Code::not_found,
                        fmt::format("there is no data directory {}; name the node's with --data", config->data));
        fmt::print(stderr, "the data directory {} is made, for there was none\n", config->data);
    }
    auto opened = std::make_unique<Opened>();
    opened->config = std::move(*config);
    auto store = node::open_store(opened->config.data);
    if (!store) return fail(std::move(store).error());
    opened->store = std::move(*store);
    opened->directory = node::open_directory(opened->config, opened->store, opened->clock);
    return opened;
}

struct CreateOptions {
    std::string account, user, role, session = "session", expires = "12h", description, policy_file;
    bool ingest = false, json = false;
    std::vector<std::string> accounts;
};

Result<std::string> read_text(const std::string& path) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "r"), &std::fclose);
    if (!file) return fail(Code::not_found, fmt::format("{} cannot be read", path));
    std::string text;
    char buffer[4096];
    for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, file.get())) > 0;) text.append(buffer, got);
    return text;
}

/// Makes the role of a session if it is told what it may do. Error: not_found, for a role that is not there.
Result<void> prepare_role(Opened& opened, const CreateOptions& options, const std::string& account) {
    if (options.policy_file.empty()) return {};
    auto policy = read_text(options.policy_file);
    if (!policy) return fail(std::move(policy).error());
    identity::Role role;
    role.account = account;
    role.name = options.role;
    role.policies = {std::move(*policy)};
    return opened.directory->put_role(role);
}

Result<identity::NewKey> create_session(Opened& opened, const CreateOptions& options, const std::string& account) {
    std::chrono::milliseconds lifetime{0};
    if (options.expires != "never") {
        const auto given = parse_duration(options.expires);
        if (!given || given->count() == 0)
            return fail(Code::invalid,
                        fmt::format("--expires {}: neither a duration such as 12h nor never", options.expires));
        lifetime = *given;
    }
    CAIRN_TRY(prepare_role(opened, options, account));
    auto created =
        opened.directory->create_session(account, options.role, options.session, lifetime, options.description);
    if (!created && created.error().code == Code::not_found)
        return fail(Code::not_found, created.error().message + ": --policy FILE makes it");
    return created;
}

/// Makes the user of a key if there is none yet, or gives it the policy of --policy.
Result<void> prepare_user(Opened& opened, const CreateOptions& options, const std::string& account) {
    if (options.user.empty()) return {};
    const auto users = opened.directory->list_users();
    if (!users) return fail(users.error());
    identity::User user;
    user.account = account;
    user.name = options.user;
    bool known = false;
    for (const auto& other : *users) {
        if (other.account != account || other.name != options.user) continue;
        user = other;
        known = true;
    }
    if (known && options.policy_file.empty()) return {};
    if (!options.policy_file.empty()) {
        auto policy = read_text(options.policy_file);
        if (!policy) return fail(std::move(policy).error());
        user.policies = {std::move(*policy)};
    }
    CAIRN_TRY(opened.directory->put_user(user));
    if (options.policy_file.empty())
        fmt::print(stderr, "user {} is new and has no policy: it may do nothing until --policy FILE gives it one\n",
                   options.user);
    return {};
}

Result<identity::NewKey> create(Opened& opened, const CreateOptions& options) {
    const auto account = options.account.empty() ? opened.config.account : options.account;
    if (options.ingest) {
        const auto accounts = options.accounts.empty() ? std::vector<std::string>{account} : options.accounts;
        return opened.directory->create_ingest_token(account, accounts, options.description);
    }
    if (!options.role.empty()) return create_session(opened, options, account);
    if (auto prepared = prepare_user(opened, options, account); !prepared) return fail(std::move(prepared).error());
    return opened.directory->create_key(account, options.user, options.description);
}

std::string owner_of(const identity::AccessKey& key) {
    if (key.ingest) return "(ingest token)";
    if (!key.role.empty()) return fmt::format("{}/{} (role)", printable(key.role), printable(key.session));
    return key.user.empty() ? "(root)" : printable(key.user);
}

/// Nobody knows when a key of the configuration file was made.
std::string shown_creation(const identity::AccessKey& key) {
    return key.created == Time{} ? "" : format_time(key.created);
}

std::string shown_expiry(const identity::AccessKey& key) {
    return key.expires == Time{} ? "" : format_time(key.expires);
}

std::string state_of(const identity::AccessKey& key, Time now) {
    if (!key.active) return "disabled";
    return key.expires != Time{} && key.expires <= now ? "expired" : "active";
}

void print_created(const identity::NewKey& created, const CreateOptions& options) {
    if (options.json) {
        fmt::print("{}\n", to_text(Json(JsonObject{{"id", created.key.id},
                                                   {"secret", created.secret},
                                                   {"account", created.key.account},
                                                   {"user", created.key.user},
                                                   {"ingest", created.key.ingest},
                                                   {"role", created.key.role},
                                                   {"session", created.key.session},
                                                   {"sessionToken", created.session_token},
                                                   {"expires", shown_expiry(created.key)}})));
    } else if (options.ingest) {
        fmt::print(
            "ingest token {} of account {}, shown this once:\n\n    {}\n\nUse it as \"Authorization: Bearer TOKEN\" on "
            "POST /ingest.\n",
            created.key.id, created.key.account, created.secret);
    } else {
        fmt::print(
            "key of {} in account {}, its secret shown this once:\n\n    export AWS_ACCESS_KEY_ID={}\n    export "
            "AWS_SECRET_ACCESS_KEY={}\n",
            owner_of(created.key), created.key.account, created.key.id, created.secret);
        if (!created.session_token.empty()) fmt::print("    export AWS_SESSION_TOKEN={}\n", created.session_token);
        if (created.key.expires != Time{}) fmt::print("\nIt is taken until {}.\n", format_time(created.key.expires));
        fmt::print("\n");
    }
}

int list(Opened& opened, bool as_json) {
    const auto keys = opened.directory->list_keys();
    if (!keys) return failed(keys.error());
    if (as_json) {
        JsonArray array;
        for (const auto& key : *keys)
            array.push_back(JsonObject{{"id", key.id},
                                       {"account", key.account},
                                       {"user", key.user},
                                       {"ingest", key.ingest},
                                       {"role", key.role},
                                       {"session", key.session},
                                       {"expires", shown_expiry(key)},
                                       {"active", key.active},
                                       {"created", shown_creation(key)},
                                       {"description", key.description}});
        fmt::print("{}\n", to_text(Json(std::move(array))));
        return 0;
    }
    std::vector<std::vector<std::string>> rows;
    for (const auto& key : *keys)
        rows.push_back({key.id, key.account, owner_of(key), state_of(key, opened.clock.now()), shown_creation(key),
                        printable(key.description)});
    fmt::print("{}", render_table({"ID", "ACCOUNT", "USER", "STATE", "CREATED", "DESCRIPTION"}, rows, terminal_width(),
                                  colours_wanted(STDOUT_FILENO)));
    return 0;
}

/// Runs `work` on the opened directory and turns its error into the exit status.
template <class Work>
int with_directory(const ConfigFlags& flags, Work&& work, bool may_make = false) {
    const auto opened = open(flags, may_make);
    return opened ? work(**opened) : failed(opened.error());
}

int status(const Result<void>& result) { return result ? 0 : failed(result.error()); }

}  // namespace

void add_keys(CLI::App& program, Run& run) {
    auto* keys = program.add_subcommand(
        "keys", "Make, list, disable and delete access keys and ingest tokens; works beside a running node");
    keys->require_subcommand(1);
    const auto flags = std::make_shared<ConfigFlags>();

    auto* create_command = keys->add_subcommand(
        "create", "Make a key for the root user, a user or a session of a role, or an ingest token");
    const auto options = std::make_shared<CreateOptions>();
    flags->add_to(*create_command);
    create_command->add_option("--account", options->account, "its account; default: the node's own");
    auto* user = create_command->add_option(
        "--user", options->user, "its user, made if absent; without user and role the key is the account's root key");
    auto* role = create_command->add_option("--role", options->role,
                                            "a temporary key with a session token, for a session of this role");
    create_command->add_option("--session", options->session, "the session's name: who does it")
        ->needs(role)
        ->capture_default_str();
    create_command->add_option("--expires", options->expires, "how long the session is taken, or never")
        ->type_name("DURATION")
        ->needs(role)
        ->capture_default_str();
    auto* policy = create_command
                       ->add_option("--policy", options->policy_file,
                                    "IAM policy document (JSON file) of the user or role, in place of those it had")
                       ->type_name("FILE");
    auto* ingest = create_command->add_flag("--ingest", options->ingest, "a bearer token that may only write events");
    create_command
        ->add_option("--write-account", options->accounts,
                     "accounts the token may write; \"*\" for all; default: its own")
        ->needs(ingest);
    role->excludes(user);
    ingest->excludes(user)->excludes(role)->excludes(policy);
    create_command->add_option("--description", options->description, "shown by `cairn keys list`");
    create_command->add_flag("--json", options->json, "print one JSON object");
    create_command->footer(
        "Examples:\n"
        "  cairn keys create --user ana --policy reader.json\n"
        "  cairn keys create --role ops --session night-shift --policy ops.json --expires 8h\n"
        "  cairn keys create --ingest --write-account 111122223333 --write-account 444455556666");
    create_command->callback([&run, flags, options] {
        run = [flags, options] {
            return with_directory(
                *flags,
                [&](Opened& opened) {
                    const auto created = create(opened, *options);
                    if (!created) return failed(created.error());
                    print_created(*created, *options);
                    return 0;
                },
                true);
        };
    });

    auto* list_command = keys->add_subcommand("list", "List keys; secrets are never shown again");
    const auto as_json = std::make_shared<bool>(false);
    flags->add_to(*list_command);
    list_command->add_flag("--json", *as_json, "print a JSON array");
    list_command->callback([&run, flags, as_json] {
        run = [flags, as_json] {
            return with_directory(*flags, [&](Opened& opened) { return list(opened, *as_json); });
        };
    });

    const auto id = std::make_shared<std::string>();
    const auto add_change = [&](const char* name, const char* help, auto change) {
        auto* command = keys->add_subcommand(name, help);
        flags->add_to(*command);
        command->add_option("id", *id, "the key's id")->required();
        command->callback([&run, flags, id, change] {
            run = [flags, id, change] {
                return with_directory(*flags, [&](Opened& opened) { return status(change(*opened.directory, *id)); });
            };
        });
    };
    add_change("disable", "Refuse a key from now on, until it is enabled again",
               [](identity::Directory& directory, const std::string& key) { return directory.set_active(key, false); });
    add_change("enable", "Accept a disabled key again",
               [](identity::Directory& directory, const std::string& key) { return directory.set_active(key, true); });
    add_change("delete", "Delete a key for ever",
               [](identity::Directory& directory, const std::string& key) { return directory.delete_key(key); });
}

}  // namespace cairn::cli
