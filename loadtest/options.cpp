#include "loadtest/options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "loadtest/payload.h"

namespace parley::loadtest {

namespace {
constexpr std::array<std::string_view, 8> scenario_names = {"fanout", "chat",    "iot",  "connect",
                                                            "resume", "offline", "soak", "mixed"};

bool seconds(std::string_view text, double& value) {
  const std::string copy(text);
  char* end = nullptr;
  value = std::strtod(copy.c_str(), &end);
  return !copy.empty() && *end == '\0' && value >= 0;
}
}  // namespace

std::string_view to_string(Scenario scenario) { return scenario_names[static_cast<std::size_t>(scenario)]; }

Result<Scenario> parse_scenario(std::string_view name) {
  const auto found = std::find(scenario_names.begin(), scenario_names.end(), name);
  if (found == scenario_names.end()) return Error{Code::bad_request, "there is no scenario '" + std::string(name) + "'"};
  return static_cast<Scenario>(found - scenario_names.begin());
}

Result<Fault> parse_fault(std::string_view text, bool kill) {
  Fault fault;
  fault.kill = kill;
  const std::size_t at = text.find('@');
  const std::size_t plus = text.find('+', at == std::string_view::npos ? 0 : at);
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + std::min(at, text.size()), fault.pid);
  const bool pid_good = wrong == std::errc() && end == text.data() + at && fault.pid > 1;
  if (!pid_good || at == std::string_view::npos || !seconds(text.substr(at + 1, plus - at - 1), fault.at_s) ||
      (plus != std::string_view::npos && (kill || !seconds(text.substr(plus + 1), fault.for_s)))) {
    return Error{Code::bad_request, "'" + std::string(text) + "' is not PID@SECONDS" + (kill ? "" : " or PID@SECONDS+SECONDS")};
  }
  return fault;
}

std::vector<std::pair<std::string, std::string>> describe(const Options& options) {
  std::vector<std::pair<std::string, std::string>> all;
  const auto add = [&](std::string_view name, double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    all.emplace_back(name, std::move(text));
  };
  add("rooms", options.rooms);
  const bool talk =
      options.scenario == Scenario::chat || options.scenario == Scenario::soak || options.scenario == Scenario::mixed;
  if (talk) add("members", options.members);
  if (!talk) add("subscribers", options.subscribers);
  if (!talk) add("publishers", options.publishers);
  if (options.stalled != 0) add("stalled", options.stalled);
  if (options.rate > 0) add("rate", options.rate);
  if (options.rate <= 0) add("inflight", options.in_flight);
  add("bytes", static_cast<double>(options.client.payload_bytes));
  if (options.scenario == Scenario::offline) add("backlog", options.backlog);
  if (options.scenario == Scenario::resume) add("every", options.every_s);
  if (options.scenario == Scenario::mixed) add("think", options.think_s);
  if (options.scenario == Scenario::mixed || options.scenario == Scenario::soak) add("stay", options.stay_s);
  add("warmup", options.warmup_s);
  if (options.messages != 0) add("messages", static_cast<double>(options.messages));
  if (options.messages == 0) add("duration", options.duration_s);
  return all;
}

Status check_options(const Options& options) {
  const auto bad = [](std::string text) { return Status(Error{Code::bad_request, std::move(text)}); };
  if (options.urls.empty()) return bad("name the broker: --url mqtt://HOST:PORT or ws://HOST:PORT/ws");
  for (const Url& url : options.urls) {
    if (url.protocol != options.urls.front().protocol) return bad("all --url must speak the same protocol");
  }
  if (options.client.payload_bytes < payload_bytes_min) {
    return bad("--bytes must be at least " + std::to_string(payload_bytes_min) + ": the message carries its own proof");
  }
  if (options.rooms == 0 || options.in_flight == 0) return bad("--rooms and --inflight must be at least 1");
  const bool mqtt = options.client.protocol == Protocol::mqtt;
  const bool native = options.client.protocol == Protocol::native;
  if (native && options.client.qos == mqtt::QoS::exactly_once) {
    return bad(
        "the native protocol has --qos 0 (signals) and 1 (a publish with its cid is there once, however often it is sent)");
  }
  if (options.scenario == Scenario::offline && (mqtt || native) && options.client.qos == mqtt::QoS::at_most_once) {
    return bad("offline needs --qos 1 or 2: a broker keeps nothing of QoS 0 for who is away");
  }
  if (options.scenario == Scenario::iot && options.client.protocol == Protocol::native && options.publishers > 1000) {
    return bad("iot over the native protocol has no wildcards: at most 1000 --publishers");
  }
  return ok_status();
}

}  // namespace parley::loadtest
