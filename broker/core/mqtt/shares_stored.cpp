// Groups in storage: joined by a session of this process, claimed in pieces, finished.

#include <algorithm>

#include "broker/core/mqtt/shares.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

constexpr unsigned credit = 64;             // of a member, as in shares.cpp
constexpr unsigned claim_max = 256;         // entries of one room at a time
constexpr std::size_t recent_max = 256;     // entries of a room
constexpr std::size_t rooms_max = 1'000;    // whose entries are remembered
constexpr std::size_t flush_entries = 512;  // said to storage at once
constexpr MonoMs look_every_ms = 1'000;     // for what others gave back or lost
constexpr unsigned step_rooms = 1'000;

std::vector<SeqRange> to_ranges(std::vector<Seq> seqs) {
  std::sort(seqs.begin(), seqs.end());
  std::vector<SeqRange> out;
  for (const Seq seq : seqs) {
    if (!out.empty() && seq <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, seq);
    } else {
      out.push_back({seq, seq});
    }
  }
  return out;
}

}  // namespace

// ---- a session of this process

void Shares::open() {
  if (opening_ || own_.id != 0) return;
  opening_ = true;
  SessionOpening opening;
  opening.client_id = std::string(1, '\0') + storage_.owner;  // no client can have it
  opening.owner = storage_.owner;
  opening.clean_start = true;
  storage_.store->open_session(std::move(opening), storage_.clock->unix_ms(), [this](const Result<SessionOpened>& opened) {
    opening_ = false;
    if (!opened) {  // again with the next tick
      for (auto& [filter, group] : groups_) {
        for (Reply<Nothing>& asking : std::exchange(group->asking, {})) asking(opened.error());
      }
      return;
    }
    own_ = opened->key;
    if (storage_.opened) storage_.opened(own_);
    for (auto& [filter, group] : groups_) {
      if (!group->joined && !std::exchange(group->joining, true)) subscribe(group->number, {});
    }
  });
}

// Another process took us for dead: what was claimed is others' by now. What members have of it they may still finish.
void Shares::lost() {
  own_ = {};
  done_.clear();
  returned_.clear();
  for (auto& [filter, group] : groups_) {
    group->joined = false;
    group->waiting.clear();
    group->work.clear();
    for (Member& member : group->members) member.owed.clear();
  }
  open();
}

// ---- joining and leaving

void Shares::subscribe(SlotId number, RoomsStep step) {
  Group* group = find(number);
  if (group == nullptr) return;
  if (own_.id == 0) {
    group->joining = false;  // open() goes on with it
    return open();
  }
  MqttSubscription subscription;
  subscription.filter = group->filter;
  subscription.qos = QoS::at_least_once;
  step.rooms_max = step_rooms;
  storage_.store->subscribe(own_, subscription, step, [this, number, step](const Result<RoomsPage>& page) mutable {
    Group* joining = find(number);
    if (!page && is_session_lost(page.error())) {
      if (joining != nullptr) joining->joining = false;
      return lost();
    }
    if (joining == nullptr) return;
    if (!page) return subscribed(*joining, page.error());
    if (page->done) return subscribed(*joining, Nothing{});
    step.after = page->next;
    subscribe(number, step);
  });
}

void Shares::subscribed(Group& group, const Result<Nothing>& result) {
  group.joining = false;
  group.joined = result.ok();
  for (Reply<Nothing>& asking : std::exchange(group.asking, {})) asking(result);
  if (group.joined && !std::exchange(group.looking, true)) look(group.number, {});
}

// The last member here has left: what is not finished is for members elsewhere, or for those who come back.
void Shares::give_back(Group& group) {
  for (const Owed& owed : group.waiting) returned_[{group.filter, owed.room}].push_back(owed.seq);
  for (Reply<Nothing>& asking : std::exchange(group.asking, {})) asking({Code::unavailable, "the group was left"});
  flush();
  if (own_.id == 0) return;
  storage_.store->unsubscribe(own_, {group.filter}, [](const Result<std::vector<bool>>&) {});
}

// ---- what there is to claim

void Shares::note_work(Group& group, RoomId room, const std::shared_ptr<const std::string>& name) {
  Group::Work& work = group.work[room];
  work.name = name;
  ++work.heard;
}

void Shares::note_entries(Group& group, const Run& run) {
  note_work(group, run.room, run.name);
  if (recent_.size() > rooms_max) recent_.clear();
  std::deque<EntryPtr>& recent = recent_[run.room];
  for (const EntryPtr& entry : *run.entries) {
    if (recent.empty() || recent.back()->seq < entry->seq) recent.push_back(entry);
  }
  while (recent.size() > recent_max) recent.pop_front();
}

EntryPtr Shares::remembered(RoomId room, Seq seq) const {
  const auto found = recent_.find(room);
  if (found == recent_.end()) return nullptr;
  const auto at = std::lower_bound(found->second.begin(), found->second.end(), seq,
                                   [](const EntryPtr& entry, Seq wanted) { return entry->seq < wanted; });
  return at != found->second.end() && (*at)->seq == seq ? *at : nullptr;
}

void Shares::look(SlotId number, RoomsStep step) {
  const Group* group = find(number);
  if (group == nullptr) return;
  step.rooms_max = step_rooms;
  storage_.store->share_backlog(group->filter, step, [this, number, step](const Result<RoomsPage>& page) mutable {
    Group* looking = find(number);
    if (looking == nullptr) return;
    looking->looking = false;
    if (!page) return;
    for (const MatchedRoom& room : page->rooms) {
      note_work(*looking, room.room, std::make_shared<const std::string>(room.name));
    }
    if (!page->done) {
      looking->looking = true;
      step.after = page->next;
      look(number, step);
    }
    pump();
  });
}

// ---- claiming

void Shares::pump() {
  if (claiming_ || own_.id == 0) return;
  std::vector<ClaimRequest> requests;
  std::vector<Asked> asked;
  for (auto& [filter, group] : groups_) {
    if (!group->joined || !group->waiting.empty()) continue;
    std::size_t free = 0;
    for (const Member& member : group->members) free += credit - std::min<std::size_t>(credit, member.owed.size());
    for (const auto& [room, work] : group->work) {
      const auto entries = static_cast<unsigned>(std::min<std::size_t>(free, claim_max));
      if (entries == 0) break;
      requests.push_back({own_, filter, room, entries});
      asked.push_back({group->number, filter, room, work.heard, entries});
      free -= entries;
    }
  }
  if (requests.empty()) return;
  claiming_ = true;
  storage_.store->claim(std::move(requests),
                        [this, asked = std::move(asked)](const Result<std::vector<Result<std::vector<SeqRange>>>>& answers) {
                          claiming_ = false;
                          claimed(asked, answers);
                        });
}

void Shares::claimed(const std::vector<Asked>& asked, const Result<std::vector<Result<std::vector<SeqRange>>>>& answers) {
  if (!answers) return;  // storage is away; again with the next tick
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const Result<std::vector<SeqRange>>& ranges = (*answers)[i];
    if (!ranges && is_session_lost(ranges.error())) return lost();
    Group* group = find(asked[i].group);
    if (group == nullptr) {  // left meanwhile
      for (const SeqRange& range : ranges ? *ranges : std::vector<SeqRange>()) {
        for (Seq seq = range.first; seq <= range.last; ++seq) returned_[{asked[i].filter, asked[i].room}].push_back(seq);
      }
      continue;
    }
    std::size_t entries = 0;
    if (ranges) {
      for (const SeqRange& range : *ranges) entries += static_cast<std::size_t>(range.last - range.first + 1);
      take(*group, asked[i].room, *ranges);
    }
    const auto work = group->work.find(asked[i].room);
    if (work != group->work.end() && work->second.heard == asked[i].heard && entries < asked[i].entries) group->work.erase(work);
  }
  pump();
}

void Shares::take(Group& group, RoomId room, const std::vector<SeqRange>& ranges) {
  const auto work = group.work.find(room);
  if (work == group.work.end()) return;
  for (const SeqRange& range : ranges) {
    for (Seq seq = range.first; seq <= range.last; ++seq) {
      group.waiting.push_back({room, work->second.name, seq, remembered(room, seq)});
    }
  }
  assign(group);
}

// ---- what is finished

void Shares::finished(const Group& group, RoomId room, Seq seq) {
  if (!stored()) return;
  std::vector<Seq>& seqs = done_[{group.filter, room}];
  seqs.push_back(seq);
  if (seqs.size() >= flush_entries && saving_ == 0) flush();
}

void Shares::flush() {
  if (own_.id == 0 || (done_.empty() && returned_.empty())) return;
  auto done = std::exchange(done_, {});
  auto returned = std::exchange(returned_, {});
  SessionSave save;
  save.session = own_;
  for (const auto& [what, seqs] : done) save.shares.push_back({what.first, what.second, to_ranges(seqs), {}});
  for (const auto& [what, seqs] : returned) save.shares.push_back({what.first, what.second, {}, to_ranges(seqs)});
  ++saving_;
  std::vector<SessionSave> saves;
  saves.push_back(std::move(save));
  storage_.store->save(std::move(saves), [this, key = own_, done = std::move(done),
                                          returned = std::move(returned)](const Result<std::vector<Status>>& saved) mutable {
    --saving_;
    if (saved && saved->front()) return;
    if (!(key == own_)) return;
    if (saved) return lost();
    // Storage is away; again with the next tick.
    for (auto& [what, seqs] : done) done_[what].insert(done_[what].end(), seqs.begin(), seqs.end());
    for (auto& [what, seqs] : returned) returned_[what].insert(returned_[what].end(), seqs.begin(), seqs.end());
  });
}

void Shares::tick() {
  if (!stored()) return;
  places_.tick(storage_.clock->mono_ms());
  if (saving_ == 0) flush();
  if (groups_.empty()) return;
  if (own_.id == 0) return open();
  const MonoMs now = storage_.clock->mono_ms();
  if (now >= next_look_) {
    next_look_ = now + look_every_ms;
    for (auto& [filter, group] : groups_) {
      if (!group->joined) {
        if (!std::exchange(group->joining, true)) subscribe(group->number, {});
      } else if (!std::exchange(group->looking, true)) {
        look(group->number, {});
      }
    }
  }
  pump();
}

void Shares::close() {
  if (!stored() || own_.id == 0) return;
  flush();
  storage_.store->close_session(own_, 0, true, storage_.clock->unix_ms(), [](const Result<std::vector<DueWill>>&) {});
  own_ = {};
}

}  // namespace parley::mqtt
