// The only user of CLI11 here (slow to compile).

#include "loadtest/command_line.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "loadtest/monotonic.h"

namespace parley::loadtest {

namespace {

constexpr const char* footer =
    "Every scenario checks each delivery: lost, doubled, out of order, in the wrong room, other bytes; and each\n"
    "acknowledgement against what subscribers got and, where the broker has a history, against that at the end.\n"
    "Exit status: 0 all is well; 1 violations, described in the report; 2 the command line; 3 the broker could not be "
    "reached.\n\n"
    "Examples:\n"
    "  parley-loadtest fanout --url ws://127.0.0.1:8080/ws --subscribers 1000 --inflight 16 --server-pid $(pidof parley)\n"
    "  parley-loadtest chat --url mqtt://127.0.0.1:1883 --rooms 200 --members 10 --qos 1 --html chat.html\n"
    "  parley-loadtest fanout --url mqtt://127.0.0.1:1883 --rate 10 --json a.json     (10 messages a second, to each "
    "subscriber)\n"
    "  parley-loadtest chat --url ws://127.0.0.1:8080/ws --url ws://127.0.0.1:8081/ws --kill 4711@5 --duration 20\n"
    "  parley-loadtest compare a.json b.json --html both.html";

void fail(const Status& status) {
  if (!status) throw CLI::ValidationError(status.error().message);
}

struct Raw {
  std::vector<std::string> urls;
  std::vector<std::string> kills;
  std::vector<std::string> stops;
  std::string protocol;
  std::string version = "3.1.1";
  std::optional<unsigned> qos;
  bool no_history = false;
};

void add_load(CLI::App& app, Options& options, Raw& raw) {
  app.add_option("--url", raw.urls,
                 "the broker: mqtt://HOST:PORT, ws://HOST:PORT/mqtt (MQTT), ws://HOST:PORT/ws (native), "
                 "ws://HOST:PORT/socket.io/; with TLS mqtts:// and wss://; again for more replicas: clients are spread over them "
                 "and go to another after a break")
      ->required();
  app.add_option("--protocol", raw.protocol, "native, mqtt or socketio, where the URL does not say it")
      ->check(CLI::IsMember({"native", "mqtt", "socketio"}));
  app.add_option("--mqtt-version", raw.version, "3.1.1 or 5")->check(CLI::IsMember({"3.1.1", "5"}))->capture_default_str();
  app.add_option("--qos", raw.qos,
                 "of publishing and subscribing. MQTT: 0 (default), 1, 2. Native: 1 (default): publishes, which are kept and "
                 "acknowledged; 0: signals of the type message, which are neither")
      ->check(CLI::Range(0, 2));
  app.add_option(
         "--publish-window", options.client.publish_window,
         "MQTT, QoS 1 and 2: publishes of one client without an answer, at most. In 3.1.1 a broker cannot say how many it "
         "takes: Mosquitto ends a connection over 20 with QoS 2. 0: what the broker says")
      ->capture_default_str();
  app.add_flag("--persistent", options.client.persistent, "MQTT: sessions that outlive their connections");
  app.add_option("--token", options.client.token, "native: an access token; without one clients are guests");
  app.add_option("--user", options.client.user, "MQTT: user name");
  app.add_option("--password", options.client.password, "MQTT: password");

  app.add_option("--cafile", options.ca_file, "mqtts:// and wss://: the certificates to trust, PEM (default: the system's)")
      ->check(CLI::ExistingFile);

  const std::string load = "Load";
  app.add_option("--rooms", options.rooms, "rooms")->capture_default_str()->group(load);
  app.add_option("--subscribers", options.subscribers, "of each room; in connect and iot in all")
      ->capture_default_str()
      ->group(load);
  app.add_option("--publishers", options.publishers, "of each room; in iot in all, each in a room of its own")
      ->capture_default_str()
      ->group(load);
  app.add_option("--members", options.members, "chat, soak, mixed: of each room; everyone listens and talks")
      ->capture_default_str()
      ->group(load);
  app.add_option("--bytes", options.client.payload_bytes, "payload of a message")->capture_default_str()->group(load);
  app.add_option("--inflight", options.in_flight,
                 "closed loop: messages of one publisher that not every subscriber has yet (and that are not acknowledged)")
      ->capture_default_str()
      ->group(load);
  app.add_option("--rate", options.rate,
                 "open loop: messages a second, in all, at fixed times whatever the broker does; latencies count from the time a "
                 "message was due. 0: closed loop")
      ->capture_default_str()
      ->group(load);
  app.add_option("--room-prefix", options.room_prefix, "rooms are PREFIX/0, PREFIX/1 … (default: load/ and a number of this run)")
      ->group(load);

  const std::string time = "Time";
  app.add_option("--warmup", options.warmup_s, "seconds that are verified and not measured")->capture_default_str()->group(time);
  app.add_option("--duration", options.duration_s, "seconds that are measured")->capture_default_str()->group(time);
  app.add_option("--messages", options.messages, "measure that many messages instead")->group(time);
  app.add_option("--settle", options.settle_s, "seconds of rest between the last connection and the reading of memory")
      ->capture_default_str()
      ->group(time);
  app.add_option("--drain", options.drain_s, "the longest wait at the end for what is under way")
      ->capture_default_str()
      ->group(time);
}

void add_rest(CLI::App& app, Options& options, Raw& raw) {
  const std::string shape = "Scenarios";
  app.add_option("--connecting", options.connecting, "connections being made at a time")->capture_default_str()->group(shape);
  app.add_option("--every", options.every_s, "resume: seconds between two breaks")->capture_default_str()->group(shape);
  app.add_option("--backlog", options.backlog, "offline: messages of each room while everybody is away")
      ->capture_default_str()
      ->group(shape);
  app.add_option("--think", options.think_s, "mixed: mean seconds between two messages of one person")
      ->capture_default_str()
      ->group(shape);
  app.add_option("--stay", options.stay_s, "mixed, soak: mean seconds that one stays")->capture_default_str()->group(shape);
  app.add_option("--stalled", options.stalled, "fanout: subscribers that stop reading while it is measured")
      ->capture_default_str()
      ->group(shape);
  app.add_option("--seed", options.seed, "of everything random")->capture_default_str()->group(shape);

  const std::string faults = "Faults and server";
  app.add_option("--server-pid", options.server_pids, "a process of the broker: its CPU time and memory are reported")
      ->group(faults);
  app.add_option("--kill", raw.kills, "PID@T: SIGKILL, T seconds after the measurement began")->group(faults);
  app.add_option("--stop", raw.stops, "PID@T or PID@T+D: SIGSTOP for D (2) seconds")->group(faults);

  const std::string report = "Report";
  app.add_flag("--lossy", options.lossy, "missing deliveries are no violation: for QoS 0 on a broker that drops under load")
      ->group(report);
  app.add_flag("--no-history", raw.no_history, "do not compare with the broker's history")->group(report);
  app.add_option("--history", options.history_url,
                 "where to read it over REST: http:// or https://HOST:PORT (default: the native URL's)")
      ->group(report);
  app.add_option("--title", options.title, "the report's title")->group(report);
  app.add_option("--json", options.json_path, "write the report there")->group(report);
  app.add_option("--html", options.html_path, "write a page with plots there")->group(report);
  app.add_flag("--quiet", options.quiet, "no live line")->group(report);
}

void complete(Options& options, const Raw& raw) {
  for (const std::string& text : raw.urls) {
    Result<Url> url = Url::parse(text);
    if (!url) throw CLI::ValidationError("--url", url.error().message);
    if (raw.protocol == "native") url->protocol = Protocol::native;
    if (raw.protocol == "mqtt") url->protocol = Protocol::mqtt;
    if (raw.protocol == "socketio") url->protocol = Protocol::socketio;
    options.urls.push_back(std::move(url).value());
  }
  for (const auto* list : {&raw.kills, &raw.stops}) {
    for (const std::string& text : *list) {
      Result<Fault> fault = parse_fault(text, list == &raw.kills);
      if (!fault) throw CLI::ValidationError(list == &raw.kills ? "--kill" : "--stop", fault.error().message);
      options.faults.push_back(*fault);
    }
  }
  options.client.protocol = options.urls.front().protocol;
  options.client.version = raw.version == "5" ? mqtt::Version::v5 : mqtt::Version::v311;
  options.client.qos = static_cast<mqtt::QoS>(raw.qos.value_or(options.client.protocol == Protocol::native ? 1 : 0));
  options.client.persistent = options.client.persistent || options.scenario == Scenario::offline;
  options.history = !raw.no_history;
  // Another number for each run, so that nothing of an earlier one is taken for this one's.
  options.client.run = static_cast<std::uint32_t>(now_ns() / 1000) ^ static_cast<std::uint32_t>(getpid()) << 20U;
  fail(check_options(options));
}

struct ScenarioHelp {
  Scenario scenario;
  const char* text;
};
constexpr ScenarioHelp scenario_helps[] = {
    {Scenario::fanout, "one room (--rooms more), many subscribers, few publishers"},
    {Scenario::chat, "many rooms of some members, everybody talks"},
    {Scenario::iot, "many publishers with a room each, few subscribers with a wildcard"},
    {Scenario::connect, "a storm of connections, each with one subscription; then one message to all"},
    {Scenario::resume, "all subscribers lose their connections at once, come back and fill the gap; again and again"},
    {Scenario::offline, "messages pile up while all subscribers are away; then they come for them"},
    {Scenario::soak, "chat for long, with members who leave and come back; watch the memory"},
    {Scenario::mixed, "people who come, read what they missed, talk and leave, with times to think"},
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  Raw raw;
  CLI::App app("A load tester for chat and MQTT brokers that checks every delivery", "parley-loadtest");
  app.set_version_flag("--version", "parley-loadtest " PARLEY_VERSION);
  app.get_formatter()->column_width(34);
  app.footer(footer);
  app.require_subcommand(1, 1);
  std::vector<std::pair<CLI::App*, Scenario>> scenarios;
  for (const ScenarioHelp& help : scenario_helps) {
    CLI::App* one = app.add_subcommand(std::string(to_string(help.scenario)), help.text)->group("Scenarios");
    add_load(*one, line.options, raw);
    add_rest(*one, line.options, raw);
    scenarios.emplace_back(one, help.scenario);
  }
  CLI::App* compare = app.add_subcommand("compare", "several JSON reports side by side in one page")->group("Reports");
  compare->add_option("reports", line.inputs, "JSON reports")->required()->check(CLI::ExistingFile);
  compare->add_option("--html", line.output, "where to write it")->default_str("compare.html");
  CLI::App* merging = app.add_subcommand("merge", "reports of processes that ran at the same time, as one")->group("Reports");
  merging->add_option("reports", line.inputs, "JSON reports")->required()->check(CLI::ExistingFile);
  merging->add_option("--json", line.output, "where to write it")->required();
  merging->add_option("--html", line.html_output, "write a page, too");
  try {
    app.parse(argc, argv);
    for (const auto& [one, scenario] : scenarios) {
      if (!one->parsed()) continue;
      line.options.scenario = scenario;
      complete(line.options, raw);
      line.verb = CommandLine::Verb::run;
    }
    if (compare->parsed()) line.verb = CommandLine::Verb::compare;
    if (merging->parsed()) line.verb = CommandLine::Verb::merge;
    if (compare->parsed() && line.output.empty()) line.output = "compare.html";
  } catch (const CLI::ParseError& error) {
    line.verb = CommandLine::Verb::exit;
    app.exit(error, std::cout, std::cerr);
    line.exit_code = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success) ? 0 : 2;
  }
  return line;
}

}  // namespace parley::loadtest
