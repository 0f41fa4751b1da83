#pragma once

// Which subscribers want a topic name (MQTT 5 §4.7): filter → subscribers. No sockets, no sessions, no rooms.
//
// A filter without wildcards is looked up whole, in one step. Those with wildcards are a trie of levels: a match walks, level by
// level, the nodes that the name's beginning matches, at most three ways from each, and never looks at the others. So the cost
// goes with what matches, not with what is there.
//
// Names and filters are bytes; nothing is normalized [MQTT5-4.7.3-4]. A share group is a subscriber like any other: its owner
// adds the filter behind "$share/{group}/" under the group's id.
//
// Measured by tests/bench/subscription_tree.cpp. Threads: its owner's.

#include <cstdint>
#include <string_view>
#include <vector>

#include "broker/core/index_pool.h"
#include "broker/core/index_table.h"
#include "broker/core/packed_text.h"
#include "broker/core/siphash.h"
#include "broker/core/subscriber_set.h"

namespace parley {

class SubscriptionTree {
 public:
  // The key is secret and random: clients choose the filters, and must not be able to make them collide.
  explicit SubscriptionTree(HashKey key) : key_(key), root_(nodes_.add()) {}
  SubscriptionTree(const SubscriptionTree&) = delete;
  SubscriptionTree& operator=(const SubscriptionTree&) = delete;

  // `filter` is valid (core/topic_filter.h) and not shared. False when that subscriber had that filter: its data is replaced
  // [MQTT5-3.8.4-3].
  bool add(std::string_view filter, FilterOwner subscriber);
  // Compares byte by byte [MQTT5-3.10.4-1]. False when there was no such subscription.
  bool remove(std::string_view filter, SlotId subscriber);

  // Appends the subscriber of every subscription that matches, in no particular order; a subscriber with several filters that
  // match comes several times, with each one's data. They are copies: the caller may change the tree while it goes through them.
  // Answers how many nodes were looked at.
  std::size_t match(std::string_view name, std::vector<FilterOwner>& out) const;

  std::size_t size() const { return size_; }           // subscriptions
  std::size_t filters() const { return filters_; }     // different ones
  std::size_t nodes() const { return nodes_.size(); }  // of the trie

 private:
  struct Exact {
    PackedText filter;
    SubscriberSet subscribers;
  };
  struct Node {
    std::uint32_t parent = 0;
    std::uint32_t plus = 0;   // child for '+', 0 when there is none
    std::uint32_t multi = 0;  // child for '#'
    std::uint32_t named = 0;  // how many children have names: those are found by table_
    PackedText level;
    SubscriberSet subscribers;
  };
  static_assert(sizeof(Node) == 48);

  static bool has_wildcard(std::string_view filter) { return filter.find_first_of("+#") != std::string_view::npos; }
  std::uint32_t find_exact(std::uint64_t hash, std::string_view filter) const;
  bool add_exact(std::string_view filter, FilterOwner subscriber);
  bool remove_exact(std::string_view filter, SlotId subscriber);

  std::uint64_t child_hash(std::uint32_t parent, std::uint64_t level_hash) const { return mix64(level_hash ^ mix64(parent)); }
  std::uint32_t find_named(std::uint32_t parent, std::string_view level, std::uint64_t level_hash) const;
  std::uint32_t find_child(std::uint32_t parent, std::string_view level) const;
  std::uint32_t find_or_add_child(std::uint32_t parent, std::string_view level);
  void prune(std::uint32_t node, std::string_view filter);
  void unlink(std::uint32_t node, std::string_view level);
  std::size_t walk(std::string_view name, std::vector<FilterOwner>& out) const;

  HashKey key_;
  IndexPool<Exact> exact_;
  IndexTable exact_table_;
  IndexPool<Node> nodes_;
  IndexTable named_table_;  // (parent, level) → node
  std::uint32_t root_;
  std::size_t size_ = 0;
  std::size_t filters_ = 0;
  mutable std::vector<std::uint32_t> frontier_;  // of one match; kept for its memory
  mutable std::vector<std::uint32_t> next_;
};

}  // namespace parley
