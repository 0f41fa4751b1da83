#pragma once

// A client that comes, as its worker says it to the registry, and what the registry answers.

#include <memory>
#include <optional>

#include "broker/base/shared_text.h"
#include "broker/base/slot_map.h"
#include "broker/core/follower.h"
#include "broker/core/mqtt/state.h"

namespace parley::mqtt {

// One connection of one worker: where a take-over is told.
struct Owner {
  FollowerId worker = 0;
  SlotId client = 0;
};

struct Arrival {
  SharedText client_id;
  SubjectPtr subject;
  bool clean_start = false;
  std::uint32_t expiry_s = 0;
  Owner owner;
  std::optional<WillMessage> will;
};

struct Welcome {
  std::uint64_t generation = 0;         // to be given with everything that follows
  std::unique_ptr<SessionState> state;  // null: a new session. Its filters are in the log's index for the worker already
  SessionKey stored;                    // id 0: in memory alone
};

}  // namespace parley::mqtt
