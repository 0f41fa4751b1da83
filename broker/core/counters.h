#pragma once

// What a loop counts. One thread adds, any thread reads; the server turns them into metrics.

#include <array>
#include <atomic>
#include <cstdint>

namespace parley {

class Counter {
 public:
  // Only the owning thread adds, so no locked instruction is needed.
  void add(std::uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void add(std::int64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  std::int64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

// Counts in buckets that double: bucket i holds values below 2^i (the last one all above).
class Histogram {
 public:
  static constexpr unsigned buckets = 28;
  void record(std::uint64_t value) {
    unsigned bucket = 0;
    while (bucket + 1 < buckets && (value >> bucket) != 0) ++bucket;
    counts_[bucket].add();
    sum_.add(value);
  }
  std::uint64_t count(unsigned bucket) const { return counts_[bucket].get(); }
  std::uint64_t sum() const { return sum_.get(); }
  static constexpr std::uint64_t upper_bound(unsigned bucket) { return 1ULL << bucket; }

 private:
  std::array<Counter, buckets> counts_;
  Counter sum_;
};

enum class Drop : unsigned char {
  signal_congested,  // a signal for a client that does not read fast enough
  signal_flood,      // a signal over a session's rate
  malformed,         // a frame that was no command
  refused,           // a command that was refused for lack of rights
  count,
};

// Of one worker: sessions, rooms and what was delivered.
struct WorkerCounters {
  Gauge sessions;
  Gauge subscriptions;
  Gauge rooms;
  Counter publishes;       // accepted for the log
  Counter publish_errors;  // refused or failed
  Counter duplicates;      // repeats of a cid
  Counter deliveries;      // entries handed to subscribers
  Counter signals;         // handed to subscribers
  Counter pages;           // read from the log for readers behind the tail
  Counter slow_readers;    // times that a subscriber fell behind the tail
  Counter gaps;            // entries that were pruned before a cursor read them
  std::array<Counter, static_cast<unsigned>(Drop::count)> drops;
  Histogram ack_latency_us;       // publish received to acknowledgement queued
  Histogram delivery_latency_us;  // an entry's time in the store to its hand-over to subscribers; one sample a batch of a room
  void drop(Drop reason, std::uint64_t n = 1) { drops[static_cast<unsigned>(reason)].add(n); }
};

// Of the log loop.
struct LogCounters {
  Gauge rooms_loaded;
  Gauge queue;        // entries waiting for a commit
  Counter committed;  // entries
  Counter commits;    // batches
  Counter failed_commits;
  Gauge in_doubt;           // entries whose commit the store has begun and cannot learn the outcome of
  Counter doubts_given_up;  // entries whose publishers were told that the outcome is unknown
  Counter pruned_steps;
  // of replicas
  Gauge gaps;                 // rooms that lag behind what is known to be committed
  Counter bus_sent;           // messages
  Counter bus_unsent;         // messages that the bus did not take
  Counter bus_received;       // of other replicas
  Counter bus_malformed;      // refused by the codec, or of another epoch
  Counter remote_entries;     // that came over the bus
  Counter filled;             // entries that were read from storage because nothing brought them
  Counter gap_reads;          // reads from storage to fill holes and to look at fresh rooms
  Counter reorder_overflows;  // entries that came too early and found the buffer full
  Counter heads_polls;
  Counter epoch_changes;
  Histogram batch_entries;
  Histogram commit_us;  // batch handed to storage until answered
};

}  // namespace parley
