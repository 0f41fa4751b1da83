#pragma once

// Who published what, who must have got it, and whether it came: each once, in the order of its publisher, in its room, byte for
// byte. Knows no sockets and no clock.
//
// A *stream* is one publisher in one room; its messages are numbered from 0. A room's streams are consecutive, and so are the
// rooms of one subscription, so that a subscriber's expectations are a plain array.

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "loadtest/payload.h"
#include "loadtest/violations.h"

namespace parley::loadtest {

class Ledger {
 public:
  using StreamId = std::uint32_t;
  using RoomId = std::uint32_t;
  using ClientId = std::uint32_t;

  // `run` is in every payload. `in_flight` is how many messages of one stream can be incomplete at a time; 0: completion is not
  // followed (open loop).
  Ledger(std::uint32_t run, std::uint32_t in_flight);

  // ---- the plan, in this order: a room, its streams, the next room … then subscriptions
  RoomId add_room(std::string name);
  StreamId add_stream();  // in the room added last
  // The client receives everything of `count` rooms from that one on. One call for a client.
  // present: it is subscribed from the beginning. Otherwise client_back() says when.
  void subscribe(ClientId client, RoomId first, std::uint32_t count, bool present = true);

  const std::string& room_name(RoomId room) const { return rooms_[room].name; }
  RoomId room_of(StreamId stream) const { return streams_[stream].room; }
  // Subscribers that are present now.
  std::uint32_t receivers(StreamId stream) const { return rooms_[streams_[stream].room].receivers; }
  std::size_t rooms() const { return rooms_.size(); }
  std::size_t streams() const { return streams_.size(); }

  // ---- publishing
  // The number of the stream's next message. From now on every present subscriber of the room is expected to get it.
  std::uint32_t publish(StreamId stream);
  void acked(StreamId stream, std::uint32_t number, std::uint64_t seq);
  // Refused for good: nobody gets it.
  void refused(StreamId stream, std::uint32_t number);
  // From `first` on what was published until now may be missing; or, sent again, come twice.
  void in_doubt(StreamId stream, std::uint32_t first, bool sent_again);

  // ---- receiving
  struct Outcome {
    bool counted = false;    // a delivery that was expected
    bool completed = false;  // the last subscriber has it now
    StreamId stream = 0;
    std::int64_t sent_ns = 0;
  };
  Outcome arrived(ClientId client, std::string_view room, std::string_view payload, std::uint64_t seq, bool repeated);
  // The log's number alone moves on (an entry that is no message; where a subscription starts).
  void seq_passed(ClientId client, std::string_view room, std::uint64_t seq, bool start);

  // Its subscription ended with its connection: what it has not got is not expected any more. Streams whose oldest message became
  // complete by that are appended to `completed`.
  void client_away(ClientId client, std::vector<StreamId>& completed);
  void client_back(ClientId client);

  // ---- the end
  // Deliveries that are still expected.
  std::uint64_t outstanding() const { return expected_ - arrived_ - written_off_; }
  std::uint64_t expected() const { return expected_ - written_off_; }
  std::uint64_t published() const { return published_; }
  std::uint64_t acked_count() const { return acked_; }
  std::uint64_t repeats_allowed() const { return repeats_allowed_; }
  // Reports what never came.
  void settle();
  // One message of a room's history, oldest first; then history_end: every acknowledged message must have been among them.
  void history(RoomId room, std::uint64_t seq, std::string_view payload);
  void history_end(RoomId room);

  Violations& violations() { return violations_; }
  const Violations& violations() const { return violations_; }

 private:
  struct Range {
    std::uint32_t from;
    std::uint32_t to;  // one behind the last
  };
  struct Stream {
    RoomId room = 0;
    std::uint32_t published = 0;
    std::vector<std::uint32_t> missing_at;  // by number % in_flight: subscribers that have not got it
    std::vector<Range> may_be_lost;
    std::vector<Range> may_repeat;
    std::vector<bool> acked;
    std::vector<bool> in_history;
  };
  struct Room {
    std::string name;
    StreamId first_stream = 0;
    std::uint32_t stream_count = 0;
    std::uint32_t receivers = 0;
    std::vector<std::uint64_t> log;  // by seq: which message, + 1; 0 unknown
  };
  struct Gap {
    StreamId stream;
    Range numbers;
  };
  struct Subscriber {
    RoomId first_room = 0;
    std::uint32_t room_count = 0;
    StreamId first_stream = 0;
    std::uint32_t stream_count = 0;
    bool present = false;
    std::size_t next_at = 0;  // of next_ and from_
    std::size_t seq_at = 0;   // of seqs_
    std::vector<Gap> gaps;    // numbers that were passed over
  };
  // `next` of a stream of which the first message to come is not known.
  static constexpr std::uint32_t unsynced = 0xffffffff;

  static std::uint64_t key(StreamId stream, std::uint32_t number) { return (std::uint64_t{stream} << 32U | number) + 1; }
  static bool within(const std::vector<Range>& ranges, std::uint32_t number);
  std::string text_of(StreamId stream, std::uint32_t number) const;
  void note_seq(RoomId room, std::uint64_t seq, std::uint64_t key, Violation kind);
  void follow_seq(Subscriber& subscriber, ClientId client, RoomId room, std::uint64_t seq);
  bool passed_over(Subscriber& subscriber, ClientId client, const Stamp& stamp);
  bool count(Subscriber& subscriber, const Stamp& stamp);
  void settle(ClientId client, Subscriber& subscriber);
  std::uint64_t report_lost(ClientId client, StreamId stream, Range numbers);

  std::uint32_t run_;
  std::uint32_t in_flight_;
  std::vector<Room> rooms_;
  std::unordered_map<std::string_view, RoomId> by_name_;
  std::vector<Stream> streams_;
  std::vector<Subscriber> subscribers_;
  std::vector<std::uint32_t> next_;  // expected next, by subscriber and stream
  std::vector<std::uint32_t> from_;  // expected at all, from that number on
  std::vector<std::uint64_t> seqs_;  // the last one, by subscriber and room; 0: unknown
  PayloadChecker checker_;
  Violations violations_;
  std::uint64_t expected_ = 0;
  std::uint64_t arrived_ = 0;
  std::uint64_t written_off_ = 0;
  std::uint64_t published_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t repeats_allowed_ = 0;
};

}  // namespace parley::loadtest
