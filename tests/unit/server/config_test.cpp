#include "broker/server/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "broker/server/config_table.h"

namespace parley::server {
namespace {

CommandLine parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "parley");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

// The exit code with which the arguments are refused, and what is said about it.
std::pair<int, std::string> refusal(std::vector<const char*> arguments) {
  testing::internal::CaptureStderr();
  const CommandLine line = parse(std::move(arguments));
  const std::string said = testing::internal::GetCapturedStderr();
  return {line.verb == Verb::exit ? line.exit_code : -1, said};
}

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

class File {
 public:
  explicit File(const char* text) : path(testing::TempDir() + "parley_config_test.toml") { std::ofstream(path) << text; }
  ~File() { std::remove(path.c_str()); }
  std::string path;
};

TEST(Config, DefaultsAreThoseOfTheDocumentation) {
  const CommandLine line = parse({});
  EXPECT_EQ(line.verb, Verb::serve);
  EXPECT_EQ(line.config.listen, "127.0.0.1:8080");
  EXPECT_EQ(line.config.data_dir, "./data");
  EXPECT_FALSE(line.config.anonymous);
  EXPECT_FALSE(line.config.echo);
  EXPECT_EQ(line.config.frame_bytes, 65'536U);
  EXPECT_EQ(line.config.window, 1024U);
  EXPECT_EQ(line.config.window_bytes, 1U << 20U);
  EXPECT_EQ(line.config.subscriptions_max, 1000U);
  EXPECT_EQ(line.config.inflight_max, 256U);
  EXPECT_EQ(line.config.connect_timeout, 10'000);
  EXPECT_EQ(line.config.heartbeat, 25'000);
  EXPECT_EQ(line.config.malformed_max, 10U);
}

TEST(Config, FlagsStandAboveVariablesAndThoseAboveTheFile) {
  const File file("listen = \"192.0.2.1:1\"\nheartbeat = \"11s\"\nwindow = 5\necho = true\n");
  const Variable variable("PARLEY_HEARTBEAT", "12s");
  const Variable another("PARLEY_WINDOW", "6");
  const CommandLine line = parse({"--window", "7", "--config", file.path.c_str()});
  ASSERT_EQ(line.verb, Verb::serve);
  EXPECT_EQ(line.config.listen, "192.0.2.1:1");
  EXPECT_TRUE(line.config.echo);
  EXPECT_EQ(line.config.heartbeat, 12'000);
  EXPECT_EQ(line.config.window, 7U);
}

TEST(Config, AnEmptyVariableIsAsIfItWereNotThere) {
  const Variable variable("PARLEY_METRICS_LISTEN", "");
  const CommandLine line = parse({"--window", "7"});
  ASSERT_EQ(line.verb, Verb::serve);
  EXPECT_TRUE(line.config.metrics_listen.empty());
  EXPECT_EQ(line.config.window, 7U);
}

TEST(Config, SwitchesListsAndVerbs) {
  EXPECT_TRUE(parse({"--anonymous"}).config.anonymous);
  EXPECT_FALSE(parse({"--registration=false"}).config.registration);
  EXPECT_EQ(parse({"--echo", "check-config"}).verb, Verb::check_config);
  EXPECT_EQ(parse({"check-health", "--listen", "127.0.0.1:1"}).verb, Verb::check_health);
  EXPECT_EQ(parse({"serve", "--echo"}).verb, Verb::serve);
  const std::vector<std::string> origins = {"https://a", "https://b"};
  EXPECT_EQ(parse({"--allowed-origin", "https://a,https://b"}).config.allowed_origins, origins);
  EXPECT_EQ(parse({"--allowed-origin", "https://a", "--allowed-origin", "https://b"}).config.allowed_origins, origins);
}

TEST(Config, WhatIsWrongIsNamedAndEndsWithTwo) {
  struct Case {
    std::vector<const char*> arguments;
    const char* said;
  };
  const std::vector<Case> cases = {
      {{"--mongodb", "mongodb://x"}, "--mongodb"},
      {{"--redis", "http://me:secret@x"}, "--redis"},
      {{"--mqtt-listen", "1883"}, "--mqtt-listen"},
      {{"--mqtt-receive-max", "65536"}, "--mqtt-receive-max"},
      {{"--listen", "8080"}, "the port is missing"},
      {{"--listen", "::1:80"}, "brackets"},
      {{"--metrics-listen", "nonsense"}, "--metrics-listen"},
      {{"--heartbeat", "soon"}, "--heartbeat"},
      {{"--heartbeat", "0s"}, "at least 1s"},
      {{"--window", "0"}, "--window"},
      {{"--window", "-1"}, "--window"},
      {{"--frame-bytes", "1parsec"}, "--frame-bytes"},
      {{"--log-format", "xml"}, "text|json"},
      {{"--password-cost", "min"}, "--insecure-test-mode"},
      {{"--database", "mysql://me:secret@db/parley"}, "sqlite:PATH"},
      {{"--drain-deadline", "1s", "--drain-spread", "2s"}, "--drain-deadline"},
      {{"--config", "/nonexistent/parley.toml"}, "parley.toml"},
      {{"--echo=perhaps"}, "--echo"},
      {{"nonsense"}, "nonsense"},
  };
  for (const Case& c : cases) {
    const auto [code, said] = refusal(c.arguments);
    EXPECT_EQ(code, 2) << c.arguments.front();
    EXPECT_NE(said.find(c.said), std::string::npos) << said;
    EXPECT_EQ(said.find("secret"), std::string::npos) << said;
  }
}

TEST(Config, MistakesInTheFileAreRefusedToo) {
  for (const char* text : {"no-such-setting = 1\n", "echo = perhaps\n", "heartbeat = \"soon\"\n"}) {
    const File file(text);
    EXPECT_EQ(refusal({"--config", file.path.c_str()}).first, 2) << text;
  }
}

TEST(Config, MinimalPasswordCostIsForTestsOnly) {
  EXPECT_EQ(parse({"--password-cost", "min", "--insecure-test-mode"}).config.password_cost, "min");
}

TEST(Config, EffectiveSettingsCanBeReadBackAndHideSecrets) {
  const CommandLine line = parse({"check-config", "--window-bytes", "3MiB", "--heartbeat", "90s", "--workers", "3"});
  EXPECT_NE(line.effective.find("window-bytes = 3MiB\n"), std::string::npos);
  EXPECT_NE(line.effective.find("workers = 3\n"), std::string::npos);
  EXPECT_EQ(mask_password("postgres://me:secret@db:5432/parley?x=1"), "postgres://me:***@db:5432/parley?x=1");
  EXPECT_EQ(mask_password("postgres://me:se@cret@db/parley"), "postgres://me:***@db/parley");
  EXPECT_EQ(mask_password("postgres://db/parley"), "postgres://db/parley");
  EXPECT_EQ(mask_password("sqlite:/data/a:b@c.db"), "sqlite:/data/a:b@c.db");
}

// Every row shows a value that it reads itself, and setting it changes nothing: show and set are each other's inverse.
TEST(Config, EveryRowReadsWhatItShows) {
  Config config;
  config.heartbeat = 90'000;
  config.window_bytes = 1'000'001;
  for (const Row& row : config_table(config)) {
    if (row.list) continue;
    const std::string shown = row.show();
    const Status set = row.set(shown);
    EXPECT_TRUE(set.ok()) << row.name << " does not read " << shown;
    EXPECT_EQ(row.show(), shown) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
  }
}

TEST(ConfigValues, DurationsAndSizes) {
  EXPECT_EQ(parse_duration("250ms").value(), 250);
  EXPECT_EQ(parse_duration("10s").value(), 10'000);
  EXPECT_EQ(parse_duration("3").value(), 3'000);
  EXPECT_EQ(parse_duration("0").value(), 0);
  EXPECT_EQ(parse_duration("15m").value(), 900'000);
  EXPECT_EQ(parse_duration("24h").value(), 86'400'000);
  EXPECT_EQ(parse_duration("30d").value(), 30LL * 86'400'000);
  for (const char* bad : {"", "s", "-1s", "1 s", "1.5s", "1w", "999999999999999999d"})
    EXPECT_FALSE(parse_duration(bad).ok()) << bad;
  EXPECT_EQ(format_duration(90'000), "90s");
  EXPECT_EQ(format_duration(1'001), "1001ms");
  EXPECT_EQ(parse_size("64KiB").value(), 65'536U);
  EXPECT_EQ(parse_size("1000").value(), 1000U);
  for (const char* bad : {"", "KiB", "1KB", "-1", "1 MiB", "99999999999999GiB"}) EXPECT_FALSE(parse_size(bad).ok()) << bad;
  EXPECT_EQ(format_size(3U << 20U), "3MiB");
}

}  // namespace
}  // namespace parley::server
