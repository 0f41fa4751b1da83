#include "loadtest/ledger.h"

#include <algorithm>
#include <bit>

namespace parley::loadtest {

Ledger::Ledger(std::uint32_t run, std::uint32_t in_flight)
    : run_(run), in_flight_(in_flight == 0 ? 0 : std::bit_ceil(in_flight)) {}

// ---- the plan

Ledger::RoomId Ledger::add_room(std::string name) {
  Room room;
  room.name = std::move(name);
  room.first_stream = static_cast<StreamId>(streams_.size());
  rooms_.push_back(std::move(room));
  return static_cast<RoomId>(rooms_.size() - 1);
}

Ledger::StreamId Ledger::add_stream() {
  Stream stream;
  stream.room = static_cast<RoomId>(rooms_.size() - 1);
  stream.missing_at.resize(in_flight_);
  streams_.push_back(std::move(stream));
  ++rooms_.back().stream_count;
  return static_cast<StreamId>(streams_.size() - 1);
}

void Ledger::subscribe(ClientId client, RoomId first, std::uint32_t count, bool present) {
  if (by_name_.empty()) {
    for (RoomId id = 0; id < rooms_.size(); ++id) by_name_[rooms_[id].name] = id;
  }
  if (client >= subscribers_.size()) subscribers_.resize(client + 1);
  Subscriber& subscriber = subscribers_[client];
  subscriber.first_room = first;
  subscriber.room_count = count;
  subscriber.first_stream = rooms_[first].first_stream;
  const Room& last = rooms_[first + count - 1];
  subscriber.stream_count = last.first_stream + last.stream_count - subscriber.first_stream;
  subscriber.next_at = next_.size();
  subscriber.seq_at = seqs_.size();
  subscriber.present = present;
  next_.resize(next_.size() + subscriber.stream_count, present ? 0 : unsynced);
  from_.resize(next_.size(), present ? 0 : unsynced);
  seqs_.resize(seqs_.size() + count);
  if (!present) return;
  for (RoomId room = first; room < first + count; ++room) ++rooms_[room].receivers;
}

// ---- publishing

std::uint32_t Ledger::publish(StreamId id) {
  Stream& stream = streams_[id];
  const std::uint32_t number = stream.published++;
  const std::uint32_t receivers = rooms_[stream.room].receivers;
  expected_ += receivers;
  ++published_;
  if (in_flight_ != 0) stream.missing_at[number & (in_flight_ - 1)] = receivers;
  return number;
}

void Ledger::acked(StreamId id, std::uint32_t number, std::uint64_t seq) {
  Stream& stream = streams_[id];
  if (stream.acked.size() <= number) stream.acked.resize(std::max<std::size_t>(number + 1, stream.acked.size() * 2));
  if (stream.acked[number]) violations_.add(Violation::ack, text_of(id, number) + " was acknowledged twice");
  stream.acked[number] = true;
  ++acked_;
  if (seq != 0) note_seq(stream.room, seq, key(id, number), Violation::ack);
}

void Ledger::refused(StreamId id, std::uint32_t number) { streams_[id].may_be_lost.push_back({number, number + 1}); }

void Ledger::in_doubt(StreamId id, std::uint32_t first, bool sent_again) {
  Stream& stream = streams_[id];
  const Range range{first, sent_again ? first + 1 : stream.published};
  (sent_again ? stream.may_repeat : stream.may_be_lost).push_back(range);
}

bool Ledger::within(const std::vector<Range>& ranges, std::uint32_t number) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) { return number >= range.from && number < range.to; });
}

std::string Ledger::text_of(StreamId stream, std::uint32_t number) const {
  return "message " + std::to_string(number) + " of publisher " + std::to_string(stream) + " in " +
         rooms_[streams_[stream].room].name;
}

// ---- receiving

void Ledger::note_seq(RoomId id, std::uint64_t seq, std::uint64_t key, Violation kind) {
  std::vector<std::uint64_t>& log = rooms_[id].log;
  if (seq > log.size() + 100'000'000) return violations_.add(Violation::sequence, "an absurd seq " + std::to_string(seq));
  if (log.size() <= seq) log.resize(std::max<std::size_t>(seq + 1, log.size() * 2));
  if (log[seq] == 0) log[seq] = key;
  if (log[seq] == key) return;
  const auto other = log[seq] - 1;
  violations_.add(kind, "seq " + std::to_string(seq) + " is " +
                            text_of(static_cast<StreamId>((key - 1) >> 32U), static_cast<std::uint32_t>(key - 1)) + " and also " +
                            text_of(static_cast<StreamId>(other >> 32U), static_cast<std::uint32_t>(other)));
}

void Ledger::follow_seq(Subscriber& subscriber, ClientId client, RoomId room, std::uint64_t seq) {
  std::uint64_t& last = seqs_[subscriber.seq_at + room - subscriber.first_room];
  if (seq == last + 1 || last == 0) {
    last = seq;
    return;
  }
  violations_.add(Violation::sequence, "client " + std::to_string(client) + " got seq " + std::to_string(seq) + " after " +
                                           std::to_string(last) + " in " + rooms_[room].name);
  last = std::max(last, seq);
}

void Ledger::seq_passed(ClientId client, std::string_view name, std::uint64_t seq, bool start) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end() || client >= subscribers_.size()) return;
  Subscriber& subscriber = subscribers_[client];
  if (found->second - subscriber.first_room >= subscriber.room_count) return;
  if (start) {
    seqs_[subscriber.seq_at + found->second - subscriber.first_room] = seq;
  } else {
    follow_seq(subscriber, client, found->second, seq);
  }
}

Ledger::Outcome Ledger::arrived(ClientId client, std::string_view room, std::string_view payload, std::uint64_t seq,
                                bool repeated) {
  Outcome outcome;
  const Stamp* stamp = checker_.check(payload);
  if (stamp == nullptr || stamp->run != run_ || stamp->stream >= streams_.size() ||
      stamp->number >= streams_[stamp->stream].published) {
    violations_.add(Violation::content, "client " + std::to_string(client) + " got in " + std::string(room) +
                                            " what nobody published: '" + std::string(payload.substr(0, 60)) + "'");
    return outcome;
  }
  const Stream& stream = streams_[stamp->stream];
  if (client >= subscribers_.size() || stamp->stream - subscribers_[client].first_stream >= subscribers_[client].stream_count ||
      room != rooms_[stream.room].name) {
    violations_.add(Violation::wrong_room, "client " + std::to_string(client) + " got " + text_of(stamp->stream, stamp->number) +
                                               " as one of " + std::string(room));
    return outcome;
  }
  Subscriber& subscriber = subscribers_[client];
  if (seq != 0) {
    follow_seq(subscriber, client, stream.room, seq);
    note_seq(stream.room, seq, key(stamp->stream, stamp->number), Violation::sequence);
  }
  std::uint32_t& next = next_[subscriber.next_at + stamp->stream - subscriber.first_stream];
  if (stamp->number == next) {
    ++next;
  } else if (next == unsynced) {
    next = stamp->number + 1;
  } else if (stamp->number > next) {
    subscriber.gaps.push_back({stamp->stream, {next, stamp->number}});
    next = stamp->number + 1;
  } else if (!passed_over(subscriber, client, *stamp)) {
    if (repeated || within(stream.may_repeat, stamp->number)) {
      ++repeats_allowed_;
    } else {
      violations_.add(Violation::duplicate,
                      "client " + std::to_string(client) + " got " + text_of(stamp->stream, stamp->number) + " again");
    }
    return outcome;
  }
  outcome.stream = stamp->stream;
  outcome.sent_ns = stamp->sent_ns;
  outcome.counted = true;
  outcome.completed = count(subscriber, *stamp);
  return outcome;
}

// A number that was missing comes after a later one.
bool Ledger::passed_over(Subscriber& subscriber, ClientId client, const Stamp& stamp) {
  for (std::size_t i = 0; i < subscriber.gaps.size(); ++i) {
    const Gap gap = subscriber.gaps[i];
    if (gap.stream != stamp.stream || stamp.number < gap.numbers.from || stamp.number >= gap.numbers.to) continue;
    subscriber.gaps.erase(subscriber.gaps.begin() + static_cast<std::ptrdiff_t>(i));
    if (stamp.number > gap.numbers.from) subscriber.gaps.push_back({gap.stream, {gap.numbers.from, stamp.number}});
    if (stamp.number + 1 < gap.numbers.to) subscriber.gaps.push_back({gap.stream, {stamp.number + 1, gap.numbers.to}});
    if (!within(streams_[stamp.stream].may_repeat, stamp.number)) {
      violations_.add(Violation::order,
                      "client " + std::to_string(client) + " got " + text_of(stamp.stream, stamp.number) + " behind a later one");
    }
    return true;
  }
  return false;
}

// Whether the message is complete with it.
bool Ledger::count(Subscriber& subscriber, const Stamp& stamp) {
  if (stamp.number < from_[subscriber.next_at + stamp.stream - subscriber.first_stream]) return false;  // written off
  ++arrived_;
  if (in_flight_ == 0) return false;
  Stream& stream = streams_[stamp.stream];
  if (stream.published - stamp.number > in_flight_) return false;
  std::uint32_t& missing = stream.missing_at[stamp.number & (in_flight_ - 1)];
  return missing > 0 && --missing == 0;
}

// ---- subscribers that come and go

void Ledger::client_away(ClientId client, std::vector<StreamId>& completed) {
  if (client >= subscribers_.size() || !subscribers_[client].present) return;
  Subscriber& subscriber = subscribers_[client];
  subscriber.present = false;
  for (RoomId room = subscriber.first_room; room < subscriber.first_room + subscriber.room_count; ++room)
    --rooms_[room].receivers;
  std::fill_n(seqs_.begin() + static_cast<std::ptrdiff_t>(subscriber.seq_at), subscriber.room_count, 0);
  for (std::uint32_t i = 0; i < subscriber.stream_count; ++i) {
    const StreamId id = subscriber.first_stream + i;
    Stream& stream = streams_[id];
    std::uint32_t& next = next_[subscriber.next_at + i];
    std::uint32_t& from = from_[subscriber.next_at + i];
    const std::uint32_t first = next == unsynced ? from : std::max(next, from);
    for (std::uint32_t number = first; number < stream.published; ++number) {
      ++written_off_;
      if (in_flight_ == 0 || stream.published - number > in_flight_) continue;
      std::uint32_t& missing = stream.missing_at[number & (in_flight_ - 1)];
      if (missing > 0 && --missing == 0) completed.push_back(id);
    }
    next = unsynced;
    from = unsynced;
  }
}

void Ledger::client_back(ClientId client) {
  if (client >= subscribers_.size() || subscribers_[client].present || subscribers_[client].room_count == 0) return;
  Subscriber& subscriber = subscribers_[client];
  subscriber.present = true;
  for (RoomId room = subscriber.first_room; room < subscriber.first_room + subscriber.room_count; ++room)
    ++rooms_[room].receivers;
  for (std::uint32_t i = 0; i < subscriber.stream_count; ++i) {
    from_[subscriber.next_at + i] = streams_[subscriber.first_stream + i].published;
  }
}

// ---- the end

void Ledger::settle() {
  for (ClientId client = 0; client < subscribers_.size(); ++client) {
    if (subscribers_[client].room_count != 0) settle(client, subscribers_[client]);
  }
}

void Ledger::settle(ClientId client, Subscriber& subscriber) {
  for (const Gap& gap : subscriber.gaps) report_lost(client, gap.stream, gap.numbers);
  subscriber.gaps.clear();
  if (!subscriber.present) return;
  for (std::uint32_t i = 0; i < subscriber.stream_count; ++i) {
    const std::uint32_t next = next_[subscriber.next_at + i];
    const StreamId stream = subscriber.first_stream + i;
    const std::uint32_t first = next == unsynced ? from_[subscriber.next_at + i] : next;
    if (first < streams_[stream].published) report_lost(client, stream, {first, streams_[stream].published});
  }
}

std::uint64_t Ledger::report_lost(ClientId client, StreamId id, Range numbers) {
  const Stream& stream = streams_[id];
  std::uint64_t lost = 0;
  std::uint32_t first = 0;
  for (std::uint32_t number = numbers.from; number < numbers.to; ++number) {
    const bool promised = number < stream.acked.size() && stream.acked[number];
    if (!promised && within(stream.may_be_lost, number)) continue;
    if (lost++ == 0) first = number;
  }
  if (lost != 0) {
    violations_.add(Violation::lost,
                    "client " + std::to_string(client) + " never got " + text_of(id, first) +
                        (lost > 1 ? " and " + std::to_string(lost - 1) + " more up to " + std::to_string(numbers.to - 1) : ""),
                    lost);
  }
  return lost;
}

void Ledger::history(RoomId room, std::uint64_t seq, std::string_view payload) {
  const Stamp* stamp = checker_.check(payload);
  if (stamp == nullptr || stamp->run != run_ || stamp->stream >= streams_.size() || streams_[stamp->stream].room != room) {
    return violations_.add(Violation::history,
                           "seq " + std::to_string(seq) + " of " + rooms_[room].name + " is nothing that was published there");
  }
  std::vector<bool>& seen = streams_[stamp->stream].in_history;
  if (seen.size() <= stamp->number) seen.resize(std::max<std::size_t>(stamp->number + 1, seen.size() * 2));
  if (seen[stamp->number] && !within(streams_[stamp->stream].may_repeat, stamp->number)) {
    violations_.add(Violation::history, text_of(stamp->stream, stamp->number) + " is twice in the history");
  }
  seen[stamp->number] = true;
  note_seq(room, seq, key(stamp->stream, stamp->number), Violation::history);
}

void Ledger::history_end(RoomId room) {
  for (StreamId id = rooms_[room].first_stream; id < rooms_[room].first_stream + rooms_[room].stream_count; ++id) {
    const Stream& stream = streams_[id];
    for (std::uint32_t number = 0; number < stream.acked.size(); ++number) {
      if (!stream.acked[number] || (number < stream.in_history.size() && stream.in_history[number])) continue;
      violations_.add(Violation::history, text_of(id, number) + " was acknowledged and is not in the history");
    }
  }
}

}  // namespace parley::loadtest
