#include "broker/core/subscription_tree.h"

#include <utility>

namespace parley {

namespace {

// Takes the first level off; false when it was the last.
bool take_level(std::string_view& rest, std::string_view& level) {
  const std::size_t slash = rest.find('/');
  level = rest.substr(0, slash);
  if (slash == std::string_view::npos) return false;
  rest.remove_prefix(slash + 1);
  return true;
}

void copy(const SubscriberSet& subscribers, std::vector<FilterOwner>& out) {
  subscribers.for_each([&](const FilterOwner& subscriber) { out.push_back(subscriber); });
}

}  // namespace

bool SubscriptionTree::add(std::string_view filter, FilterOwner subscriber) {
  if (!has_wildcard(filter)) return add_exact(filter, subscriber);
  std::uint32_t node = root_;
  std::string_view level;
  for (bool more = true; more;) {
    more = take_level(filter, level);
    node = find_or_add_child(node, level);
  }
  SubscriberSet& subscribers = nodes_[node].subscribers;
  if (subscribers.empty()) ++filters_;
  if (!subscribers.set(subscriber)) return false;
  ++size_;
  return true;
}

bool SubscriptionTree::remove(std::string_view filter, SlotId subscriber) {
  if (!has_wildcard(filter)) return remove_exact(filter, subscriber);
  std::uint32_t node = root_;
  std::string_view rest = filter;
  std::string_view level;
  for (bool more = true; more;) {
    more = take_level(rest, level);
    node = find_child(node, level);
    if (node == 0) return false;
  }
  if (!nodes_[node].subscribers.erase(subscriber)) return false;
  --size_;
  if (nodes_[node].subscribers.empty()) {
    --filters_;
    prune(node, filter);
  }
  return true;
}

std::size_t SubscriptionTree::match(std::string_view name, std::vector<FilterOwner>& out) const {
  if (const std::uint32_t index = find_exact(siphash13(key_, name), name); index != 0) copy(exact_[index].subscribers, out);
  return 1 + walk(name, out);
}

std::size_t SubscriptionTree::walk(std::string_view name, std::vector<FilterOwner>& out) const {
  // A wildcard in the first level matches no name beginning with '$' [MQTT5-4.7.2-1].
  bool wildcards = name.empty() || name.front() != '$';
  std::size_t seen = 0;
  frontier_.assign(1, root_);
  for (bool more = true; more && !frontier_.empty();) {
    std::string_view level;
    more = take_level(name, level);
    const std::uint64_t level_hash = siphash13(key_, level);
    next_.clear();
    for (const std::uint32_t index : frontier_) {
      const Node& node = nodes_[index];
      if (wildcards && node.multi != 0) copy(nodes_[node.multi].subscribers, out);
      if (wildcards && node.plus != 0) next_.push_back(node.plus);
      if (node.named == 0) continue;
      if (const std::uint32_t child = find_named(index, level, level_hash); child != 0) next_.push_back(child);
    }
    seen += frontier_.size();
    wildcards = true;
    std::swap(frontier_, next_);
  }
  for (const std::uint32_t index : frontier_) {
    const Node& node = nodes_[index];
    copy(node.subscribers, out);
    if (node.multi != 0) copy(nodes_[node.multi].subscribers, out);  // "a/#" matches "a" too (§4.7.1.2)
  }
  return seen + frontier_.size();
}

std::uint32_t SubscriptionTree::find_exact(std::uint64_t hash, std::string_view filter) const {
  return exact_table_.find(hash, [&](std::uint32_t index) { return exact_[index].filter == filter; });
}

bool SubscriptionTree::add_exact(std::string_view filter, FilterOwner subscriber) {
  const std::uint64_t hash = siphash13(key_, filter);
  std::uint32_t index = find_exact(hash, filter);
  if (index == 0) {
    index = exact_.add();
    exact_[index].filter = PackedText(filter);
    exact_table_.insert(hash, index);
    ++filters_;
  }
  if (!exact_[index].subscribers.set(subscriber)) return false;
  ++size_;
  return true;
}

bool SubscriptionTree::remove_exact(std::string_view filter, SlotId subscriber) {
  const std::uint64_t hash = siphash13(key_, filter);
  const std::uint32_t index = find_exact(hash, filter);
  if (index == 0 || !exact_[index].subscribers.erase(subscriber)) return false;
  --size_;
  if (exact_[index].subscribers.empty()) {
    exact_table_.erase(hash, index);
    exact_.erase(index);
    --filters_;
  }
  return true;
}

std::uint32_t SubscriptionTree::find_named(std::uint32_t parent, std::string_view level, std::uint64_t level_hash) const {
  return named_table_.find(child_hash(parent, level_hash),
                           [&](std::uint32_t index) { return nodes_[index].parent == parent && nodes_[index].level == level; });
}

std::uint32_t SubscriptionTree::find_child(std::uint32_t parent, std::string_view level) const {
  if (level == "+") return nodes_[parent].plus;
  if (level == "#") return nodes_[parent].multi;
  return find_named(parent, level, siphash13(key_, level));
}

std::uint32_t SubscriptionTree::find_or_add_child(std::uint32_t parent, std::string_view level) {
  if (const std::uint32_t child = find_child(parent, level); child != 0) return child;
  const std::uint32_t made = nodes_.add();
  nodes_[made].parent = parent;
  if (level == "+") {
    nodes_[parent].plus = made;
  } else if (level == "#") {
    nodes_[parent].multi = made;
  } else {
    nodes_[made].level = PackedText(level);
    named_table_.insert(child_hash(parent, siphash13(key_, level)), made);
    ++nodes_[parent].named;
  }
  return made;
}

// Takes out the nodes of `filter` that lead nowhere any more, from its last level up.
void SubscriptionTree::prune(std::uint32_t node, std::string_view filter) {
  while (node != root_) {
    const Node& leaf = nodes_[node];
    if (leaf.plus != 0 || leaf.multi != 0 || leaf.named != 0 || !leaf.subscribers.empty()) return;
    const std::uint32_t parent = leaf.parent;
    const std::size_t slash = filter.rfind('/');
    unlink(node, slash == std::string_view::npos ? filter : filter.substr(slash + 1));
    filter = filter.substr(0, slash == std::string_view::npos ? 0 : slash);
    node = parent;
  }
}

void SubscriptionTree::unlink(std::uint32_t node, std::string_view level) {
  Node& parent = nodes_[nodes_[node].parent];
  if (level == "+") {
    parent.plus = 0;
  } else if (level == "#") {
    parent.multi = 0;
  } else {
    named_table_.erase(child_hash(nodes_[node].parent, siphash13(key_, level)), node);
    --parent.named;
  }
  nodes_.erase(node);
}

}  // namespace parley
