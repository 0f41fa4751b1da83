// power_cut [--runs N] [--seed S]: the power-cut table of the embedded store. Exits with 1 when a row fails.

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "broker/base/log.h"
#include "tests/contract/power_cut.h"

int main(int argc, char** argv) {
  using parley::SqliteSettings;
  using parley::contract::PowerCutPlan;
  using parley::contract::PowerCutResult;
  using parley::contract::Unsynced;

  PowerCutPlan plan;
  plan.runs = 50;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--runs") == 0) plan.runs = static_cast<unsigned>(std::strtoul(argv[i + 1], nullptr, 10));
    if (std::strcmp(argv[i], "--seed") == 0) plan.seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  parley::log::configure(parley::log::Level::off, parley::log::Format::text);

  struct Row {
    const char* name;
    SqliteSettings::Synchronous synchronous;
    Unsynced unsynced;
    bool must_lose;
  };
  static constexpr std::array<Row, 6> rows = {{
      {"full, unsynced writes lost", SqliteSettings::Synchronous::full, Unsynced::lost, false},
      {"full, unsynced writes in part", SqliteSettings::Synchronous::full, Unsynced::prefix, false},
      {"full, any unsynced sectors", SqliteSettings::Synchronous::full, Unsynced::sectors, false},
      {"full, unsynced writes kept", SqliteSettings::Synchronous::full, Unsynced::kept, false},
      {"normal (control: must lose)", SqliteSettings::Synchronous::normal, Unsynced::lost, true},
      {"off (control: must lose)", SqliteSettings::Synchronous::off, Unsynced::lost, true},
  }};
  std::printf("seed %llu\n%-32s %6s %8s %8s %8s %6s %8s %6s %8s  %s\n", static_cast<unsigned long long>(plan.seed), "synchronous",
              "runs", "sent", "acked", "found", "lost", "doubled", "holes", "damaged", "verdict");
  bool all_good = true;
  for (const Row& row : rows) {
    plan.synchronous = row.synchronous;
    plan.unsynced = row.unsynced;
    const PowerCutResult result = parley::contract::run_power_cuts(plan);
    const bool good = row.must_lose ? result.lost > 0 : result.whole() && result.acked > 0;
    all_good = all_good && good;
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%-32s %6llu %8llu %8llu %8llu %6llu %8llu %6llu %8llu  %s\n", row.name, number(result.runs), number(result.sent),
                number(result.acked), number(result.found), number(result.lost), number(result.doubled), number(result.holes),
                number(result.unopenable), good ? "ok" : "FAILED");
    std::fflush(stdout);
  }
  return all_good ? 0 : 1;
}
