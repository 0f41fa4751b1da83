#include "loadtest/plan.h"

namespace parley::loadtest {

std::string room_prefix(const Options& options) {
  return options.room_prefix.empty() ? "load/" + std::to_string(options.client.run) : options.room_prefix;
}

namespace {

using StreamId = Ledger::StreamId;

// Every member of a room subscribes and publishes.
std::vector<PlannedClient> everybody_talks(const Options& options, Ledger& ledger) {
  const bool present = options.scenario != Scenario::mixed;
  std::vector<PlannedClient> clients;
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    const std::string name = room_prefix(options) + "/" + std::to_string(room);
    ledger.add_room(name);
    for (std::uint32_t i = 0; i < options.members; ++i) clients.push_back({{name}, {ledger.add_stream()}});
  }
  for (std::uint32_t i = 0; i < clients.size(); ++i) ledger.subscribe(i, i / options.members, 1, present);
  return clients;
}

// Some publish, others listen.
std::vector<PlannedClient> some_talk(const Options& options, Ledger& ledger) {
  const bool spread = options.scenario == Scenario::connect;  // that many subscribers in all
  std::vector<PlannedClient> publishers;
  std::vector<std::string> names;
  for (std::uint32_t room = 0; room < options.rooms; ++room) {
    names.push_back(room_prefix(options) + "/" + std::to_string(room));
    ledger.add_room(names.back());
    for (std::uint32_t i = 0; i < options.publishers; ++i) {
      const StreamId stream = ledger.add_stream();
      // One connection probes all rooms after a connection storm.
      if (spread && room > 0) {
        publishers[i].streams.push_back(stream);
      } else {
        publishers.push_back({{}, {stream}});
      }
    }
  }
  std::vector<PlannedClient> clients;
  const std::uint32_t count = spread ? options.subscribers : options.subscribers * options.rooms;
  for (std::uint32_t i = 0; i < count && !names.empty(); ++i) {
    const auto room = static_cast<std::uint32_t>(i % names.size());
    ledger.subscribe(i, room, 1);
    clients.push_back({{names[room]}, {}});
  }
  clients.insert(clients.end(), publishers.begin(), publishers.end());
  return clients;
}

// Every device has a room of its own; few listen to all of them.
std::vector<PlannedClient> devices(const Options& options, Ledger& ledger) {
  std::vector<PlannedClient> publishers;
  std::vector<std::string> filters;
  const std::string prefix = room_prefix(options);
  for (std::uint32_t i = 0; i < options.publishers; ++i) {
    const std::string name = prefix + "/" + std::to_string(i) + "/temp";
    ledger.add_room(name);
    publishers.push_back({{}, {ledger.add_stream()}});
    if (options.client.protocol != Protocol::mqtt) filters.push_back(name);
  }
  if (options.client.protocol == Protocol::mqtt) filters.push_back(prefix + "/+/temp");
  std::vector<PlannedClient> clients;
  for (std::uint32_t i = 0; i < options.subscribers; ++i) {
    ledger.subscribe(i, 0, options.publishers);
    clients.push_back({filters, {}});
  }
  clients.insert(clients.end(), publishers.begin(), publishers.end());
  return clients;
}

}  // namespace

std::vector<PlannedClient> make_plan(const Options& options, Ledger& ledger) {
  switch (options.scenario) {
    case Scenario::chat:
    case Scenario::soak:
    case Scenario::mixed:
      return everybody_talks(options, ledger);
    case Scenario::iot:
      return devices(options, ledger);
    default:
      return some_talk(options, ledger);
  }
}

}  // namespace parley::loadtest
