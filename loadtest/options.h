#pragma once

// What a run is asked to do. Filled by the command line (command_line.cpp), or by a test.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/result.h"
#include "loadtest/client.h"
#include "loadtest/url.h"

namespace parley::loadtest {

enum class Scenario : unsigned char { fanout, chat, iot, connect, resume, offline, soak, mixed };
Result<Scenario> parse_scenario(std::string_view name);
std::string_view to_string(Scenario scenario);

struct Fault {
  int pid = 0;
  bool kill = false;  // otherwise stopped, and continued after `for_s`
  double at_s = 0;    // after the measurement began
  double for_s = 2;
};
// "PID@T" or, for a stop, "PID@T+FOR"; seconds.
Result<Fault> parse_fault(std::string_view text, bool kill);

struct Options {
  Scenario scenario = Scenario::fanout;
  std::uint32_t seed = 1;
  std::vector<Url> urls;
  ClientSettings client;

  std::uint32_t rooms = 1;
  std::uint32_t subscribers = 1000;  // of a room; in `connect` and `iot`, in all
  std::uint32_t publishers = 1;      // of a room; in `iot`, in all
  std::uint32_t members = 10;        // chat, soak, mixed: of a room, each subscribes and publishes
  std::uint32_t stalled = 0;         // subscribers that stop reading when the measurement begins
  std::uint32_t in_flight = 1;       // closed loop: of each publisher in each room
  std::string room_prefix;           // default: load/RUN

  double rate = 0;  // open loop: messages published a second, in all; 0: closed loop
  double warmup_s = 1;
  double duration_s = 10;
  std::uint64_t messages = 0;  // ends the measurement when that many were published; 0: by time
  double settle_s = 1;         // after the last connection, before memory is read
  double drain_s = 10;         // the longest wait for what is still under way at the end

  unsigned connecting = 128;     // connections being made at a time
  std::uint32_t backlog = 1000;  // offline: messages of a room while everybody is away
  double every_s = 3;            // resume: between two breaks
  double think_s = 2;            // mixed: between two messages of one person, on average
  double stay_s = 20;            // mixed, soak: that a person stays, on average

  bool lossy = false;   // losses are counted and no violation: for a broker that promises nothing
  bool history = true;  // compare with the broker's history at the end, where it has one
  bool quiet = false;
  std::string ca_file;      // PEM, for mqtts:// and wss://; empty: the system's
  std::string history_url;  // http://HOST:PORT of a Parley; default: the native URL's
  std::vector<int> server_pids;
  std::vector<Fault> faults;

  std::string title;
  std::string json_path;
  std::string html_path;
};

// Each setting that matters to the figures, by name, for the report.
std::vector<std::pair<std::string, std::string>> describe(const Options& options);

// What does not go together. bad_request, with what to do.
Status check_options(const Options& options);

}  // namespace parley::loadtest
