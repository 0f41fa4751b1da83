#pragma once

// Which clients a scenario has, what each subscribes to and where it publishes. Written to the ledger and as a list of clients.

#include <string>
#include <vector>

#include "loadtest/ledger.h"
#include "loadtest/options.h"

namespace parley::loadtest {

struct PlannedClient {
  std::vector<std::string> filters;
  std::vector<Ledger::StreamId> streams;
};

// Rooms are PREFIX/0, PREFIX/1 … Subscribers come first, publishers after them; in rooms where everybody talks they are the same.
std::vector<PlannedClient> make_plan(const Options& options, Ledger& ledger);

// "load/RUN", or what was asked for.
std::string room_prefix(const Options& options);

}  // namespace parley::loadtest
