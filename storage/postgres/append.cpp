#include "storage/postgres/append.h"

#include <sodium.h>

#include <algorithm>
#include <map>

#include "storage/fingerprint.h"
#include "storage/mqtt_store.h"
#include "storage/reaction.h"

namespace parley::postgres {

namespace {

#define PARLEY_APPEND_ARGUMENTS                                                                                              \
  "($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,$29,$30,$31,$32," \
  "$33,$34,$35,$36,$37,$38,$39,$40)"
constexpr const char* append_sql =
    "SELECT plain, befores, messages, times, codes, seqs, entry_times, entry_messages, errors FROM "
    "append" PARLEY_APPEND_ARGUMENTS;
constexpr const char* append_carefully_sql =
    "SELECT plain, befores, messages, times, codes, seqs, entry_times, entry_messages, errors FROM "
    "append_carefully" PARLEY_APPEND_ARGUMENTS;

enum class Verdict : std::int64_t {
  appended,
  duplicate,
  appended_before,
  conflict,
  no_room,
  no_target,
  foreign_target,
  refused,
  session_lost,
  will_gone
};

bool has_target(EntryType type) {
  return type == EntryType::edit || type == EntryType::remove || type == EntryType::reaction || type == EntryType::pin;
}
bool has_mqtt(const NewEntry& entry) { return entry.inbound || entry.will != 0 || entry.retain; }
bool has_effects(const NewEntry& entry) { return has_target(entry.type) || entry.member || entry.settings; }

// What an entry is to the call besides its own fields.
struct Row {
  std::size_t index = 0;  // in the caller's batch
  std::string key;
  std::string fingerprint;  // empty: none
  std::int32_t place = 0;   // of its room, from 1
  std::int32_t nth = 0;
  std::int32_t counted = 0;
  std::int32_t repeats = 0;
};

struct RoomTotals {
  std::int32_t place = 0;
  std::int32_t entries = 0;
  std::int32_t messages = 0;
};

struct Effect {
  std::int32_t entry = 0;  // place in the call, from 1
  const NewEntry* source = nullptr;
  std::optional<ReactionState> reaction;
};

// All that can be said against an entry without asking.
Status check(const NewEntry& entry, std::size_t bytes_max, std::optional<ReactionState>& reaction) {
  if (content_bytes(entry) > bytes_max) return {Code::too_large, "the entry is larger than the store takes"};
  if (entry.type == EntryType::reaction) {
    auto state = parse_reaction(entry.body);
    if (!state.ok()) return state.error();
    reaction = std::move(*state);
  }
  if (entry.member && entry.member->role == Role::guest) return {Code::bad_request, "a guest is not a member"};
  return ok_status();
}

class AppendCall final : public Call {
 public:
  AppendCall(const AppendContext& context, EntryKeys& keys, std::vector<NewEntry> batch, UnixMs now,
             std::vector<Result<Appended>> results)
      : context_(context), call_(keys.next_call()), batch_(std::move(batch)), now_(now), results_(std::move(results)) {
    rows_.reserve(batch_.size());
    for (std::size_t i = 0; i < batch_.size(); ++i) add(keys, i);
    std::int32_t place = 0;
    for (auto& [room, totals] : rooms_) totals.place = ++place;
    for (Row& row : rows_) row.place = rooms_[batch_[row.index].room].place;
  }

  bool empty() const { return rows_.empty(); }
  std::vector<Result<Appended>>& results() { return results_; }
  void set_done(Reply<std::vector<Result<Appended>>> done) { done_ = std::move(done); }

  const char* sql() const override { return careful_ ? append_carefully_sql : append_sql; }
  void encode(Params& out, const Attempt& attempt) const override;
  bool change_after(const Failure& /*failure*/) override { return !std::exchange(careful_, true); }
  void answer(Result<Rows> rows) override {
    if (!rows.ok()) return done_(rows.error());
    rows->truth(0, 0) ? read_plain(*rows) : read_each(*rows);
    done_(std::move(results_));
  }

 private:
  void add(EntryKeys& keys, std::size_t index);
  void encode_entries(Params& out) const;
  void encode_effects(Params& out) const;
  void encode_mqtt(Params& out) const;
  void read_plain(const Rows& rows);
  void read_each(const Rows& rows);
  Result<Appended> judge(Verdict verdict, Appended appended, const std::string& reason) const;
  const NewEntry& entry(std::size_t row) const { return batch_[rows_[row].index]; }

  // A column of bytes; an empty array where no entry has any.
  template <typename Get>
  void optional_bytes(Params& out, Oid type, Get get) const {
    bool any = false;
    for (std::size_t i = 0; i < rows_.size() && !any; ++i) any = !get(i).empty();
    out.array(type, any ? rows_.size() : 0, [&](std::size_t i, Params& to) { to.bytes_or_null(get(i)); });
  }

  const AppendContext& context_;
  const std::int64_t call_;
  const std::vector<NewEntry> batch_;
  const UnixMs now_;
  std::vector<Result<Appended>> results_;
  Reply<std::vector<Result<Appended>>> done_;
  std::vector<Row> rows_;
  std::map<RoomId, RoomTotals> rooms_;
  std::vector<Effect> effects_;
  std::vector<std::int32_t> mqtt_;  // places in the call of entries with has_mqtt(), from 1
  std::map<std::pair<RoomId, std::string>, std::int32_t> seen_;
  bool repeats_ = false;
  bool careful_ = false;
};

void AppendCall::add(EntryKeys& keys, std::size_t index) {
  const NewEntry& entry = batch_[index];
  std::optional<ReactionState> reaction;
  if (auto status = check(entry, context_.entry_bytes_max, reaction); !status.ok()) {
    results_[index] = status.error();
    return;
  }
  Row row;
  row.index = index;
  const auto number = static_cast<std::int32_t>(rows_.size() + 1);
  if (entry.cid.empty()) {
    row.key = keys.next();
  } else {
    row.key = cid_key_of(entry).bytes();
    row.fingerprint = fingerprint_of(entry).bytes();
    auto [place, fresh] = seen_.try_emplace({entry.room, row.key}, number);
    if (!fresh) row.repeats = std::exchange(place->second, number);
    repeats_ = repeats_ || !fresh;
  }
  RoomTotals& totals = rooms_[entry.room];
  row.nth = ++totals.entries;
  totals.messages += entry.type == EntryType::message ? 1 : 0;
  row.counted = totals.messages;
  rows_.push_back(std::move(row));
  if (has_mqtt(entry)) mqtt_.push_back(number);
  if (has_effects(entry)) effects_.push_back({number, &entry, std::move(reaction)});
}

void AppendCall::encode(Params& out, const Attempt& attempt) const {
  out.bytes(context_.replica).int8(attempt.generation).int8(call_).boolean(attempt.again).int8(now_);
  std::vector<std::pair<RoomId, RoomTotals>> rooms(rooms_.begin(), rooms_.end());
  out.array(Oid::int8, rooms.size(), [&](std::size_t i, Params& to) { to.int8(rooms[i].first); });
  out.array(Oid::int4, rooms.size(), [&](std::size_t i, Params& to) { to.int4(rooms[i].second.entries); });
  out.array(Oid::int4, rooms.size(), [&](std::size_t i, Params& to) { to.int4(rooms[i].second.messages); });
  encode_entries(out);
  encode_effects(out);
  encode_mqtt(out);
}

void AppendCall::encode_entries(Params& out) const {
  const std::size_t count = rows_.size();
  out.array(Oid::int4, count, [&](std::size_t i, Params& to) { to.int4(rows_[i].place); });
  out.array(Oid::int4, count, [&](std::size_t i, Params& to) { to.int4(rows_[i].nth); });
  out.array(Oid::int4, count, [&](std::size_t i, Params& to) { to.int4(rows_[i].counted); });
  out.array(Oid::int2, count, [&](std::size_t i, Params& to) { to.int2(static_cast<std::int16_t>(entry(i).type)); });
  out.array(Oid::int2, count, [&](std::size_t i, Params& to) { to.int2(static_cast<std::int16_t>(entry(i).payload)); });
  const bool targets = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) { return batch_[row.index].target != 0; });
  out.array(Oid::int8, targets ? count : 0,
            [&](std::size_t i, Params& to) { to.int8(static_cast<std::int64_t>(std::min<Seq>(entry(i).target, INT64_MAX))); });
  out.array(Oid::uuid, count, [&](std::size_t i, Params& to) { to.bytes(rows_[i].key); });
  optional_bytes(out, Oid::uuid, [&](std::size_t i) { return std::string_view(rows_[i].fingerprint); });
  out.array(Oid::bytes, count, [&](std::size_t i, Params& to) { to.bytes(entry(i).user_id); });
  out.array(Oid::bytes, count, [&](std::size_t i, Params& to) { to.bytes(entry(i).user_name); });
  optional_bytes(out, Oid::bytes, [&](std::size_t i) { return std::string_view(entry(i).cid); });
  optional_bytes(out, Oid::bytes, [&](std::size_t i) { return std::string_view(entry(i).content_type); });
  optional_bytes(out, Oid::bytes, [&](std::size_t i) { return std::string_view(entry(i).properties); });
  out.array(Oid::bytes, count, [&](std::size_t i, Params& to) { to.bytes(entry(i).body); });
  out.array(Oid::int4, repeats_ ? count : 0, [&](std::size_t i, Params& to) { to.int4(rows_[i].repeats); });
}

void AppendCall::encode_effects(Params& out) const {
  const std::size_t count = effects_.size();
  const auto each = [&](Oid type, auto add) {
    out.array(type, count, [&](std::size_t i, Params& to) { add(effects_[i], *effects_[i].source, to); });
  };
  each(Oid::int4, [](const Effect& effect, const NewEntry&, Params& to) { to.int4(effect.entry); });
  each(Oid::bytes, [](const Effect&, const NewEntry& entry, Params& to) { to.bytes_or_null(entry.target_author); });
  each(Oid::bytes,
       [](const Effect& effect, const NewEntry&, Params& to) { effect.reaction ? to.bytes(effect.reaction->key) : to.null(); });
  each(Oid::boolean,
       [](const Effect& effect, const NewEntry&, Params& to) { to.boolean(effect.reaction && effect.reaction->on); });
  each(Oid::bytes,
       [](const Effect&, const NewEntry& entry, Params& to) { entry.member ? to.bytes(entry.member->user_id) : to.null(); });
  each(Oid::bytes,
       [](const Effect&, const NewEntry& entry, Params& to) { entry.member ? to.bytes(entry.member->user_name) : to.null(); });
  each(Oid::int2, [](const Effect&, const NewEntry& entry, Params& to) {
    const bool role = entry.member && entry.member->role;
    to.int2(static_cast<std::int16_t>(role ? static_cast<int>(*entry.member->role) : 0));
  });
  const auto changes = [](const NewEntry& entry) { return entry.settings ? *entry.settings : RoomChange{}; };
  each(Oid::bytes, [&](const Effect&, const NewEntry& entry, Params& to) {
    const RoomChange change = changes(entry);
    change.title ? to.bytes(*change.title) : to.null();
  });
  each(Oid::int2, [&](const Effect&, const NewEntry& entry, Params& to) {
    const RoomChange change = changes(entry);
    change.visibility ? to.int2(static_cast<std::int16_t>(*change.visibility)) : to.null();
  });
  each(Oid::int2, [&](const Effect&, const NewEntry& entry, Params& to) {
    const RoomChange change = changes(entry);
    change.keep ? to.int2(static_cast<std::int16_t>(*change.keep)) : to.null();
  });
}

void AppendCall::encode_mqtt(Params& out) const {
  const bool expires = std::any_of(rows_.begin(), rows_.end(), [&](const Row& row) { return batch_[row.index].expires != 0; });
  out.array(Oid::int8, expires ? rows_.size() : 0, [&](std::size_t i, Params& to) { to.int8(entry(i).expires); });
  const auto each = [&](Oid type, auto add) {
    out.array(type, mqtt_.size(), [&](std::size_t i, Params& to) { add(entry(static_cast<std::size_t>(mqtt_[i] - 1)), to); });
  };
  out.array(Oid::int4, mqtt_.size(), [&](std::size_t i, Params& to) { to.int4(mqtt_[i]); });
  each(Oid::int8, [](const NewEntry& entry, Params& to) { to.int8(entry.inbound ? entry.inbound->session.id : 0); });
  each(Oid::int8, [](const NewEntry& entry, Params& to) {
    to.int8(entry.inbound ? static_cast<std::int64_t>(entry.inbound->session.generation) : 0);
  });
  each(Oid::int4, [](const NewEntry& entry, Params& to) { to.int4(entry.inbound ? entry.inbound->packet_id : 0); });
  each(Oid::int8, [](const NewEntry& entry, Params& to) { to.int8(entry.will); });
  each(Oid::boolean, [](const NewEntry& entry, Params& to) { to.boolean(entry.retain); });
}

// Every entry was appended: its number follows from the head before and its place in the batch.
void AppendCall::read_plain(const Rows& rows) {
  const auto befores = rows.integers(0, 1);
  const auto messages = rows.integers(0, 2);
  const auto times = rows.integers(0, 3);
  for (const Row& row : rows_) {
    const auto room = static_cast<std::size_t>(row.place - 1);
    results_[row.index] = Appended{static_cast<Seq>(befores[room] + row.nth), std::max(times[room], now_),
                                   static_cast<std::uint64_t>(messages[room] + row.counted), false};
  }
}

void AppendCall::read_each(const Rows& rows) {
  const auto codes = rows.integers(0, 4);
  const auto seqs = rows.integers(0, 5);
  const auto times = rows.integers(0, 6);
  const auto messages = rows.integers(0, 7);
  const auto reasons = rows.texts(0, 8);
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    results_[rows_[i].index] = judge(static_cast<Verdict>(codes[i]),
                                     {static_cast<Seq>(seqs[i]), times[i], static_cast<std::uint64_t>(messages[i]), false},
                                     i < reasons.size() ? reasons[i] : std::string());
  }
}

Result<Appended> AppendCall::judge(Verdict verdict, Appended appended, const std::string& reason) const {
  switch (verdict) {
    case Verdict::appended:
    case Verdict::appended_before:
      return appended;
    case Verdict::duplicate:
      appended.duplicate = true;
      return appended;
    case Verdict::conflict:
      return {Code::conflict, "this cid was used for another entry"};
    case Verdict::no_room:
      return {Code::not_found, "no such room"};
    case Verdict::no_target:
      return {Code::not_found, "no such message"};
    case Verdict::foreign_target:
      return {Code::forbidden, "the message is another user's"};
    case Verdict::session_lost:
      return {Code::conflict, std::string(session_lost_message)};
    case Verdict::will_gone:
      return {Code::conflict, "the will is gone: fired or taken back"};
    case Verdict::refused:
      break;
  }
  return {Code::internal, "the store refused the entry: " + reason};
}

}  // namespace

EntryKeys::EntryKeys() : prefix_(8, '\0') { randombytes_buf(prefix_.data(), prefix_.size()); }

std::string EntryKeys::next() {
  std::string key = prefix_;
  const std::uint64_t number = ++count_;
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> static_cast<unsigned>(shift));
  return key;
}

std::unique_ptr<Call> make_append(const AppendContext& context, EntryKeys& keys, std::vector<NewEntry> batch, UnixMs now,
                                  Reply<std::vector<Result<Appended>>>& done, std::vector<Result<Appended>>& results) {
  std::vector<Result<Appended>> open(batch.size(), Result<Appended>(Appended{}));
  auto call = std::make_unique<AppendCall>(context, keys, std::move(batch), now, std::move(open));
  if (call->empty()) {
    results = std::move(call->results());
    return nullptr;
  }
  call->set_done(std::move(done));
  return call;
}

}  // namespace parley::postgres
