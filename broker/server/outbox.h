#pragma once

// What connections are owed in this turn of a worker's loop, written at its end: one gathered write per connection and turn. It
// belongs to the worker, so that an idle connection has nothing but an index.

#include <cstdint>
#include <span>
#include <vector>

#include "broker/base/frame.h"

namespace parley::server {

class Outbox {
 public:
  // Where the bytes go. It must live until the turn's end, or call forget.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void write_out(std::span<const Frame> frames) = 0;
  };
  // An owner's place in this turn; the owner keeps it.
  class Place {
    friend class Outbox;
    std::uint32_t index = none;
    static constexpr std::uint32_t none = 0xffffffff;
  };

  void add(Owner& owner, Place& place, Frame frame);
  // Bytes added and not yet written out.
  std::size_t waiting_bytes(const Place& place) const;
  // Drops what was added.
  void forget(Place& place);

  // Writes everything out, in the order in which owners came. What is added meanwhile waits for the next call: true when there is
  // some.
  bool flush();

 private:
  struct Entry {
    Owner* owner = nullptr;
    Place* place = nullptr;
    std::vector<Frame> frames;
    std::size_t bytes = 0;
  };
  // Entries keep their vectors' memory for the next turns; only the first `used` hold something.
  struct Turn {
    std::vector<Entry> entries;
    std::uint32_t used = 0;
  };
  Turn collecting_;
  Turn flushing_;
};

}  // namespace parley::server
